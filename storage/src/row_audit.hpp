#pragma once

#include <vector>

#include "catalog.hpp"
#include "rill/table_rules.hpp"
#include "text/cells.hpp"

namespace rill::storage {

/// A row's values held against its entries.
struct RowAudit {
  /// What the entries show, as the table can hold it.
  ShownRow shown;
  /// The captured columns in which the table shows something else. Numbers of equal value count as
  /// equal, since the column's affinity decides how they are kept. Columns whose custom rule is not
  /// registered are not judged.
  std::vector<ColumnId> unexplained;
};

RowAudit audit(const Table& table, const RowState& state, const std::vector<Value>& values,
               TextCells& cells);

}  // namespace rill::storage
