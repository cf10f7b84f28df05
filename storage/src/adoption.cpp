#include "adoption.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "apply.hpp"
#include "damage.hpp"
#include "row_store.hpp"
#include "unknown_rows.hpp"

namespace rill::storage {
namespace {

/// Both states' entries, as of replicas that had not seen each other.
void unite(RowState& mine, const RowState& theirs) {
  const VersionVector nothing;
  join(mine, nothing, fragment_beyond(theirs, nothing), {nothing, nothing});
}

/// Writes merged rows in the app's own transaction.
class Rewriter {
 public:
  Rewriter(sqlite::Connection& connection, Capture& capture)
      : capture_(capture), rows_(connection, capture) {}

  void merge(const Table& table, const std::string& encoded_key, const RowState* theirs) {
    change(table, encoded_key, [&](RowState& state, const std::vector<Value>& /*values*/) {
      if (theirs != nullptr) unite(state, *theirs);
    });
  }

  /// `edit` gets the row's state and the values that it shows.
  template <typename Edit>
  void change(const Table& table, const std::string& encoded_key, const Edit& edit) {
    const std::vector<Value> key = decode_stored_key(table, encoded_key);
    const std::optional<StoredRow> before = rows_.load(table, key, encoded_key);
    RowState state;
    if (before) state = expand(before->meta, table, before->values, capture_.interner());
    edit(state, before ? before->values : std::vector<Value>(table.rules.columns.size()));
    ShownRow shown = show(table.rules, capture_.texts().readable(table, state));
    make_storable(table, state, shown);
    const std::int64_t seq = capture_.next_seq(capture_.catalog()->file());
    capture_.begin_apply();
    try {
      rows_.store(table, key, encoded_key, before, state, shown, seq);
    } catch (...) {
      capture_.end_apply();
      throw;
    }
    capture_.end_apply();
  }

 private:
  Capture& capture_;
  RowStore rows_;
};

/// What a renamed column of one row is to take over from the name before.
class CarryOver {
 public:
  CarryOver(Capture& capture, const Table& table, const std::vector<Renamed>& columns)
      : capture_(capture), table_(table), columns_(columns), write_(capture.local_write()) {}

  [[nodiscard]] bool concerns(const RowState& state, const std::vector<Value>& values) const {
    return std::ranges::any_of(
        columns_, [&](const Renamed& column) { return is_due(state, column, values[column.to]); });
  }

  void edit(const std::string& key, RowState& state, const std::vector<Value>& values) const {
    const std::vector<Value> explained =
        show(table_.rules, capture_.texts().readable(table_, state)).values;
    for (const Renamed& column : columns_) {
      if (!is_due(state, column, values[column.to])) continue;
      const Rule& rule = table_.rules.columns[column.to].rule;
      Entries& entries = state.at(column.to);
      if (entries.empty()) {
        entries = written_at_once(rule, values[column.to], write_.stamp);
      } else if (table_.is_text(column.to)) {
        record_text({table_.id, key, column.to}, entries, state.births, values[column.to]);
      } else {
        record_change(rule, entries, explained[column.to], values[column.to], write_);
      }
    }
    state.touch(write_.stamp);
    if (!table_.rules.row_rule) return;
    // Every write is a new version of the whole row.
    for (const ColumnId id : table_.versioned_columns()) {
      state.at(id) = written_at_once(table_.rules.columns[id].rule, values[id], write_.stamp);
    }
  }

 private:
  void record_text(const TextPlace& place, Entries& texts, const Entries& births,
                   const Value& value) const {
    capture_.texts().record(place, texts, births, normal_form(text(), value), write_.stamp,
                            capture_.next_seq(capture_.catalog()->file()));
  }

  [[nodiscard]] bool is_due(const RowState& state, const Renamed& column,
                            const Value& value) const {
    const Entries* there = state.find(column.to);
    if (there == nullptr) return value != table_.rules.columns[column.to].default_value;
    return latest(state.find(column.from)) > latest(there);
  }

  static Timestamp latest(const Entries* entries) {
    Timestamp latest;
    if (entries == nullptr) return latest;
    for (const Entry& entry : *entries) latest = std::max(latest, entry.time);
    return latest;
  }

  Capture& capture_;
  const Table& table_;
  const std::vector<Renamed>& columns_;
  LocalWrite write_;
};

RowState renumbered(const UnknownRow& row, const Table& table) {
  RowState state = row.state;
  state.columns.clear();
  for (const RowState::Column& column : row.state.columns) {
    const DeltaColumn& theirs = row.columns.at(column.id);
    const ColumnId id = table.column(theirs.name);
    check_same_entries(table, id, theirs.kind);
    state.at(id) = column.entries;
  }
  return state;
}

/// Tells the cells of an adopted row where they belong.
void place_texts(TextCells& cells, const Table& table, const std::string& key,
                 const RowState& state) {
  for (const RowState::Column& column : state.columns) {
    if (!table.is_text(column.id)) continue;
    for (const std::int64_t cell : cells_of(column.entries)) {
      cells.move(cell, {table.id, key, column.id});
    }
  }
}

}  // namespace

void adopt_unknown_rows(sqlite::Connection& connection, Capture& capture, const Table& table) {
  std::vector<UnknownRow> rows;
  {
    sqlite::Using select(connection.cached(
        "SELECT name, key, columns, state FROM main.rill_unknown WHERE name = ? COLLATE NOCASE"));
    select->bind_text(1, table.name());
    while (select->step()) rows.push_back(read_unknown(*select, 0));
  }
  if (rows.empty()) return;
  for (const UnknownRow& row : rows) {
    for (const DeltaColumn& column : row.columns) {
      if (!capture.catalog()->find(table.id)->find(column.name)) {
        add_unknown_column(connection, table, column);
        capture.reload_catalog();
      }
    }
  }
  const std::shared_ptr<const Catalog> catalog = capture.catalog();
  const Table& grown = *catalog->find(table.id);
  Rewriter rewriter(connection, capture);
  for (const UnknownRow& row : rows) {
    // Of another shape is refused also where the row itself has to wait: one name, one kind.
    const RowState state = renumbered(row, grown);
    const std::vector<Value> key =
        read_stored("a key in rill_unknown", [&] { return decode_key(row.key); });
    if (!grown.takes_key(key)) continue;
    rewriter.merge(grown, row.key, &state);
    place_texts(capture.texts(), grown, row.key, state);
    connection.cached("DELETE FROM main.rill_unknown WHERE name = ? AND key = ?")
        .bind_text(1, row.table)
        .bind_blob(2, row.key)
        .run();
  }
}

void keep_entries(sqlite::Connection& connection, Capture& capture, const Table& table,
                  const std::vector<ColumnId>& dropped) {
  Table later = table;
  for (const ColumnId id : dropped) {
    later.rules.columns.at(id).known = false;
    std::erase(later.columns, id);
  }
  std::vector<std::pair<std::vector<Value>, std::string>> metas;
  {
    sqlite::Statement rows(connection.raw(), select_all(table), false);
    const int keys = static_cast<int>(table.key_columns.size());
    while (rows.step()) {
      const std::vector<Value> values = read_values(table, rows, 2 + keys);
      const RowMeta meta = decode_meta(rows.bytes(1), capture.interner());
      const RowState state = expand(meta, table, values, capture.interner());
      metas.emplace_back(
          read_key(table, rows, 2),
          encode(collapse(state, later, values, capture.interner()), capture.interner()));
    }
  }
  std::string sql = "UPDATE main." + sqlite::quoted(table.name()) + " SET _rill_meta = ?";
  for (const std::string& column : table.key_columns) {
    sql += (column == table.key_columns.front() ? " WHERE " : " AND ") + sqlite::quoted(column) +
           " = ?";
  }
  sqlite::Statement update(connection.raw(), sql, false);
  for (const auto& [key, meta] : metas) {
    int index = 1;
    update.bind_blob(index++, meta);
    for (const Value& value : key) update.bind(index++, value);
    update.run();
  }
}

void set_aside(sqlite::Connection& connection, Capture& capture, const Table& table) {
  UnknownRow row{table.name(), {}, delta_columns(table), {}};
  {
    sqlite::Statement rows(connection.raw(), select_all(table), false);
    const int keys = static_cast<int>(table.key_columns.size());
    while (rows.step()) {
      row.key = encode_key(read_key(table, rows, 2));
      row.state = expand(decode_meta(rows.bytes(1), capture.interner()), table,
                         read_values(table, rows, 2 + keys), capture.interner());
      store_unknown(connection, row, rows.integer(0));
    }
  }
  {
    // A tombstone counts only while no live row has its key.
    sqlite::Statement dead(connection.raw(),
                           "SELECT key, meta, image, seq FROM main.rill_tombstone t WHERE tbl = ? "
                           "AND NOT EXISTS(SELECT 1 FROM main.rill_unknown u WHERE u.name = ? AND "
                           "u.key = t.key)",
                           false);
    dead.bind(1, table.id).bind_text(2, table.name());
    while (dead.step()) {
      row.key = dead.bytes(0);
      row.state = expand(decode_meta(dead.bytes(1), capture.interner()), table,
                         decode_image(table, dead.bytes(2)), capture.interner());
      store_unknown(connection, row, dead.integer(3));
    }
  }
  capture.texts().leave_table(table.id);
  for (const char* rest : {"rill_tombstone", "rill_conflicted", "rill_shape", "rill_column"}) {
    connection.cached("DELETE FROM main." + std::string(rest) + " WHERE tbl = ?")
        .bind(1, table.id)
        .run();
  }
  connection.cached("DELETE FROM main.rill_table WHERE id = ?").bind(1, table.id).run();
}

void carry_over(sqlite::Connection& connection, Capture& capture, const Table& table,
                const std::vector<Renamed>& columns) {
  const CarryOver plan(capture, table, columns);
  std::vector<std::string> keys;
  {
    sqlite::Statement rows(connection.raw(), select_all(table), false);
    const int values_at = 2 + static_cast<int>(table.key_columns.size());
    while (rows.step()) {
      const std::vector<Value> values = read_values(table, rows, values_at);
      const RowMeta meta = decode_meta(rows.bytes(1), capture.interner());
      if (plan.concerns(expand(meta, table, values, capture.interner()), values)) {
        keys.push_back(encode_key(read_key(table, rows, 2)));
      }
    }
  }
  Rewriter rewriter(connection, capture);
  for (const std::string& key : keys) {
    rewriter.change(table, key, [&](RowState& state, const std::vector<Value>& values) {
      plan.edit(key, state, values);
    });
  }
}

std::vector<std::string> rows_with_entries(sqlite::Connection& connection, Capture& capture,
                                           const Table& table, ColumnId column) {
  std::vector<std::string> keys;
  sqlite::Using rows(connection.cached(select_since(table)));
  rows->bind(1, std::int64_t{-1}).bind(2, INT64_MAX);
  while (rows->step()) {
    const RowMeta meta = decode_meta(rows->bytes(1), capture.interner());
    if (meta.exception(column) == nullptr) continue;
    keys.push_back(encode_key(read_key(table, *rows, 2)));
  }
  return keys;
}

std::vector<std::string> conflicted_rows(sqlite::Connection& connection, const Table& table) {
  std::vector<std::string> keys;
  sqlite::Using rows(connection.cached("SELECT key FROM main.rill_conflicted WHERE tbl = ?"));
  rows->bind(1, table.id);
  while (rows->step()) keys.emplace_back(rows->bytes(0));
  return keys;
}

std::vector<std::string> contested_rows(sqlite::Connection& connection, Capture& capture,
                                        const Table& table) {
  std::vector<std::string> keys;
  sqlite::Using rows(connection.cached(select_since(table)));
  rows->bind(1, std::int64_t{-1}).bind(2, INT64_MAX);
  while (rows->step()) {
    const RowMeta meta = decode_meta(rows->bytes(1), capture.interner());
    if (meta.existence.size() > 1) keys.push_back(encode_key(read_key(table, *rows, 2)));
  }
  sqlite::Using dead(connection.cached("SELECT meta, key FROM main.rill_tombstone WHERE tbl = ?"));
  dead->bind(1, table.id);
  while (dead->step()) {
    const RowMeta meta = decode_meta(dead->bytes(0), capture.interner());
    if (meta.existence.size() > 1) keys.emplace_back(dead->bytes(1));
  }
  return keys;
}

void show_again(sqlite::Connection& connection, Capture& capture, const Table& table,
                const std::vector<std::string>& keys) {
  const std::shared_ptr<const Catalog> catalog = capture.catalog();
  const Table& current = *catalog->find(table.id);
  Rewriter rewriter(connection, capture);
  for (const std::string& key : keys) rewriter.merge(current, key, nullptr);
}

}  // namespace rill::storage
