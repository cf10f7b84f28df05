#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "note.hpp"
#include "rill/change_set.hpp"
#include "rill/database.hpp"
#include "rill/environment.hpp"
#include "rill/text_edit.hpp"

namespace notes {

/// The length of a note's id: 80 random bits in base 32.
inline constexpr std::size_t kIdLength = 16;
/// The shortest form in which an id is shown.
inline constexpr std::size_t kShortIdLength = 6;

/// A file that became a note on this device.
struct ImportedFile {
  std::string path;
  /// Of the text as it was imported.
  std::int64_t content_hash = 0;
  std::string note;
};

/// A device's notes: the one place that knows their SQL.
///
/// Errors: `rill::Error` from the database, `Failure` for what a user got wrong.
/// Thread safety: that of `rill::Database`.
class NotesStore {
 public:
  /// Opens the file, or creates it with its tables.
  NotesStore(const std::filesystem::path& path, std::shared_ptr<rill::WallClock> clock);

  [[nodiscard]] rill::Database& database() noexcept { return database_; }
  /// What this device holds for the present, in milliseconds since 1970.
  [[nodiscard]] std::uint64_t now_ms() { return clock_->now_ms(); }

  // Reading
  // ---------------------------------------------------------------------------------------------

  /// The id of the one note whose id begins with `prefix`. Throws `Failure` for none or several.
  std::string find_id(std::string_view prefix);
  /// How many characters of an id are enough to tell every note from the others.
  std::size_t short_id_length();
  /// Throws `Failure` if there is no such note (any more).
  Note get(const std::string& id);
  std::optional<Note> find(const std::string& id);
  /// The latest changed first; bodies are left empty. `limit` 0 means all.
  std::vector<Note> list(const NoteFilter& filter, std::size_t limit);
  std::size_t count(const NoteFilter& filter = {});
  /// Notes that hold all the words, the best first. A word that ends in `*` stands for all that
  /// begin so.
  std::vector<SearchHit> search(const std::vector<std::string>& words, std::size_t limit);
  /// Conflicts in what a person wrote: title and status. Texts merge.
  std::vector<rill::ConflictRecord> conflicts();

  // Writing
  // ---------------------------------------------------------------------------------------------

  /// Returns the new note's id.
  std::string add(const NewNote& note);
  /// Makes the note hold what `edit` says.
  EditResult edit(const std::string& id, const NoteEdit& edit);
  /// The note's text, for an edit that takes its time.
  rill::TextEdit open_body(const std::string& id);
  /// The same as `edit`, where `edit.body` was made from what `body` shows: words that others wrote
  /// since it was opened stay.
  EditResult edit(const std::string& id, const NoteEdit& edit, rill::TextEdit& body);
  void count_view(const std::string& id);
  /// Adds and removes tags; returns whether anything was different.
  bool change_tags(const std::string& id, const std::vector<std::string>& added,
                   const std::vector<std::string>& removed);
  void erase(const std::string& id);
  /// Builds the search index from the notes again.
  void rebuild_search();

  std::optional<ImportedFile> imported_file(const std::string& path);
  void remember_import(const ImportedFile& file);

 private:
  std::string new_id();

  std::shared_ptr<rill::WallClock> clock_;
  std::shared_ptr<rill::RandomSource> random_;
  rill::Database database_;
};

}  // namespace notes
