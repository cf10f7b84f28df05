#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "oracle/history.hpp"
#include "oracle/naive_editor.hpp"
#include "oracle/script.hpp"

namespace oracle {

/// Reads a transaction's SQL as its author means it: what each statement changes of what the author
/// sees, taken down as operations of the history's newest event.
///
/// The history must outlive it and take no other event meanwhile.
class Author {
 public:
  /// Adds `event`, whose past is what the author has seen.
  Author(History& history, Event event, bool current_schema);

  /// Runs one statement. False if it fails; then it has left nothing.
  bool run(const Statement& statement);
  /// Writes what the column shows as a new value, whether or not it differs. A text that is shown
  /// stays, and is said to be the only one.
  void rewrite(std::size_t table, std::size_t key, std::size_t column);

  /// Writes an editor's edits. False if it has none, or if they cannot be written, for the reason
  /// that `caught_up` gives then.
  bool save(NaiveEditor& editor, CatchUp& caught_up);

  [[nodiscard]] RowView view(std::size_t table, std::size_t key) const;
  /// The operations so far, to come back to.
  [[nodiscard]] const std::vector<Operation>& operations() const;
  void restore(std::vector<Operation> operations);
  [[nodiscard]] std::size_t event() const { return event_; }

 private:
  bool insert(const Statement& statement);
  bool update(const Statement& statement);
  bool move(const Statement& statement);
  void add_insert(std::size_t table, std::size_t key, std::vector<Content> values);
  void add_update(std::size_t table, std::size_t key, const RowView& before,
                  const std::vector<Content>& after);
  void add_erase(std::size_t table, std::size_t key);
  /// The row's values after `inputs`; false if one is refused. `begins`: the row is an inserted one
  /// then.
  bool assign(std::size_t table, const std::map<std::size_t, Input>& inputs, bool begins,
              std::vector<Content>& values) const;
  /// What an expression makes of a text: it is about characters, also where they are not UTF-8.
  static Cell changed_text(const Cell& before, const Input& input);
  /// The characters that this event has inserted into and erased from a text.
  [[nodiscard]] NaiveOp done_to(const NaiveEditor& editor, std::size_t target) const;
  /// What a write of `after` to a column of texts means; nothing: it settles which is shown.
  [[nodiscard]] Write write_text(std::size_t table, std::size_t key, std::size_t column,
                                 const ColumnView& before, const std::optional<Cell>& after) const;
  [[nodiscard]] bool knows(const Table& table, std::size_t column) const;

  History& history_;
  bool current_schema_;
  std::size_t event_;
  EventSet visible_;
};

}  // namespace oracle
