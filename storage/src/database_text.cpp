#include <utility>

#include "database_implementation.hpp"
#include "rill/error.hpp"
#include "rill/text_edit.hpp"
#include "text/editor.hpp"

namespace rill {

void Database::Implementation::refresh(storage::TextEditor& editor) {
  const auto catch_up = [&](sqlite::Connection& connection, storage::Interner& interner,
                            const storage::Catalog& catalog) {
    const ReplicaId author = interner.id(storage::ClockRow::read(connection).replica);
    editor.catch_up({connection, interner, catalog}, author);
  };
  if (!reads_own_writes()) {
    const storage::ReaderLease reader = readers_->snapshot();
    return catch_up(reader->connection, reader->interner, *reader->catalog);
  }
  const AppLock lock(*this);
  check_transaction();
  refresh_catalog();
  catch_up(app_, app_capture_->interner(), *app_capture_->catalog());
}

void Database::Implementation::commit(storage::TextEditor& editor) {
  const AppLock lock(*this);
  check_transaction();
  app_capture_->take_error();
  try {
    refresh_catalog();
    editor.commit(app_, *app_capture_);
  } catch (const Error& error) {
    rethrow(error);
  }
}

struct TextEdit::State {
  Database::Implementation& database;
  storage::TextEditor editor;

  TextDocument& document() { return editor.document(); }
};

TextEdit Database::edit_text(std::string_view table, const std::vector<Value>& key,
                             std::string_view column) {
  auto state = std::make_unique<TextEdit::State>(TextEdit::State{
      *implementation_, storage::TextEditor(std::string(table), key, std::string(column))});
  implementation_->refresh(state->editor);
  return TextEdit(std::move(state));
}

TextEdit::TextEdit(std::unique_ptr<State> state) : state_(std::move(state)) {}
TextEdit::~TextEdit() = default;
TextEdit::TextEdit(TextEdit&& other) noexcept = default;
TextEdit& TextEdit::operator=(TextEdit&& other) noexcept = default;

std::string TextEdit::text() const { return state_->document().text(); }

std::string TextEdit::text(std::size_t position, std::size_t length) const {
  return state_->document().text(position, length);
}

std::size_t TextEdit::length(TextUnit unit) const noexcept {
  return state_->document().length(unit);
}

std::size_t TextEdit::convert(std::size_t position, TextUnit from, TextUnit to) const {
  return state_->document().convert(position, from, to);
}

void TextEdit::insert(std::size_t position, std::string_view text, TextUnit unit) {
  state_->document().insert(position, text, unit);
}

void TextEdit::erase(std::size_t position, std::size_t length, TextUnit unit) {
  state_->document().erase(position, length, unit);
}

std::vector<TextChange> TextEdit::assign(std::string_view text) {
  return state_->document().assign(text);
}

bool TextEdit::has_edits() const noexcept { return state_->editor.has_edits(); }

std::vector<TextChange> TextEdit::commit() {
  if (!has_edits()) return refresh();
  state_->database.commit(state_->editor);
  return state_->editor.take_changes();
}

std::vector<TextChange> TextEdit::refresh() {
  state_->database.refresh(state_->editor);
  return state_->editor.take_changes();
}

void TextEdit::begin_undo_step() { state_->document().begin_undo_step(); }
std::vector<TextChange> TextEdit::undo() { return state_->document().undo(); }
std::vector<TextChange> TextEdit::redo() { return state_->document().redo(); }

TextAnchor TextEdit::anchor(std::size_t position) const {
  return state_->document().anchor(position);
}

std::size_t TextEdit::position_of(const TextAnchor& anchor) const {
  return state_->document().position_of(anchor);
}

}  // namespace rill
