#include "capture_drift.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "table_shape.hpp"
#include "triggers.hpp"

namespace rill::storage {
namespace {

using Objects = std::map<std::string, std::string>;

/// Index and triggers of Rill's on the table, by name.
Objects own_objects(sqlite::Connection& connection, const std::string& table) {
  Objects objects;
  sqlite::Statement rows(connection.raw(),
                         "SELECT name, sql FROM main.sqlite_schema WHERE type IN ('index', "
                         "'trigger') AND tbl_name = ? COLLATE NOCASE AND substr(name, 1, 5) = "
                         "'rill_'",
                         false);
  rows.bind_text(1, table);
  while (rows.step()) objects.emplace(rows.bytes(0), rows.bytes(1));
  return objects;
}

/// A statement of `capture_statements` as SQLite keeps it.
std::string stored(std::string sql) {
  const std::string condition = "IF NOT EXISTS ";
  if (const std::size_t at = sql.find(condition); at != std::string::npos) {
    sql.erase(at, condition.size());
  }
  return sql;
}

/// The name in `CREATE TRIGGER "rill_update_1" …`.
std::string object_name(const std::string& sql) {
  const std::size_t start = sql.find('"') + 1;
  return sql.substr(start, sql.find('"', start) - start);
}

/// The kind of a trigger: "update" for rill_update_1.
bool is_kind(const std::string& name, const char* kind) {
  return name.starts_with("rill_" + std::string(kind) + "_");
}

void compare_objects(sqlite::Connection& connection, const Catalog& catalog, const Table& table,
                     const TableShape& shape, TableDrift& drift) {
  const Objects present = own_objects(connection, table.name());
  for (const std::string& sql : capture_statements(catalog.file(), table, shape)) {
    const std::string wanted = stored(sql);
    const std::string name = object_name(wanted);
    const auto found = present.find(name);
    if (found != present.end() && found->second == wanted) continue;
    const char* what = is_kind(name, "seq") ? "the index " : "the trigger ";
    drift.differences.push_back(
        what + name + (found == present.end() ? " is missing" : " is not as Rill made it"));
    drift.updates_missed |= is_kind(name, "update") || is_kind(name, "insert");
    drift.rekeys_missed |= is_kind(name, "rekey");
  }
}

/// The text of the DEFAULT in "BLOB DEFAULT (…)".
std::string default_text(const std::string& declaration) {
  const std::size_t open = declaration.find('(');
  return declaration.substr(open + 1, declaration.rfind(')') - open - 1);
}

void compare_default(sqlite::Connection& connection, const std::string& table, const char* column,
                     const std::string& declaration, TableDrift& drift) {
  sqlite::Statement row(
      connection.raw(),
      "SELECT dflt_value FROM pragma_table_xinfo(?, 'main') WHERE name = ? COLLATE NOCASE", false);
  row.bind_text(1, table).bind_text(2, column);
  if (!row.step()) {
    drift.differences.push_back(std::string("the column ") + column + " is missing");
  } else if (row.bytes(0) != default_text(declaration)) {
    drift.differences.push_back(std::string("the DEFAULT of ") + column +
                                " is not as Rill made it");
  } else {
    return;
  }
  drift.columns_lost = true;
}

void compare_columns(const Table& table, const TableShape& shape, TableDrift& drift) {
  const std::vector<std::string> present = shape.data_columns();
  const auto has = [](const std::vector<std::string>& names, const std::string& wanted) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return same_name(name, wanted); });
  };
  std::vector<std::string> captured;
  captured.reserve(table.columns.size());
  for (const ColumnId id : table.columns) captured.push_back(table.rules.columns[id].name);
  for (const std::string& column : captured) {
    if (!has(present, column)) {
      drift.differences.push_back("the column " + column + " is missing");
    }
  }
  for (const std::string& column : present) {
    if (!has(captured, column)) drift.differences.push_back("the column " + column + " is new");
  }
}

/// The table that carries this table's DEFAULT, under whatever name.
std::string bearer(sqlite::Connection& connection, const Catalog& catalog, const Table& table) {
  sqlite::Statement row(connection.raw(),
                        "SELECT s.name FROM main.sqlite_schema s, pragma_table_xinfo(s.name, "
                        "'main') c WHERE s.type = 'table' AND c.dflt_value = ?",
                        false);
  const std::string wanted = default_text(meta_default(catalog.file(), table.id));
  row.bind_text(1, wanted);
  return row.step() ? std::string(row.bytes(0)) : std::string();
}

}  // namespace

TableDrift read_drift(sqlite::Connection& connection, const Catalog& catalog, const Table& table) {
  TableDrift drift;
  drift.table = table.name();
  TableShape shape;
  try {
    shape = read_shape(connection, table.name());
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unknown_table) {
      drift.differences.emplace_back(error.what());
      drift.gone = true;
      return drift;
    }
    drift.gone = true;
    drift.renamed_to = bearer(connection, catalog, table);
    drift.differences.push_back(drift.renamed_to.empty() ? "it was dropped"
                                                         : "it was renamed " + drift.renamed_to);
    return drift;
  }
  const std::int64_t file = catalog.file();
  compare_default(connection, table.name(), "_rill_seq", seq_default(file), drift);
  compare_default(connection, table.name(), "_rill_meta", meta_default(file, table.id), drift);
  compare_columns(table, shape, drift);
  compare_objects(connection, catalog, table, shape, drift);
  try {
    check_replicable(connection, shape);
  } catch (const Error& error) {
    drift.differences.emplace_back(error.what());
  }
  return drift;
}

std::vector<TableDrift> find_drift(sqlite::Connection& connection, const Catalog& catalog) {
  std::vector<TableDrift> found;
  for (const Table& table : catalog.tables()) {
    TableDrift drift = read_drift(connection, catalog, table);
    if (!drift.differences.empty()) found.push_back(std::move(drift));
  }
  return found;
}

std::string advice_for(const TableDrift& drift) {
  if (!drift.renamed_to.empty()) {
    return "rename it back (ALTER TABLE " + sqlite::quoted(drift.renamed_to) + " RENAME TO " +
           sqlite::quoted(drift.table) + "), then call Database::recapture(\"" + drift.table +
           "\")";
  }
  if (drift.gone) {
    return "its rows are gone with what this file knew of them: restore the file from a backup, or "
           "sync into a new one";
  }
  return "call Database::recapture(\"" + drift.table +
         "\"), which adopts the table as it is; change a replicated table in a migration only";
}

Error capture_lost(const TableDrift& drift) {
  std::string message = "table " + drift.table + " was changed outside a migration: ";
  for (std::size_t index = 0; index < drift.differences.size(); ++index) {
    message += (index == 0 ? "" : "; ") + drift.differences[index];
  }
  return {ErrorCode::capture_lost,
          message + ". Nothing is sent or received until that is mended: " + advice_for(drift)};
}

}  // namespace rill::storage
