#pragma once

#include <string>
#include <vector>

#include "catalog.hpp"
#include "rill/error.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// How one replicated table differs from what capture needs of it.
struct TableDrift {
  std::string table;
  /// The table is not there: dropped, or renamed to `renamed_to` where that can be told.
  bool gone = false;
  std::string renamed_to;
  /// `_rill_seq` or `_rill_meta` is missing, or fills itself in otherwise than Rill made it.
  bool columns_lost = false;
  /// Updates of values, changes of keys, or deletes may have passed unseen.
  bool updates_missed = false;
  bool rekeys_missed = false;
  /// What differs, for people: "the trigger rill_update_1 is missing".
  std::vector<std::string> differences;
};

/// Compares one table, or all, with what capture needs: the two columns and their DEFAULTs, the
/// columns that the catalog captures, the index and the triggers. Cheap enough for each change of
/// the schema, not for each call: see `PRAGMA schema_version`.
TableDrift read_drift(sqlite::Connection& connection, const Catalog& catalog, const Table& table);
/// Only the tables that differ.
std::vector<TableDrift> find_drift(sqlite::Connection& connection, const Catalog& catalog);

/// What to do about it, for people.
std::string advice_for(const TableDrift& drift);
/// `Error{capture_lost}` with table, differences and advice.
Error capture_lost(const TableDrift& drift);

}  // namespace rill::storage
