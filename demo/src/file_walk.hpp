#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace notes {

/// Why a file did not become a note.
enum class SkipReason : std::uint8_t {
  compressed,
  symbolic_link,
  unreadable,
  empty,
  binary,
  too_large,
  unchanged,  ///< Imported before, and the same since.
  edited,     ///< Changed since it was imported, but so was the note: the user's text stays.
  deleted,    ///< Changed since it was imported, but the user deleted the note.
};

/// As it stands after a number: "3 compressed".
std::string_view to_string(SkipReason reason) noexcept;

struct SkippedPath {
  std::filesystem::path path;
  SkipReason reason = SkipReason::unreadable;
};

/// What a walk found, each in the order of its path's bytes.
struct FileWalk {
  std::vector<std::filesystem::path> files;
  std::vector<SkippedPath> skipped;
};

/// Whether a file of this name is documentation: .txt, .md, README*, copyright, in any case.
bool is_document_name(std::string_view name);

/// Finds the documents at and below `root`, which must exist. Symbolic links below it are not
/// followed, so the walk ends and stays inside. A root that is a file counts as a document by any
/// name.
FileWalk find_documents(const std::filesystem::path& root);

}  // namespace notes
