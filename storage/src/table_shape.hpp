#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sqlite.hpp"

namespace rill::storage {

/// A table of the app as its schema declares it.
struct TableShape {
  struct Column {
    std::string name;
    std::string type;
    bool not_null = false;
    int key_position = 0;  // 1 and up within the primary key
    bool generated = false;
  };

  std::string name;
  std::string sql;
  bool without_rowid = false;
  bool strict = false;
  std::vector<Column> columns;
  /// Names of the key columns, in the key's order.
  std::vector<std::string> key;
  /// A single key column of declared type INTEGER in a rowid table: the rowid itself.
  bool integer_key = false;
  /// The columns that hold data: neither key, nor generated, nor Rill's.
  [[nodiscard]] std::vector<std::string> data_columns() const;
  /// Whether `_rill_seq` and `_rill_meta` are there.
  [[nodiscard]] bool has_rill_columns() const;
  [[nodiscard]] const Column* find(std::string_view column) const noexcept;
  /// A name for the rowid that no column of the table takes; empty if there is none.
  [[nodiscard]] std::string rowid_name() const;
};

/// Reads the table's shape. Throws `Error{unknown_table}`, or `cannot_replicate` for a view or a
/// virtual table.
TableShape read_shape(sqlite::Connection& connection, std::string_view table);

/// Throws `Error{cannot_replicate}` with the reason and the way out, if the table's shape does not
/// allow replication.
void check_replicable(sqlite::Connection& connection, const TableShape& shape);

}  // namespace rill::storage
