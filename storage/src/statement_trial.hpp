#pragma once

#include <string>
#include <vector>

#include "catalog.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// What a statement of a migration would do to a replicated table.
struct TableLoss {
  /// A column that would go by its name.
  struct Column {
    ColumnId id = 0;
    /// What it would be called instead; empty if it would be dropped.
    std::string new_name;
  };

  const Table* table = nullptr;
  /// The table itself would go by its name.
  bool gone = false;
  std::vector<Column> columns;
};

/// Runs `sql` and undoes it; returns the replicated tables of `catalog` that would lose something.
/// Empty if the statement fails: what is wrong shows when it is run in earnest.
std::vector<TableLoss> try_out(sqlite::Connection& connection, const Catalog& catalog,
                               const std::string& sql);

}  // namespace rill::storage
