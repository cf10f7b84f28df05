#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rill/row_state.hpp"
#include "rill/rule.hpp"
#include "rill/value.hpp"

namespace rill {

/// A column as the rules see it.
struct ColumnRules {
  /// The column's name.
  std::string name;
  /// How it merges; of the right kind but without more for a column that is not known.
  Rule rule;
  /// The constant default of the app's schema; NULL for none and for expressions.
  Value default_value;
  /// False for a column that this replica's schema lacks: its entries are joined and forwarded, not
  /// shown.
  bool known = true;
};

/// How one table merges. A column's id is its index in `columns`.
struct TableRules {
  /// The table's name.
  std::string name;
  /// What becomes of a delete concurrent with an edit.
  DeletePolicy delete_policy = DeletePolicy::update_wins;
  /// Settles whole rows, where there is one.
  std::optional<RowRule> row_rule;
  /// By column id; the primary key is not among them.
  std::vector<ColumnRules> columns;
};

/// A row as the app sees it.
struct ShownRow {
  /// Whether the row stands in the table.
  bool alive = false;
  /// By column id; a column that is not known stays NULL. Filled for dead rows, too.
  std::vector<Value> values;
  /// What the rules could not do.
  std::vector<RuleProblem> problems;
};

/// The row that `state` shows: by the row rule where there is one and versions are concurrent, by
/// each column's rule otherwise.
ShownRow show(const TableRules& rules, const RowState& state, bool check_purity = false);

/// A value that several devices wrote concurrently, with the losers kept.
struct ColumnConflict {
  /// The column concerned.
  ColumnId column = 0;
  /// What the table shows.
  Value shown;
  /// The siblings other than the shown one, in dot order; where the shown value is the result of a
  /// function or of `multi_value`, those that differ from it.
  std::vector<Sibling> others;
};

/// The known register columns of `state` that hold several siblings, by ascending id. A column
/// whose siblings all equal a custom rule's result is none.
std::vector<ColumnConflict> conflicts(const TableRules& rules, const RowState& state);

}  // namespace rill
