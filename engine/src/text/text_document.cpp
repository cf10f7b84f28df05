#include "rill/text_document.hpp"

#include <utility>

#include "state.hpp"

namespace rill {

TextDocument::TextDocument(const ReplicaId& author) : state_(std::make_unique<State>(author)) {}

TextDocument::TextDocument(const ReplicaId& author, std::string_view checkpoint)
    : TextDocument(author) {
  state_->load(checkpoint);
}

TextDocument::~TextDocument() = default;
TextDocument::TextDocument(TextDocument&& other) noexcept = default;
TextDocument& TextDocument::operator=(TextDocument&& other) noexcept = default;

std::string TextDocument::text() const { return state_->text(0, state_->tree.total().chars); }

std::string TextDocument::text(std::size_t position, std::size_t length) const {
  const auto [begin, count] = state_->range(position, length, TextUnit::code_points);
  return state_->text(begin, count);
}

std::size_t TextDocument::length(TextUnit unit) const noexcept {
  const fugue::Extent& total = state_->tree.total();
  if (unit == TextUnit::utf16) return total.units;
  return unit == TextUnit::bytes ? total.bytes : total.chars;
}

std::size_t TextDocument::convert(std::size_t position, TextUnit from, TextUnit to) const {
  const fugue::Extent extent = state_->tree.extent_at(position, from);
  if (to == TextUnit::utf16) return extent.units;
  return to == TextUnit::bytes ? extent.bytes : extent.chars;
}

void TextDocument::insert(std::size_t position, std::string_view text, TextUnit unit) {
  state_->insert(state_->position(position, unit), text);
}

void TextDocument::erase(std::size_t position, std::size_t length, TextUnit unit) {
  const auto [begin, count] = state_->range(position, length, unit);
  state_->erase(begin, count);
}

std::vector<TextChange> TextDocument::assign(std::string_view text) { return state_->assign(text); }

Dot TextDocument::commit() { return state_->commit(state_->authors[state_->self].counter + 1); }

Dot TextDocument::commit(std::uint64_t counter) { return state_->commit(counter); }

std::vector<TextChange> TextDocument::rebase(const TextOp& op) { return state_->rebase(op); }

bool TextDocument::has_edits() const noexcept { return !state_->pending.empty(); }

void TextDocument::begin_undo_step() {
  fugue::UndoSteps& steps = state_->steps;
  steps.recording = true;
  if (steps.done.empty() || !steps.done.back().empty()) steps.done.emplace_back();
}

std::vector<TextChange> TextDocument::undo() { return state_->undo(); }

std::vector<TextChange> TextDocument::redo() { return state_->redo(); }

const ReplicaId& TextDocument::author() const noexcept { return state_->authors[state_->self].id; }

VersionVector TextDocument::version() const { return state_->version(); }

std::vector<TextOp> TextDocument::ops_since(const VersionVector& known) const {
  return state_->ops_since(known);
}

TextOp TextDocument::op(const Dot& dot) const { return state_->op(dot); }

const VersionVector& TextDocument::history_begin() const noexcept { return state_->history_begin; }

void TextDocument::apply(const TextOp& op, std::vector<TextChange>* changes) {
  state_->apply(op.dot, op.content, changes);
}

void TextDocument::apply(const Dot& dot, std::string_view content,
                         std::vector<TextChange>* changes) {
  state_->apply(dot, content, changes);
}

std::string TextDocument::save() const { return state_->save(); }

void TextDocument::merge(std::string_view checkpoint, std::vector<TextChange>* changes) {
  state_->merge(checkpoint, changes);
}

void TextDocument::seal(const VersionVector& stable) { state_->seal(stable); }

void TextDocument::compact(const VersionVector& stable) { state_->compact(stable); }

void TextDocument::note_epochs(const Epochs& epochs) { state_->note_epochs(epochs); }

void TextDocument::rename(const Renaming& renaming) { state_->rename_authors(renaming); }

TextAnchor TextDocument::anchor(std::size_t position) const { return state_->anchor(position); }

std::size_t TextDocument::position_of(const TextAnchor& anchor) const {
  return state_->position_of(anchor);
}

void TextDocument::check() const { state_->tree.check(); }

}  // namespace rill
