#include "importer.hpp"

#include <system_error>
#include <utility>

#include "encoding.hpp"
#include "failure.hpp"
#include "files.hpp"
#include "text.hpp"

namespace notes {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatchDocuments = 64;
constexpr std::size_t kBatchBytes = std::size_t{1} << 20U;

/// FNV-1a, 64 bits: tells whether a file is the one that was imported. Nothing hangs on it but
/// that.
std::int64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char byte : text) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3ULL;
  }
  return static_cast<std::int64_t>(hash);
}

std::string title_for(const std::string& text, const fs::path& path) {
  std::string title = title_of(text);
  return title.empty() ? one_line(path.filename().string()) : title;
}

}  // namespace

Importer::Importer(NotesStore& store, std::vector<std::string> tags, OnProgress on_progress,
                   OnSkip on_skip)
    : store_(store),
      tags_(std::move(tags)),
      on_progress_(std::move(on_progress)),
      on_skip_(std::move(on_skip)) {}

ImportSummary Importer::run(const fs::path& root) {
  std::error_code error;
  const fs::path start = fs::canonical(root, error);
  if (error) {
    throw Failure("cannot import '" + one_line(root.string()) + "': " + error.message());
  }
  const FileWalk walk = find_documents(start);
  for (const SkippedPath& skipped : walk.skipped) skip(skipped.path, skipped.reason);
  std::size_t done = 0;
  for (const fs::path& path : walk.files) {
    take(path);
    if (batch_.size() >= kBatchDocuments || batch_bytes_ >= kBatchBytes) write_batch();
    if (on_progress_) on_progress_(++done, walk.files.size());
  }
  write_batch();
  return std::move(summary_);
}

void Importer::take(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) return skip(path, SkipReason::unreadable);
  if (size > kMaxImportBytes) return skip(path, SkipReason::too_large);
  std::string bytes;
  try {
    bytes = read_file(path);
  } catch (const Failure&) {
    return skip(path, SkipReason::unreadable);
  }
  auto decoded = decode_text(bytes);
  if (!decoded) return skip(path, SkipReason::binary);
  if (trimmed(decoded->text).empty()) return skip(path, SkipReason::empty);
  const std::int64_t hash = hash_of(decoded->text);
  batch_bytes_ += decoded->text.size();
  batch_.push_back({path, std::move(decoded->text), hash});
}

void Importer::write_batch() {
  // Read first and written together: nobody waits for a slow disk behind SQLite's lock.
  store_.database().transaction([this] {
    for (const Document& document : batch_) write(document);
  });
  batch_.clear();
  batch_bytes_ = 0;
}

void Importer::write(const Document& document) {
  if (const auto before = store_.imported_file(document.path.string())) {
    return update(document, *before);
  }
  const std::string id = store_.add(
      {.title = title_for(document.text, document.path), .body = document.text, .tags = tags_});
  store_.remember_import({document.path.string(), document.content_hash, id});
  ++summary_.added;
}

void Importer::update(const Document& document, const ImportedFile& before) {
  if (before.content_hash == document.content_hash) {
    return skip(document.path, SkipReason::unchanged);
  }
  const auto note = store_.find(before.note);
  if (!note) return skip(document.path, SkipReason::deleted);
  if (hash_of(note->body) != before.content_hash) return skip(document.path, SkipReason::edited);
  NoteEdit edit{.title = {}, .body = document.text, .status = {}};
  const bool own_title = note->title != title_for(note->body, document.path);
  if (!own_title) edit.title = title_for(document.text, document.path);
  store_.edit(before.note, edit);
  store_.remember_import({before.path, document.content_hash, before.note});
  ++summary_.updated;
}

void Importer::skip(const fs::path& path, SkipReason reason) {
  ++summary_.skipped[reason];
  if (on_skip_) on_skip_({path, reason});
}

}  // namespace notes
