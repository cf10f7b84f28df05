#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "application.hpp"
#include "network.hpp"

/// The commands, one function each. They print to standard output and throw `rill::Error` or
/// `Failure`. Tags in their options are single lines and not empty.
namespace notes {

struct AddOptions {
  std::optional<std::string> title;
  /// "-" reads standard input.
  std::optional<std::string> body;
  std::vector<std::string> tags;
};
void add_note(Application& application, const AddOptions& options);

struct ListOptions {
  NoteFilter filter;
  /// 0 means all.
  std::size_t limit = 20;
};
void list_notes(Application& application, const ListOptions& options);

struct ShowOptions {
  std::string id;
};
void show_note(Application& application, const ShowOptions& options);

struct EditOptions {
  std::string id;
  NoteEdit edit;
};
void edit_note(Application& application, const EditOptions& options);

struct TagOptions {
  std::string id;
  std::vector<std::string> tags;
};
void tag_note(Application& application, const TagOptions& options);
void untag_note(Application& application, const TagOptions& options);

struct DeleteOptions {
  std::string id;
};
void delete_note(Application& application, const DeleteOptions& options);

struct SearchOptions {
  std::vector<std::string> words;
  std::size_t limit = 10;
};
void search_notes(Application& application, const SearchOptions& options);

struct ImportOptions {
  std::filesystem::path root;
  std::vector<std::string> tags;
  /// Name every file that is left out.
  bool verbose = false;
};
void import_files(Application& application, const ImportOptions& options);

void list_conflicts(Application& application);

struct ResolveOptions {
  std::string id;
  std::string column;
  /// What to write; without it, and without `take`, the shown value stays.
  std::optional<std::string> value;
  /// The number of a value not shown, as `list_conflicts` numbers them.
  std::optional<std::size_t> take;
};
void resolve_conflict(Application& application, const ResolveOptions& options);

void show_status(Application& application);
void show_digest(Application& application);
/// Prints what is not as it should be in the file, and fails if anything is.
void check_database(Application& application);
void rebuild_search(Application& application);

struct InviteOptions {
  NetworkOptions network;
  std::string role = "writer";
  /// A link and a QR code instead of a code.
  bool link = false;
  /// Let in whoever comes with it, without asking.
  bool yes = false;
};
void invite(Application& application, const InviteOptions& options);

struct JoinOptions {
  NetworkOptions network;
  /// The code, perhaps in several words, or the link.
  std::vector<std::string> code;
  /// Where the inviter is; empty: somewhere in this network.
  std::string address;
};
void join(Application& application, const JoinOptions& options);

void list_devices(Application& application, const NetworkOptions& options);

struct RevokeOptions {
  NetworkOptions network;
  /// Its name, or the beginning of its fingerprint.
  std::string device;
};
void revoke(Application& application, const RevokeOptions& options);

void leave(Application& application, const NetworkOptions& options);

struct SyncOptions {
  NetworkOptions network;
  /// Where members may be, beside those that are found.
  std::vector<std::string> addresses;
  unsigned timeout_s = 60;
};
void sync_once(Application& application, const SyncOptions& options);

struct RunOptions {
  NetworkOptions network;
  /// Where members may be, beside those that are found.
  std::vector<std::string> addresses;
};
void run(Application& application, const RunOptions& options);

void watch(Application& application);

}  // namespace notes
