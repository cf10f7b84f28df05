#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rill/text_document.hpp"

namespace rill {

/// One `text()` column of one row, open in an editor.
///
/// Edits show at once and stand in memory; `commit` writes those since the last one to the
/// database: one small row beside the column itself. What others did meanwhile, other devices,
/// other editors and `UPDATE`s of this one, comes back from `commit` and from `refresh` as changes
/// of positions, so that a cursor stays where it was.
///
///     rill::TextEdit edit = db.edit_text("notes", id, "body");
///     edit.insert(edit.length(), " and bread");
///     edit.commit();
///     // Later, when `Database::observe` tells of a change of the row:
///     for (const rill::TextChange& change : edit.refresh()) view.replace(change);
///
/// An editor that was told of these changes shows what `text` gives. A `commit` inside
/// `Database::transaction` belongs to that transaction: after a rollback, `refresh` takes its edits
/// back. Call it before editing on: an edit beside one that is gone has no place.
///
/// Positions and lengths are those of `TextDocument`, and so are the errors of editing. Beyond
/// these `commit` and `refresh` throw `Error`: `not_found` if the row is gone, `bad_value` if the
/// column holds no text any more, `causality_gap` if the text that the edits are of is gone
/// (another was inserted in its place, or the one it goes on from was rolled back), `too_large`,
/// and what SQL throws. Edits that could not be written stay, and the next `commit` tries again.
///
/// Thread safety: one user at a time; several may be open on one text, in any threads. The
/// `Database` must outlive it.
class TextEdit {
 public:
  /// Forgets edits that were not committed.
  ~TextEdit();
  /// Takes over another editor's text; that one may only be assigned to or destroyed then.
  TextEdit(TextEdit&& other) noexcept;
  /// The same, in place of this editor's own.
  TextEdit& operator=(TextEdit&& other) noexcept;
  TextEdit(const TextEdit&) = delete;
  TextEdit& operator=(const TextEdit&) = delete;

  /// All of the text, edits that are not committed included.
  [[nodiscard]] std::string text() const;
  /// `length` code points from `position` on.
  [[nodiscard]] std::string text(std::size_t position, std::size_t length) const;
  /// How long it is.
  [[nodiscard]] std::size_t length(TextUnit unit = TextUnit::code_points) const noexcept;
  /// The same place in another unit.
  [[nodiscard]] std::size_t convert(std::size_t position, TextUnit from, TextUnit to) const;

  /// Inserts UTF-8 at a position.
  void insert(std::size_t position, std::string_view text, TextUnit unit = TextUnit::code_points);
  /// Erases `length` units from `position` on.
  void erase(std::size_t position, std::size_t length, TextUnit unit = TextUnit::code_points);
  /// Makes the text equal to `text` by few edits, and returns them.
  std::vector<TextChange> assign(std::string_view text);
  /// Whether there are edits that `commit` has not written.
  [[nodiscard]] bool has_edits() const noexcept;

  /// Writes the edits since the last call, and brings in what others did. Returns the changes that
  /// these make to the text. Without edits it is `refresh`.
  std::vector<TextChange> commit();
  /// Brings in what others did, and returns the changes that these make to the text. Edits that
  /// are not committed stay.
  [[nodiscard]] std::vector<TextChange> refresh();

  /// Edits from here on are undone by a step of their own.
  void begin_undo_step();
  /// Takes back the last step's edits, and nobody else's; see `TextDocument::undo`. Steps from
  /// before an edit of this device by other means are not kept.
  std::vector<TextChange> undo();
  /// Takes back the last `undo`, unless something was edited since.
  std::vector<TextChange> redo();

  /// The place at `position`, in code points. It holds across commits and closing: an app may keep
  /// it for a comment.
  [[nodiscard]] TextAnchor anchor(std::size_t position) const;
  /// Where the place is now, in code points. Throws `not_found` if its character is not known here.
  [[nodiscard]] std::size_t position_of(const TextAnchor& anchor) const;

 private:
  friend class Database;
  struct State;
  explicit TextEdit(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace rill
