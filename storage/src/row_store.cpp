#include "row_store.hpp"

#include <algorithm>

#include "damage.hpp"
#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill::storage {
namespace {

using sqlite::quoted;

std::string captured_columns(const Table& table, const char* suffix = "") {
  std::string text;
  for (const ColumnId id : table.columns) {
    text += ", " + quoted(table.rules.columns[id].name) + suffix;
  }
  return text;
}

std::string key_columns(const Table& table) {
  std::string text;
  for (const std::string& column : table.key_columns) {
    text += (text.empty() ? "" : ", ") + quoted(column);
  }
  return text;
}

std::string where_key(const Table& table) {
  std::string text;
  for (const std::string& column : table.key_columns) {
    text += (text.empty() ? " WHERE " : " AND ") + quoted(column) + " = ?";
  }
  return text;
}

bool has_siblings(const Table& table, const RowState& state) {
  return std::any_of(state.columns.begin(), state.columns.end(), [&](const auto& column) {
    const ColumnRules& rules = table.rules.columns[column.id];
    return rules.known && rules.rule.has_siblings() && column.entries.size() > 1;
  });
}

/// Whether a rule of the app's returned a value that nobody has written.
bool is_made_up(const Table& table, const RowState& state, ColumnId id, const Value& value) {
  if (!table.rules.row_rule && table.rules.columns[id].rule.kind() != RuleKind::custom)
    return false;
  const Entries* entries = state.find(id);
  return entries != nullptr &&
         std::none_of(entries->begin(), entries->end(),
                      [&](const Entry& entry) { return entry.value == value; });
}

}  // namespace

std::string encode_image(const Table& table, const std::vector<Value>& values) {
  ByteWriter writer;
  writer.varint(table.shape());
  for (const ColumnId id : table.columns) writer.value(values.at(id));
  return writer.take();
}

std::vector<Value> decode_image(const Table& table, std::string_view image) {
  return read_stored("rill_tombstone.image", [&] {
    ByteReader reader(image);
    const std::size_t shape = reader.varint(table.shapes.size() - 1);
    std::vector<Value> values(table.rules.columns.size());
    for (const ColumnId id : table.shapes[shape]) values.at(id) = reader.value(reader.remaining());
    reader.expect_end();
    return values;
  });
}

std::vector<Value> decode_stored_key(const Table& table, std::string_view key) {
  std::vector<Value> values =
      read_stored("a key of " + table.name(), [&] { return decode_key(key); });
  if (values.size() == table.key_columns.size()) return values;
  throw damaged("a key of " + table.name() + " has " + std::to_string(values.size()) + " values");
}

void make_storable(const Table& table, const RowState& state, ShownRow& row) {
  for (const ColumnId id : table.columns) {
    const Value& value = row.values[id];
    const ColumnType& type = table.types[id];
    if (type.holds(value.type())) continue;
    if (type.keeps(value) && !is_made_up(table, state, id, value)) continue;
    const ColumnRules& column = table.rules.columns[id];
    row.problems.push_back({ErrorCode::rule_failed, column.name,
                            column_name(table, id) + " cannot hold the merged value " +
                                to_display(row.values[id]) + "; its default is shown instead"});
    row.values[id] = column.default_value;
  }
}

std::string insert_statement(const Table& table) {
  std::string marks = "?, ?";
  const std::size_t values = table.key_columns.size() + table.columns.size();
  for (std::size_t index = 0; index < values; ++index) marks += ", ?";
  return "INSERT INTO main." + quoted(table.name()) + "(_rill_seq, _rill_meta, " +
         key_columns(table) + captured_columns(table) + ") VALUES(" + marks + ")";
}

std::string select_by_key(const Table& table) {
  return "SELECT _rill_meta" + captured_columns(table) + " FROM main." + quoted(table.name()) +
         where_key(table);
}

std::string select_column(const Table& table, const std::string& column) {
  return "SELECT " + column + " FROM main." + quoted(table.name()) + where_key(table);
}

std::string edit_column(const Table& table, const std::string& column) {
  return "UPDATE main." + quoted(table.name()) +
         " SET _rill_seq = rill_edited(0), _rill_meta = rill_edited(1), " + column +
         " = rill_edited(2)" + where_key(table);
}

std::string select_since(const Table& table) {
  return "SELECT _rill_seq, _rill_meta, " + key_columns(table) + captured_columns(table) +
         " FROM main." + quoted(table.name()) +
         " WHERE _rill_seq > ? AND _rill_seq <= ? ORDER BY _rill_seq";
}

std::string select_all(const Table& table) {
  return "SELECT _rill_seq, _rill_meta, " + key_columns(table) + captured_columns(table) +
         " FROM main." + quoted(table.name()) + " ORDER BY _rill_seq";
}

void bind_key(sqlite::Statement& statement, int first, const std::vector<Value>& key) {
  for (const Value& value : key) statement.bind(first++, value);
}

std::vector<Value> read_key(const Table& table, const sqlite::Statement& row, int first) {
  std::vector<Value> key;
  key.reserve(table.key_columns.size());
  for (std::size_t index = 0; index < table.key_columns.size(); ++index) {
    key.push_back(row.value(first++));
  }
  return key;
}

std::vector<Value> read_values(const Table& table, const sqlite::Statement& row, int first) {
  std::vector<Value> values(table.rules.columns.size());
  for (const ColumnId id : table.columns) values[id] = row.value(first++);
  return values;
}

const std::string& RowStore::select(const Table& table) {
  std::string& sql = selects_[table.id];
  if (sql.empty()) sql = select_by_key(table);
  return sql;
}

std::optional<StoredRow> RowStore::load(const Table& table, const std::vector<Value>& key,
                                        std::string_view encoded_key) {
  StoredRow row;
  sqlite::Using found(connection_.cached(select(table)));
  bind_key(*found, 1, key);
  if (found->step()) {
    row.live = true;
    row.encoded_meta = found->bytes(0);
    row.meta = decode_meta(row.encoded_meta, capture_.interner());
    row.values = read_values(table, *found, 1);
    return row;
  }
  sqlite::Using buried(
      connection_.cached("SELECT meta, image FROM main.rill_tombstone WHERE tbl = ? AND key = ?"));
  buried->bind(1, table.id).bind_blob(2, encoded_key);
  if (!buried->step()) return std::nullopt;
  row.meta = decode_meta(buried->bytes(0), capture_.interner());
  row.values = decode_image(table, buried->bytes(1));
  return row;
}

void RowStore::store(const Table& table, const std::vector<Value>& key,
                     std::string_view encoded_key, const std::optional<StoredRow>& before,
                     const RowState& state, const ShownRow& shown, std::int64_t seq) {
  const std::string meta =
      encode(collapse(state, table, shown.values, capture_.interner()), capture_.interner());
  const bool was_live = before && before->live;
  if (shown.alive && was_live) {
    update(table, key, *before, meta, shown, seq);
  } else if (shown.alive) {
    insert(table, key, meta, shown, seq);
  } else {
    if (was_live) erase(table, key, *before);
    bury(table, encoded_key, meta, shown, seq);
  }
  if (shown.alive && before && !was_live) {
    connection_.cached("DELETE FROM main.rill_tombstone WHERE tbl = ? AND key = ?")
        .bind(1, table.id)
        .bind_blob(2, encoded_key)
        .run();
  }
  note_conflicts(table, encoded_key, before, state);
}

void RowStore::insert(const Table& table, const std::vector<Value>& key, const std::string& meta,
                      const ShownRow& shown, std::int64_t seq) {
  sqlite::Using statement(connection_.cached(insert_statement(table)));
  statement->bind(1, seq).bind_blob(2, meta);
  bind_key(*statement, 3, key);
  int index = 3 + static_cast<int>(key.size());
  for (const ColumnId id : table.columns) statement->bind(index++, shown.values[id]);
  statement->run();
}

void RowStore::update(const Table& table, const std::vector<Value>& key, const StoredRow& before,
                      const std::string& meta, const ShownRow& shown, std::int64_t seq) {
  // Only what differs is named, so that the app's column triggers fire for real changes alone.
  std::vector<ColumnId> changed;
  std::string assignments = "_rill_seq = ?, _rill_meta = ?";
  for (const ColumnId id : table.columns) {
    if (shown.values[id] == before.values[id]) continue;
    changed.push_back(id);
    assignments += ", " + quoted(table.rules.columns[id].name) + " = ?";
  }
  sqlite::Using statement(connection_.cached("UPDATE main." + quoted(table.name()) + " SET " +
                                             assignments + where_key(table)));
  statement->bind(1, seq).bind_blob(2, meta);
  int index = 3;
  for (const ColumnId id : changed) statement->bind(index++, shown.values[id]);
  bind_key(*statement, index, key);
  if (!changed.empty()) capture_.expect_write(table.id, meta);
  statement->run();
}

void RowStore::erase(const Table& table, const std::vector<Value>& key, const StoredRow& before) {
  sqlite::Using statement(
      connection_.cached("DELETE FROM main." + quoted(table.name()) + where_key(table)));
  bind_key(*statement, 1, key);
  capture_.expect_write(table.id, before.encoded_meta);
  statement->run();
}

void RowStore::bury(const Table& table, std::string_view encoded_key, const std::string& meta,
                    const ShownRow& shown, std::int64_t seq) {
  connection_
      .cached(
          "INSERT INTO main.rill_tombstone(tbl, key, seq, meta, image) VALUES(?, ?, ?, ?, ?) "
          "ON CONFLICT(tbl, key) DO UPDATE SET seq = excluded.seq, meta = excluded.meta, "
          "image = excluded.image")
      .bind(1, table.id)
      .bind_blob(2, encoded_key)
      .bind(3, seq)
      .bind_blob(4, meta)
      .bind_blob(5, encode_image(table, shown.values))
      .run();
}

void RowStore::note_conflicts(const Table& table, std::string_view encoded_key,
                              const std::optional<StoredRow>& before, const RowState& state) {
  const bool conflicted = has_siblings(table, state);
  const bool had_entries =
      before && std::any_of(before->meta.exceptions.begin(), before->meta.exceptions.end(),
                            [](const RowMeta::Column& column) { return !column.whole; });
  if (!conflicted && !had_entries) return;
  const char* sql = conflicted ? "INSERT OR IGNORE INTO main.rill_conflicted(tbl, key) VALUES(?, ?)"
                               : "DELETE FROM main.rill_conflicted WHERE tbl = ? AND key = ?";
  connection_.cached(sql).bind(1, table.id).bind_blob(2, encoded_key).run();
}

namespace {

/// Texts are settled by an operation that changes no character: edits of the shown one that others
/// make meanwhile still find their characters.
void settle_text(sqlite::Connection& connection, Capture& capture, const Table& table,
                 const std::vector<Value>& key, const StoredRow& row, ColumnId id) {
  const Stamp stamp = capture.local_write().stamp;
  const std::int64_t seq = capture.next_seq(capture.catalog()->file());
  const std::string encoded_key = encode_key(key);
  Interner& interner = capture.interner();
  RowState state = expand(row.meta, table, row.values, interner);
  Entries& texts = state.at(id);
  capture.texts().settle({table.id, encoded_key, id}, texts, state.births, row.values[id], stamp,
                         seq);
  state.touch(stamp);
  const std::string meta = encode(collapse(state, table, row.values, interner), interner);
  // A text that has an operation is one, if an empty one.
  if (row.values[id].is_null() && is_edited(texts.front())) {
    const Capture::Editing editing(capture,
                                   [&] { return Capture::RowEdit{table.id, seq, meta, {}}; });
    sqlite::Using update(
        connection.cached(edit_column(table, quoted(table.rules.columns[id].name))));
    bind_key(*update, 1, key);
    return update->run();
  }
  capture.stamped_write();
  sqlite::Using update(connection.cached("UPDATE main." + quoted(table.name()) +
                                         " SET _rill_seq = ?, _rill_meta = ?" + where_key(table)));
  update->bind(1, seq).bind_blob(2, meta);
  bind_key(*update, 3, key);
  update->run();
}

}  // namespace

bool resolve_column(sqlite::Connection& connection, Capture& capture, std::string_view table_name,
                    const std::vector<Value>& key, std::string_view column) {
  const Table* table = capture.catalog()->find(table_name);
  if (table == nullptr) {
    throw Error(ErrorCode::unknown_table,
                "no replicated table is named " + std::string(table_name));
  }
  const auto id = table->find(column);
  if (!id || !table->rules.columns[*id].known) {
    throw Error(ErrorCode::unknown_column,
                "table " + table->name() + " has no column " + std::string(column));
  }
  const auto row = RowStore(connection, capture).load(*table, key, encode_key(key));
  if (!row || !row->live) {
    throw Error(ErrorCode::not_found, "there is no row " + row_name(*table, key));
  }
  const RowMeta::Column* exception = row->meta.exception(*id);
  if (exception == nullptr || exception->whole || exception->entries.size() < 2 ||
      !table->rules.columns[*id].rule.has_siblings()) {
    return false;
  }
  if (table->is_text(*id)) {
    settle_text(connection, capture, *table, key, *row, *id);
    return true;
  }
  std::string meta = "_rill_meta";
  const std::string file = std::to_string(capture.catalog()->file());
  for (const ColumnId written :
       table->rules.row_rule ? table->versioned_columns() : std::vector{*id}) {
    meta = "rill_resolved(" + file + ", " + std::to_string(written) + ", " + meta + ")";
  }
  sqlite::Using update(connection.cached("UPDATE main." + quoted(table->name()) +
                                         " SET _rill_seq = rill_next_seq(" + file +
                                         "), _rill_meta = " + meta + where_key(*table)));
  bind_key(*update, 1, key);
  update->run();
  return true;
}

}  // namespace rill::storage
