#pragma once

#include <string>
#include <vector>

#include "capture.hpp"
#include "catalog.hpp"
#include "sqlite.hpp"

namespace rill::storage {

// What a migration owes to rows that were merged before it: they show what the new schema can show.
// All of these write inside the migration's transaction, and all but `carry_over` make no events.

/// Brings the rows of `rill_unknown` for a table that is now replicated into it, merged with rows
/// that the table held already. Those whose keys the table cannot have stay where they are.
void adopt_unknown_rows(sqlite::Connection& connection, Capture& capture, const Table& table);

/// Before columns are dropped: writes their entries into the metas of live rows. While a column is
/// there its value stands in the row alone; afterwards it is to be forwarded still.
void keep_entries(sqlite::Connection& connection, Capture& capture, const Table& table,
                  const std::vector<ColumnId>& dropped);

/// Before the table is dropped: makes its rows, dead ones included, rows of a table that this
/// schema lacks, and forgets the table.
void set_aside(sqlite::Connection& connection, Capture& capture, const Table& table);

/// A column that was given another name, which makes it another column to other devices.
struct Renamed {
  ColumnId from = 0;
  ColumnId to = 0;
};

/// Writes the values of renamed columns in the name of this device, while the table's triggers are
/// off: where the new column has no entries and does not show its default, or where its entries,
/// from a device that renamed it earlier, are older than the last write under the old name.
void carry_over(sqlite::Connection& connection, Capture& capture, const Table& table,
                const std::vector<Renamed>& columns);

/// The keys of live rows that hold entries for a column which was unknown until now.
std::vector<std::string> rows_with_entries(sqlite::Connection& connection, Capture& capture,
                                           const Table& table, ColumnId column);

/// The keys of the table's rows that are, or lately were, in conflict.
std::vector<std::string> conflicted_rows(sqlite::Connection& connection, const Table& table);

/// The keys of the table's rows, dead or alive, of which some device wrote that they live and
/// another that they do not.
std::vector<std::string> contested_rows(sqlite::Connection& connection, Capture& capture,
                                        const Table& table);

/// Shows the rows of `keys` again by the present rules.
void show_again(sqlite::Connection& connection, Capture& capture, const Table& table,
                const std::vector<std::string>& keys);

}  // namespace rill::storage
