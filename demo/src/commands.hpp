#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "application.hpp"

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
void rebuild_search(Application& application);

struct SyncOptions {
  std::string peer;
  /// What the peer may call this device.
  std::string name;
};
void sync_once(Application& application, const SyncOptions& options);

struct ServeOptions {
  std::uint16_t port = 0;
  std::string address = "127.0.0.1";
  std::string name;
};
void serve(Application& application, const ServeOptions& options);

struct WatchOptions {
  /// Serve on this port, too.
  std::optional<std::uint16_t> port;
  /// Stay connected to this peer, too.
  std::optional<std::string> peer;
  std::string address = "127.0.0.1";
  std::string name;
};
void watch(Application& application, const WatchOptions& options);

}  // namespace notes
