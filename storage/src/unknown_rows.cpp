#include "unknown_rows.hpp"

#include <algorithm>

#include "damage.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill::storage {
namespace {

std::string encode_columns(const std::vector<DeltaColumn>& columns) {
  ByteWriter writer;
  writer.varint(columns.size());
  for (const DeltaColumn& column : columns) {
    writer.string(column.name);
    writer.byte(static_cast<std::uint8_t>(column.kind));
  }
  return writer.take();
}

std::vector<DeltaColumn> decode_columns(std::string_view bytes) {
  ByteReader reader(bytes);
  std::vector<DeltaColumn> columns(reader.count(kMaxColumns, 2));
  for (DeltaColumn& column : columns) {
    column.name = reader.string(kMaxNameBytes);
    const std::uint8_t kind = reader.byte();
    if (kind > static_cast<std::uint8_t>(RuleKind::custom)) {
      throw Error(ErrorCode::malformed, "a column's rule is unknown");
    }
    column.kind = static_cast<RuleKind>(kind);
  }
  reader.expect_end();
  return columns;
}

}  // namespace

std::vector<DeltaColumn> delta_columns(const Table& table) {
  std::vector<DeltaColumn> columns;
  columns.reserve(table.rules.columns.size());
  for (const ColumnRules& column : table.rules.columns) {
    columns.push_back({column.name, column.rule.kind()});
  }
  return columns;
}

UnknownRow read_unknown(sqlite::Statement& row, int first) {
  UnknownRow unknown;
  unknown.table = row.bytes(first);
  unknown.key = row.bytes(first + 1);
  read_stored("a row of rill_unknown", [&] {
    unknown.columns = decode_columns(row.bytes(first + 2));
    unknown.state = decode_row_state(row.bytes(first + 3));
    for (const RowState::Column& column : unknown.state.columns) {
      if (column.id < unknown.columns.size()) continue;
      throw Error(ErrorCode::malformed, "its state names a column that it lacks");
    }
  });
  return unknown;
}

UnknownRow load_unknown(sqlite::Connection& connection, std::string_view table,
                        std::string_view key) {
  sqlite::Using select(connection.cached(
      "SELECT name, key, columns, state FROM main.rill_unknown WHERE name = ? AND key = ?"));
  select->bind_text(1, table).bind_blob(2, key);
  if (select->step()) return read_unknown(*select, 0);
  UnknownRow unknown;
  unknown.table = table;
  unknown.key = key;
  return unknown;
}

void store_unknown(sqlite::Connection& connection, const UnknownRow& row, std::int64_t seq) {
  const std::string columns = encode_columns(row.columns);
  const std::string state = encode(row.state);
  connection
      .cached(
          "INSERT INTO main.rill_unknown(name, key, seq, columns, state) VALUES(?, ?, ?, ?, ?) "
          "ON CONFLICT(name, key) DO UPDATE SET seq = excluded.seq, "
          "columns = excluded.columns, state = excluded.state")
      .bind_text(1, row.table)
      .bind_blob(2, row.key)
      .bind(3, seq)
      .bind_blob(4, columns)
      .bind_blob(5, state)
      .run();
}

std::vector<ColumnId> number_columns(UnknownRow& row, const std::vector<DeltaColumn>& columns) {
  std::vector<ColumnId> numbers;
  for (const DeltaColumn& column : columns) {
    const auto found = std::find_if(row.columns.begin(), row.columns.end(),
                                    [&](const auto& known) { return known.name == column.name; });
    numbers.push_back(static_cast<ColumnId>(found - row.columns.begin()));
    if (found == row.columns.end()) {
      row.columns.push_back(column);
    } else if (!same_entries(found->kind, column.kind)) {
      throw Error(
          ErrorCode::rule_changed,
          "column " + row.table + "." + column.name +
              " merges by different kinds of rules on two other devices; nothing was applied");
    }
  }
  return numbers;
}

}  // namespace rill::storage
