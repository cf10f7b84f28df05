#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "catalog.hpp"
#include "interner.hpp"
#include "rill/delta_reader.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// Writes received rows that one event inserted whole and of whose keys this file holds nothing:
/// the join would give just them. They go from the delta's bytes to the table without becoming
/// entries, which is what a first sync consists of.
///
/// Only into tables without a row or tombstone when the first row came: there is then nothing to
/// look up. Thread safety: used under its connection's lock, for one transaction.
class NewRows {
 public:
  NewRows(sqlite::Connection& connection, Interner& interner)
      : connection_(connection), interner_(interner) {}

  /// Writes the row and returns true, or returns false where it has to be joined: anything but
  /// plain values for just the captured columns, or a key that is there by now. `columns` are the
  /// ids of the delta's column numbers.
  bool write(const Table& table, const std::vector<ColumnId>& columns, const InsertedRow& row,
             std::int64_t seq);
  /// The table holds a tombstone now.
  void stop(const Table& table) { plan(table).open = false; }

 private:
  struct Plan {
    bool open = false;
    sqlite::Statement insert;
    Stamp stamp;  // of `meta`
    std::string meta;
  };

  Plan& plan(const Table& table);
  bool bind_key(const Table& table, sqlite::Statement& insert, std::string_view key);
  bool bind_values(const Table& table, sqlite::Statement& insert,
                   const std::vector<ColumnId>& columns, const InsertedRow& row);

  sqlite::Connection& connection_;
  Interner& interner_;
  std::map<std::int64_t, Plan> plans_;
};

}  // namespace rill::storage
