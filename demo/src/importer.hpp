#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "file_walk.hpp"
#include "notes_store.hpp"

namespace notes {

/// A larger file is no note.
inline constexpr std::size_t kMaxImportBytes = std::size_t{8} << 20U;

struct ImportSummary {
  std::size_t added = 0;
  std::size_t updated = 0;
  std::map<SkipReason, std::size_t> skipped;
};

/// Makes notes from files, one each. A file that was imported before is not imported again: if it
/// has changed, its note follows, unless the note was edited or deleted in the meantime.
///
/// Notes are written in transactions of some dozens, so that other writers get their turn, each
/// batch travels as one event, and what was done stays done if the import is cut short.
class Importer {
 public:
  /// `done` of `total` files.
  using OnProgress = std::function<void(std::size_t done, std::size_t total)>;
  using OnSkip = std::function<void(const SkippedPath&)>;

  /// New notes get `tags`. Either function may be empty.
  Importer(NotesStore& store, std::vector<std::string> tags, OnProgress on_progress,
           OnSkip on_skip);

  /// Throws `Failure` if `root` does not exist.
  ImportSummary run(const std::filesystem::path& root);

 private:
  struct Document {
    std::filesystem::path path;
    std::string text;
    std::int64_t content_hash = 0;
  };

  /// Reads a file into the batch, or skips it.
  void take(const std::filesystem::path& path);
  void write_batch();
  void write(const Document& document);
  void update(const Document& document, const ImportedFile& before);
  void skip(const std::filesystem::path& path, SkipReason reason);

  NotesStore& store_;
  std::vector<std::string> tags_;
  OnProgress on_progress_;
  OnSkip on_skip_;
  std::vector<Document> batch_;
  std::size_t batch_bytes_ = 0;
  ImportSummary summary_;
};

}  // namespace notes
