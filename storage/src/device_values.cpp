#include "device_values.hpp"

namespace rill::storage {
namespace {

bool has_table(sqlite::Connection& connection) {
  return connection.integer("SELECT count(*) FROM main.sqlite_schema WHERE name = 'rill_device'") !=
         0;
}

}  // namespace

std::optional<std::string> read_device_value(sqlite::Connection& connection,
                                             std::string_view name) {
  if (!has_table(connection)) return std::nullopt;
  sqlite::Using row(connection.cached("SELECT value FROM main.rill_device WHERE name = ?"));
  row->bind_text(1, name);
  if (!row->step()) return std::nullopt;
  return std::string(row->bytes(0));
}

void write_device_value(sqlite::Connection& connection, std::string_view name,
                        std::optional<std::string_view> value) {
  if (!has_table(connection)) {
    if (!value) return;
    connection.execute(
        "CREATE TABLE main.rill_device("
        "name TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL) WITHOUT ROWID");
  }
  if (value) {
    connection.cached("INSERT OR REPLACE INTO main.rill_device(name, value) VALUES(?, ?)")
        .bind_text(1, name)
        .bind_blob(2, *value)
        .run();
  } else {
    connection.cached("DELETE FROM main.rill_device WHERE name = ?").bind_text(1, name).run();
  }
}

bool is_reader(sqlite::Connection& connection) {
  return read_device_value(connection, kReaderValue).has_value();
}

}  // namespace rill::storage
