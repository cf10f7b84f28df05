#include "oracle/naive_editor.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "support/unicode.hpp"

namespace oracle {

using rill::test::to_code_points;
using rill::test::to_utf8;

namespace {

/// The same edits, with `name(id)` in place of each id.
template <typename Name>
NaiveOp renamed(NaiveOp edits, Name name) {
  for (NaiveCharacter& character : edits.inserted) {
    character.id = name(character.id);
    if (character.parent) character.parent = name(*character.parent);
    if (character.right_origin) character.right_origin = name(*character.right_origin);
  }
  for (TextId& id : edits.erased) id = name(id);
  return edits;
}

/// The same edits, where `author` has typed what `before` had.
NaiveOp of_author(NaiveOp edits, const rill::ReplicaId& before, const rill::ReplicaId& author) {
  return renamed(std::move(edits), [&](const TextId& id) {
    return id.replica == before ? TextId{author, id.number} : id;
  });
}

/// The same edits, where the characters that they insert are the author's next ones in `text`.
NaiveOp renumbered(const NaiveOp& edits, const NaiveText& text) {
  std::map<TextId, TextId> names;
  std::uint32_t last = text.written();
  for (const NaiveCharacter& character : edits.inserted) {
    names[character.id] = {character.id.replica, ++last};
  }
  return renamed(edits, [&](const TextId& id) {
    const auto found = names.find(id);
    return found != names.end() ? found->second : id;
  });
}

}  // namespace

NaiveEditor::NaiveEditor(std::size_t table_index, std::size_t key_number, std::size_t column_index,
                         const std::array<std::uint8_t, 16>& replica)
    : table(table_index),
      key(key_number),
      column(column_index),
      replica_(replica),
      text_(rill::ReplicaId{replica}) {}

std::string NaiveEditor::text() const { return to_utf8(text_.text()); }

void NaiveEditor::insert(std::size_t position, std::string_view inserted) {
  text_.insert(position, to_code_points(inserted));
  note_edits();
}

void NaiveEditor::erase(std::size_t position, std::size_t length) {
  text_.erase(position, length);
  note_edits();
}

void NaiveEditor::note_edits() {
  NaiveOp more = text_.commit();
  std::move(more.inserted.begin(), more.inserted.end(), std::back_inserter(edits_.inserted));
  std::move(more.erased.begin(), more.erased.end(), std::back_inserter(edits_.erased));
}

bool NaiveEditor::has_edits() const { return !edits_.inserted.empty() || !edits_.erased.empty(); }

CatchUp NaiveEditor::catch_up(const History& history, const RowView& row) {
  if (!row.alive) return CatchUp::no_row;
  const ColumnView& view = row.columns[column];
  if (!is_text(view.shown.scalar)) return CatchUp::no_text;
  Identity identity;
  // A column without texts shows its default, which nobody has typed.
  SharedText shared{{}, text_of(view.shown.scalar), {}};
  if (view.picked) {
    const Event& event = history.event(*view.picked);
    identity.replica = event.replica;
    identity.counter = event.counter;
    shared = std::find_if(view.siblings.begin(), view.siblings.end(), [&](const auto& sibling) {
               return sibling.event == *view.picked;
             })->text;
  }
  identity.typed = shared.typed;
  identity.edited = !shared.operations.empty();
  if (has_edits() && !identity.is_same(identity_)) return CatchUp::another;
  NaiveText text = history.texts().open(shared, rill::ReplicaId{replica_});
  edits_ = renumbered(edits_, text);
  text.apply(edits_);
  text_ = std::move(text);
  identity_ = std::move(identity);
  return CatchUp::done;
}

NaiveOp NaiveEditor::take(const rill::ReplicaId& author) {
  return of_author(std::exchange(edits_, {}), rill::ReplicaId{replica_}, author);
}

void NaiveEditor::write_as(const std::array<std::uint8_t, 16>& replica) {
  edits_ = of_author(std::move(edits_), rill::ReplicaId{replica_}, rill::ReplicaId{replica});
  replica_ = replica;
}

}  // namespace oracle
