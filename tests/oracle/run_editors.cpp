#include <algorithm>
#include <string>
#include <utility>

#include "oracle/run.hpp"
#include "rill/error.hpp"
#include "support/texts.hpp"

// Editors, which may be behind their database, and of which several may be open on one text.

namespace oracle {
namespace {

/// What the library says where `caught_up` is all that an editor can do.
std::optional<rill::ErrorCode> error_of(CatchUp caught_up) {
  switch (caught_up) {
    case CatchUp::no_row:
      return rill::ErrorCode::not_found;
    case CatchUp::no_text:
      return rill::ErrorCode::bad_value;
    case CatchUp::another:
      return rill::ErrorCode::causality_gap;
    default:
      return std::nullopt;
  }
}

/// Calls `act`; expects that it fails as it must.
template <typename Act>
void expect_outcome(CatchUp caught_up, const Act& act) {
  const auto expected = error_of(caught_up);
  try {
    act();
  } catch (const rill::Error& error) {
    if (expected == error.code()) return;
    throw Mismatch(std::string("an editor failed: ") + error.what());
  }
  if (expected) {
    throw Mismatch("an editor did not fail with " + std::string(rill::to_string(*expected)));
  }
}

}  // namespace

void Run::compare(const Editor& editor, const std::string& before,
                  const std::vector<rill::TextChange>& changes) const {
  const std::string expected = editor.naive.text();
  if (editor.edit.has_edits() != editor.naive.has_edits()) {
    throw Mismatch("an editor is wrong about whether it has edits");
  }
  if (editor.edit.text() != expected) {
    throw Mismatch("an editor shows\n    '" + editor.edit.text() + "'\n  expected\n    '" +
                   expected + "'");
  }
  if (rill::test::changed(before, changes) != expected) {
    throw Mismatch("an editor tells changes that lead to '" + rill::test::changed(before, changes) +
                   "' and shows '" + expected + "'");
  }
}

void Run::open_editor(const Step& step) {
  Site& site = *sites_[step.replica];
  const Table& table = plan_.shape.tables[step.table];
  const Column& column = table.columns[step.column];
  if (!knows(site.current_schema(), table, column)) return;
  NaiveEditor naive(step.table, step.key, step.column, site.id());
  const CatchUp caught_up =
      naive.catch_up(history_, history_.row(step.table, step.key, seen_[step.replica]));
  std::vector<rill::Value> key;
  for (const Cell& cell : keys_.cells(table, step.key)) key.push_back(value_of(cell));
  auto& editor = editors_[step.replica].at(step.slot);
  editor.reset();
  expect_outcome(caught_up, [&] {
    rill::TextEdit edit = site.database().edit_text(table.name, key, column.name);
    editor.emplace(Editor{std::move(edit), std::move(naive)});
    compare(*editor, editor->naive.text(), {});
  });
}

void Run::type(const Step& step) {
  auto& editor = editors_[step.replica].at(step.slot);
  if (!editor) return;
  for (const Typing& typing : step.typed) {
    const std::size_t length = editor->naive.length();
    const std::size_t position = typing.position % (length + 1);
    const std::size_t erased = std::min(typing.erased, length - position);
    editor->edit.erase(position, erased);
    editor->naive.erase(position, erased);
    editor->edit.insert(position, typing.inserted);
    editor->naive.insert(position, typing.inserted);
  }
  compare(*editor, editor->naive.text(), {});
}

bool Run::save(std::size_t replica, std::size_t slot, Author& author) {
  auto& editor = editors_[replica].at(slot);
  if (!editor) return false;
  const std::string before = editor->naive.text();
  CatchUp caught_up{};
  const bool saved = author.save(editor->naive, caught_up);
  std::vector<rill::TextChange> changes;
  expect_outcome(caught_up, [&] { changes = editor->edit.commit(); });
  if (saved) ++statistics_.saves;
  if (caught_up != CatchUp::done) ++statistics_.lost_saves;
  compare(*editor, before, changes);
  return saved;
}

void Run::save(const Step& step) {
  if (!editors_[step.replica].at(step.slot)) return;
  Author author = begin(step.replica);
  const bool saved = save(step.replica, step.slot, author);
  commit(step.replica, author, !saved);
  check_tables(step.replica);
}

void Run::refresh(std::size_t replica, std::size_t slot) {
  auto& editor = editors_[replica].at(slot);
  if (!editor) return;
  const std::string before = editor->edit.text();
  NaiveEditor& naive = editor->naive;
  const RowView row = history_.row(naive.table, naive.key, seen_[replica]);
  std::vector<rill::TextChange> changes;
  expect_outcome(naive.catch_up(history_, row), [&] { changes = editor->edit.refresh(); });
  compare(*editor, before, changes);
}

void Run::refresh_saved(const Step& step) {
  for (const Block& block : step.blocks) {
    for (const Statement& statement : block.statements) {
      if (statement.kind == Statement::Kind::save) refresh(step.replica, statement.target);
    }
  }
}

}  // namespace oracle
