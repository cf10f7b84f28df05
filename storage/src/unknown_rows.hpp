#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog.hpp"
#include "rill/delta.hpp"
#include "rill/row_state.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// A row of a table that this file's schema lacks: kept whole, forwarded, and adopted when the
/// table is replicated here. Its columns are numbered by a list of its own.
struct UnknownRow {
  std::string table;
  std::string key;
  std::vector<DeltaColumn> columns;
  RowState state;
};

/// The names and kinds of a table's columns, in the order of their ids.
std::vector<DeltaColumn> delta_columns(const Table& table);

/// The row as kept, or an empty one.
UnknownRow load_unknown(sqlite::Connection& connection, std::string_view table,
                        std::string_view key);
/// Reads columns name, key, columns, state of a result row from `first` on.
UnknownRow read_unknown(sqlite::Statement& row, int first);
void store_unknown(sqlite::Connection& connection, const UnknownRow& row, std::int64_t seq);

/// The row's numbers of `columns`, in their order; new ones are added to the row's list.
std::vector<ColumnId> number_columns(UnknownRow& row, const std::vector<DeltaColumn>& columns);

}  // namespace rill::storage
