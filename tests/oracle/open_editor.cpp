#include "oracle/open_editor.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "oracle/world.hpp"
#include "rill/error.hpp"
#include "support/texts.hpp"

namespace oracle {
namespace {

using rill::ErrorCode;

/// What the library says where this is all that an editor can do.
constexpr std::array kErrors{std::pair(CatchUp::no_row, ErrorCode::not_found),
                             std::pair(CatchUp::no_text, ErrorCode::bad_value),
                             std::pair(CatchUp::another, ErrorCode::causality_gap)};

std::optional<ErrorCode> error_of(CatchUp caught_up) {
  for (const auto& [outcome, code] : kErrors) {
    if (outcome == caught_up) return code;
  }
  return std::nullopt;
}

/// Whether the row or its text are to blame.
bool is_of_the_text(const rill::Error& error) {
  return std::ranges::any_of(kErrors,
                             [&](const auto& pair) { return pair.second == error.code(); });
}

/// Calls `act`; expects that it fails as it must.
template <typename Act>
void expect_outcome(CatchUp caught_up, const Act& act) {
  const auto expected = error_of(caught_up);
  try {
    act();
  } catch (const rill::Error& error) {
    if (expected == error.code()) return;
    if (!is_of_the_text(error)) throw;
    throw Mismatch(std::string("an editor failed: ") + error.what());
  }
  if (expected) {
    throw Mismatch("an editor did not fail with " + std::string(rill::to_string(*expected)));
  }
}

}  // namespace

OpenEditor::OpenEditor(rill::TextEdit edit, NaiveEditor naive)
    : edit_(std::move(edit)), naive_(std::move(naive)), view_(edit_.text()) {}

std::optional<OpenEditor> OpenEditor::open(Site& site, const ReplicaBytes& replica,
                                           const History& history, const EventSet& seen,
                                           const Step& step, const KeySpace& keys) {
  const Table& table = history.shape().tables[step.table];
  const Column& column = table.columns[step.column];
  if (!knows(site.current_schema(), table, column)) return std::nullopt;
  NaiveEditor naive(step.table, step.key, step.column, replica);
  const CatchUp caught_up = naive.catch_up(history, history.row(step.table, step.key, seen));
  std::vector<rill::Value> key;
  for (const Cell& cell : keys.cells(table, step.key)) key.push_back(value_of(cell));
  std::optional<OpenEditor> editor;
  expect_outcome(caught_up, [&] {
    rill::TextEdit edit = site.database().edit_text(table.name, key, column.name);
    editor = OpenEditor(std::move(edit), std::move(naive));
    editor->check();
  });
  return editor;
}

RowView OpenEditor::row(const History& history, const EventSet& seen) const {
  return history.row(naive_.table, naive_.key, seen);
}

void OpenEditor::follow(const std::vector<rill::TextChange>& changes) {
  view_ = rill::test::changed(view_, changes);
}

void OpenEditor::check() const {
  const std::string expected = naive_.text();
  if (edit_.has_edits() != naive_.has_edits()) {
    throw Mismatch("an editor is wrong about whether it has edits");
  }
  if (edit_.text() != expected) {
    throw Mismatch("an editor shows\n    '" + edit_.text() + "'\n  expected\n    '" + expected +
                   "'");
  }
  if (view_ != expected) {
    throw Mismatch("an editor tells changes that lead to '" + view_ + "' and shows '" + expected +
                   "'");
  }
}

void OpenEditor::type(const std::vector<Typing>& typed) {
  for (const Typing& typing : typed) {
    const std::size_t length = naive_.length();
    const std::size_t position = typing.position % (length + 1);
    const std::size_t erased = std::min(typing.erased, length - position);
    edit_.erase(position, erased);
    naive_.erase(position, erased);
    edit_.insert(position, typing.inserted);
    naive_.insert(position, typing.inserted);
    follow({{position, erased, typing.inserted}});
  }
  check();
}

bool OpenEditor::save(Author& author, CatchUp& caught_up) {
  const NaiveOp edits = naive_.edits();
  const bool saved = author.save(naive_, caught_up);
  try {
    expect_outcome(caught_up, [&] { follow(edit_.commit()); });
  } catch (const rill::Error&) {
    naive_.give_back(edits);
    throw;
  }
  return saved;
}

bool OpenEditor::refresh(const History& history, const EventSet& seen) {
  const CatchUp caught_up = naive_.catch_up(history, row(history, seen));
  expect_outcome(caught_up, [&] { follow(edit_.refresh()); });
  check();
  return caught_up == CatchUp::done;
}

bool OpenEditor::refresh_as(const ReplicaBytes& replica, const History& history,
                            const EventSet& seen) {
  try {
    follow(edit_.refresh());
  } catch (const rill::Error& error) {
    if (!is_of_the_text(error)) throw;
    const bool expected = error_of(naive_.catch_up(history, row(history, seen))) == error.code();
    const bool lost = error.code() == ErrorCode::causality_gap && naive_.has_edits();
    if (expected || lost) return false;
    throw Mismatch(std::string("an editor failed after names had changed: ") + error.what());
  }
  naive_.write_as(replica);
  if (naive_.catch_up(history, row(history, seen)) != CatchUp::done) {
    throw Mismatch("an editor went on although its text is gone");
  }
  check();
  return true;
}

}  // namespace oracle
