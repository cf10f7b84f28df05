#include "table_shape.hpp"

#include <algorithm>
#include <utility>

#include "catalog.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill::storage {
namespace {

/// Column numbers limit what triggers can pass to functions and what a peer accepts.
constexpr std::size_t kMaxCaptured = 1'000;

Error refusal(const TableShape& shape, const std::string& reason) {
  return {ErrorCode::cannot_replicate, "table " + shape.name + " cannot be replicated: " + reason};
}

std::string upper(std::string text) {
  for (char& character : text) {
    if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 'a' + 'A');
  }
  return text;
}

void read_columns(sqlite::Connection& connection, TableShape& shape) {
  sqlite::Statement rows(connection.raw(),
                         "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(" +
                             sqlite::literal(shape.name) + ", 'main') ORDER BY cid",
                         false);
  std::vector<std::pair<int, std::string>> key;
  while (rows.step()) {
    TableShape::Column column;
    column.name = rows.bytes(0);
    column.type = rows.bytes(1);
    column.not_null = rows.integer(2) != 0;
    column.key_position = static_cast<int>(rows.integer(3));
    column.generated = rows.integer(4) != 0;
    if (column.key_position > 0) key.emplace_back(column.key_position, column.name);
    shape.columns.push_back(std::move(column));
  }
  std::sort(key.begin(), key.end());
  for (auto& [position, name] : key) shape.key.push_back(std::move(name));
  shape.integer_key = shape.key.size() == 1 && !shape.without_rowid &&
                      upper(shape.find(shape.key[0])->type) == "INTEGER";
}

void check_key_column(sqlite::Connection& connection, const TableShape& shape,
                      const TableShape::Column& column) {
  const std::string type = upper(column.type);
  const auto has = [&](const char* part) { return type.find(part) != std::string::npos; };
  const bool fits = has("INT") || has("CHAR") || has("CLOB") || has("TEXT") || has("BLOB");
  if (!fits) {
    throw refusal(shape, "its key column " + column.name + " is of type \"" + column.type +
                             "\"; declare it INTEGER, TEXT or BLOB, so that equal keys have equal "
                             "bytes on every device");
  }
  if (!column.not_null && !shape.integer_key && !shape.without_rowid) {
    throw refusal(shape, "its key column " + column.name + " may be NULL; declare it NOT NULL");
  }
  const char* collation = nullptr;
  sqlite3_table_column_metadata(connection.raw(), "main", shape.name.c_str(), column.name.c_str(),
                                nullptr, &collation, nullptr, nullptr, nullptr);
  if (collation != nullptr && upper(collation) != "BINARY") {
    throw refusal(shape, "its key column " + column.name + " has the collation " + collation +
                             "; keys must compare by bytes (BINARY), as they do on other devices");
  }
}

void check_unique(sqlite::Connection& connection, const TableShape& shape) {
  sqlite::Statement rows(connection.raw(),
                         "SELECT l.name, (SELECT group_concat(i.name, ', ') FROM "
                         "pragma_index_info(l.name, 'main') i) FROM pragma_index_list(" +
                             sqlite::literal(shape.name) +
                             ", 'main') l WHERE l.\"unique\" AND l.origin <> 'pk'",
                         false);
  if (!rows.step()) return;
  throw refusal(shape, "it has a UNIQUE constraint besides the primary key (" +
                           std::string(rows.bytes(1)) +
                           "), which two devices can break without seeing each other; make the "
                           "unique value, or a hash of it, the primary key");
}

}  // namespace

std::vector<std::string> TableShape::data_columns() const {
  std::vector<std::string> names;
  for (const Column& column : columns) {
    const bool own = column.name.starts_with("_rill_");
    if (column.key_position == 0 && !column.generated && !own) names.push_back(column.name);
  }
  return names;
}

bool TableShape::has_rill_columns() const {
  return find("_rill_seq") != nullptr && find("_rill_meta") != nullptr;
}

const TableShape::Column* TableShape::find(std::string_view column) const noexcept {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& candidate) {
    return same_name(candidate.name, column);
  });
  return found != columns.end() ? &*found : nullptr;
}

std::string TableShape::rowid_name() const {
  if (without_rowid) return {};
  for (const char* word : {"rowid", "oid", "_rowid_"}) {
    if (find(word) == nullptr) return word;
  }
  return {};
}

TableShape read_shape(sqlite::Connection& connection, std::string_view table) {
  sqlite::Statement rows(connection.raw(),
                         "SELECT l.name, l.type, l.wr, l.strict, s.sql FROM pragma_table_list l "
                         "LEFT JOIN main.sqlite_schema s ON s.name = l.name AND s.type = 'table' "
                         "WHERE l.schema = 'main' AND l.name = ? COLLATE NOCASE",
                         false);
  rows.bind_text(1, table);
  if (!rows.step()) {
    throw Error(ErrorCode::unknown_table,
                "no table named " + std::string(table) + " in this database; create it first");
  }
  TableShape shape;
  shape.name = rows.bytes(0);
  const std::string type(rows.bytes(1));
  shape.without_rowid = rows.integer(2) != 0;
  shape.strict = rows.integer(3) != 0;
  shape.sql = rows.bytes(4);
  if (type == "view") {
    throw refusal(shape, "it is a view; replicate the tables it reads");
  }
  if (type != "table") {
    throw refusal(shape,
                  "it is a virtual table; replicate the table it is built from, and keep the "
                  "virtual one up to date by triggers");
  }
  read_columns(connection, shape);
  return shape;
}

void check_replicable(sqlite::Connection& connection, const TableShape& shape) {
  if (shape.name.starts_with("rill_") || shape.name.starts_with("sqlite_")) {
    throw refusal(shape, "its name is reserved; choose another");
  }
  if (shape.key.empty()) {
    throw refusal(shape,
                  "it has no PRIMARY KEY; give it one that is unique across devices, such as "
                  "id TEXT PRIMARY KEY NOT NULL filled by Database::new_id()");
  }
  for (const std::string& name : shape.key) {
    check_key_column(connection, shape, *shape.find(name));
  }
  if (upper(shape.sql).find("AUTOINCREMENT") != std::string::npos && shape.integer_key) {
    throw refusal(shape,
                  "AUTOINCREMENT gives the same key on two devices; drop the word and fill "
                  "the key from Database::new_integer_id()");
  }
  check_unique(connection, shape);
  if (shape.data_columns().size() > kMaxCaptured) {
    throw refusal(shape, "it has more than " + std::to_string(kMaxCaptured) + " columns");
  }
}

}  // namespace rill::storage
