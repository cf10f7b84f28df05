#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "oracle/author.hpp"

// What a transaction does to texts.

namespace oracle {

Cell Author::changed_text(const Cell& before, const Input& input) {
  if (input.mode == Input::Mode::literal) return input.content.scalar;
  const std::string text = text_of(before);
  if (input.mode == Input::Mode::replace) {
    const std::string word = text_of(input.content.items.at(0));
    std::string after;
    for (std::size_t at = 0; at < text.size();) {
      const bool found = text.compare(at, word.size(), word) == 0;
      after += found ? text_of(input.content.items.at(1)) : text.substr(at, 1);
      at += found ? word.size() : 1;
    }
    return after;
  }
  std::vector<std::string> characters;
  for (const char byte : text) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    if (!continues || characters.empty()) characters.emplace_back();
    characters.back() += byte;
  }
  std::string after;
  for (std::size_t at = 0; at < characters.size() || at <= input.position; ++at) {
    if (at == input.position) after += text_of(input.content.scalar);
    const bool gone = at >= input.position && at < input.position + input.erased;
    if (at < characters.size() && !gone) after += characters[at];
  }
  return after;
}

Write Author::write_text(std::size_t table, std::size_t key, std::size_t column,
                         const ColumnView& before, const std::optional<Cell>& after) const {
  Write write;
  const auto shown_at = [&](const ColumnView& view) {
    return std::find_if(view.siblings.begin(), view.siblings.end(),
                        [&](const SiblingView& each) { return each.event == before.picked; });
  };
  const bool shows_text = before.picked && is_text(shown_at(before)->content.scalar);
  if (!shows_text || before.picked == event_) {
    write.value.scalar = after ? (is_null(*after) ? "" : *after) : before.shown.scalar;
    return write;
  }
  NaiveOp operation;
  if (after) {
    // The event tells one difference of each text: that from what stood before it.
    const Event& event = history_.event(event_);
    const RowView begin = history_.row(table, key, event.past);
    const SharedText& text = shown_at(begin.columns[column])->text;
    NaiveText open = history_.texts().open(text, author_of_event(event_));
    operation = difference(open, text_of(*after));
  }
  write.edit = {*before.picked, std::make_shared<const NaiveOp>(std::move(operation))};
  return write;
}

NaiveOp Author::done_to(const NaiveEditor& editor, std::size_t target) const {
  NaiveOp done;
  for (const Operation& operation : operations()) {
    if (operation.table != editor.table || operation.key != editor.key) continue;
    const auto write = operation.writes.find(editor.column);
    if (write == operation.writes.end() || !write->second.edit) continue;
    if (write->second.edit->target == target) done = *write->second.edit->operation;
  }
  return done;
}

bool Author::save(NaiveEditor& editor, CatchUp& caught_up) {
  const RowView row = view(editor.table, editor.key);
  caught_up = editor.catch_up(history_, row);
  if (caught_up != CatchUp::done || !editor.has_edits()) return false;
  Operation operation{Operation::Kind::update, editor.table, editor.key, {}};
  Write& write = operation.writes[editor.column];
  const auto& picked = row.columns[editor.column].picked;
  NaiveOp edits = editor.take(author_of_event(event_));
  if (!picked || picked == event_) {
    write.value.scalar = editor.text();
  } else {
    NaiveOp done = done_to(editor, *picked);
    std::move(edits.inserted.begin(), edits.inserted.end(), std::back_inserter(done.inserted));
    std::move(edits.erased.begin(), edits.erased.end(), std::back_inserter(done.erased));
    write.edit = {*picked, std::make_shared<const NaiveOp>(std::move(done))};
  }
  history_.event(event_).operations.push_back(std::move(operation));
  editor.catch_up(history_, view(editor.table, editor.key));
  return true;
}

}  // namespace oracle
