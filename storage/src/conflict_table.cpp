#include "conflict_table.hpp"

#include <string>
#include <utility>

#include "rill/table_rules.hpp"
#include "row_store.hpp"
#include "text/cells.hpp"

namespace rill::storage {
namespace {

constexpr const char* kDeclaration =
    "CREATE TABLE x(tbl TEXT, key, col TEXT, shown, other, replica TEXT, time_ms INTEGER)";

ConflictRecord record_of(const Table& table, const std::vector<Value>& key,
                         const ColumnConflict& conflict) {
  ConflictRecord record{
      table.name(), key, table.rules.columns[conflict.column].name, conflict.shown, {}};
  for (const Sibling& sibling : conflict.others) {
    record.others.push_back({sibling.value, sibling.replica, sibling.time.ms()});
  }
  return record;
}

void read_row(const ConflictSource& source, const Table& table, const std::vector<Value>& key,
              std::vector<ConflictRecord>& records) {
  sqlite::Using select(source.connection.cached(select_by_key(table)));
  int index = 1;
  for (const Value& value : key) select->bind(index++, value);
  if (!select->step()) return;
  const RowMeta meta = decode_meta(select->bytes(0), source.interner);
  const std::vector<Value> values = read_values(table, *select, 1);
  const RowState state = TextCells(source.connection, source.interner)
                             .readable(table, expand(meta, table, values, source.interner));
  for (const ColumnConflict& conflict : conflicts(table.rules, state)) {
    if (!conflict.others.empty()) records.push_back(record_of(table, key, conflict));
  }
}

/// A JSON array of the key's values, or the value itself where there is one.
Value key_value(sqlite::Connection& connection, const std::vector<Value>& key) {
  if (key.size() == 1) return key[0];
  std::string marks;
  for (std::size_t index = 0; index < key.size(); ++index) marks += marks.empty() ? "?" : ", ?";
  sqlite::Statement array(connection.raw(), "SELECT json_array(" + marks + ")", false);
  int index = 1;
  for (const Value& value : key) array.bind(index++, value);
  return array.step() ? array.value(0) : Value();
}

// The virtual table ------------------------------------------------------------------------------

struct ConflictTable {
  sqlite3_vtab base;
  ConflictSource* source;
};

struct Cursor {
  sqlite3_vtab_cursor base;
  std::vector<std::vector<Value>> rows;
  std::size_t at = 0;
};

int connect(sqlite3* db, void* client, int /*argc*/, const char* const* /*argv*/,
            sqlite3_vtab** table, char** /*error*/) {
  const int result_code = sqlite3_declare_vtab(db, kDeclaration);
  if (result_code != SQLITE_OK) return result_code;
  auto& source = *static_cast<std::shared_ptr<ConflictSource>*>(client);
  *table = &(new ConflictTable{{}, source.get()})->base;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<ConflictTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* /*table*/, sqlite3_index_info* info) {
  info->estimatedCost = 1'000;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab* /*table*/, sqlite3_vtab_cursor** cursor) {
  *cursor = &(new Cursor())->base;
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete reinterpret_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int fail(ConflictTable& table, const char* message, int result_code) {
  sqlite3_free(table.base.zErrMsg);
  table.base.zErrMsg = sqlite3_mprintf("%s", message);
  return result_code;
}

int filter(sqlite3_vtab_cursor* base, int /*index*/, const char* /*name*/, int /*argc*/,
           sqlite3_value** /*argv*/) {
  auto& cursor = *reinterpret_cast<Cursor*>(base);
  auto& table = *reinterpret_cast<ConflictTable*>(base->pVtab);
  cursor.rows.clear();
  cursor.at = 0;
  try {
    for (const ConflictRecord& record : read_conflicts(*table.source)) {
      const Value key = key_value(table.source->connection, record.key);
      for (const ConflictRecord::Loser& loser : record.others) {
        cursor.rows.push_back({record.table, key, record.column, record.shown, loser.value,
                               loser.replica.to_string(), loser.time_ms});
      }
    }
    return SQLITE_OK;
  } catch (const Error& error) {
    return fail(table, error.what(),
                error.code() == ErrorCode::corrupt ? SQLITE_CORRUPT_VTAB : SQLITE_ERROR);
  } catch (const std::exception& error) {
    return fail(table, error.what(), SQLITE_ERROR);
  }
}

int next(sqlite3_vtab_cursor* base) {
  ++reinterpret_cast<Cursor*>(base)->at;
  return SQLITE_OK;
}

int at_end(sqlite3_vtab_cursor* base) {
  const auto& cursor = *reinterpret_cast<Cursor*>(base);
  return cursor.at >= cursor.rows.size() ? 1 : 0;
}

int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int index) {
  const auto& cursor = *reinterpret_cast<Cursor*>(base);
  sqlite::set_result(context, cursor.rows[cursor.at].at(static_cast<std::size_t>(index)));
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* base, sqlite3_int64* value) {
  *value = static_cast<sqlite3_int64>(reinterpret_cast<Cursor*>(base)->at);
  return SQLITE_OK;
}

const sqlite3_module& conflict_module() {
  static const sqlite3_module kModule = [] {
    sqlite3_module made{};
    made.xConnect = connect;
    made.xDisconnect = disconnect;
    made.xBestIndex = best_index;
    made.xOpen = open_cursor;
    made.xClose = close_cursor;
    made.xFilter = filter;
    made.xNext = next;
    made.xEof = at_end;
    made.xColumn = column;
    made.xRowid = rowid;
    return made;
  }();
  return kModule;
}

}  // namespace

std::vector<ConflictRecord> read_conflicts(const ConflictSource& source) {
  const std::shared_ptr<const Catalog> catalog = source.catalog();
  std::vector<ConflictRecord> records;
  sqlite::Statement rows(source.connection.raw(),
                         "SELECT tbl, key FROM main.rill_conflicted ORDER BY tbl, key", false);
  while (rows.step()) {
    const Table* table = catalog->find(rows.integer(0));
    if (table != nullptr)
      read_row(source, *table, decode_stored_key(*table, rows.bytes(1)), records);
  }
  return records;
}

void register_conflicts(std::shared_ptr<ConflictSource> source) {
  sqlite3* db = source->connection.raw();
  auto* client = new std::shared_ptr<ConflictSource>(std::move(source));
  const auto destroy = [](void* pointer) {
    delete static_cast<std::shared_ptr<ConflictSource>*>(pointer);
  };
  if (sqlite3_create_module_v2(db, "rill_conflicts", &conflict_module(), client, destroy) !=
      SQLITE_OK) {
    throw sqlite::error_of(db, "registering rill_conflicts");
  }
}

}  // namespace rill::storage
