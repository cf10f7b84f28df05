#include "change_reader.hpp"

#include <algorithm>
#include <utility>

#include "apply.hpp"
#include "row_store.hpp"

namespace rill::storage {
namespace {

/// The latest event that wrote the row's existence: every local write does.
Event latest_event(const RowMeta& meta) {
  Event latest;
  for (const RowMeta::Mark& mark : meta.existence) {
    if (mark.event.time >= latest.time) latest = mark.event;
  }
  return latest;
}

}  // namespace

ChangeReader::ChangeReader(Reader& reader) {
  const ClockRow clock = ClockRow::read(reader.connection);
  seq_ = clock.seq;
  vector_ = read_vector(reader.connection, reader.interner);
}

SeenChanges ChangeReader::read(Reader& reader, const Wanted& wanted,
                               std::vector<ReplacedRows>& replaced) {
  SeenChanges seen;
  VersionVector vector = read_vector(reader.connection, reader.interner);
  seen.vector_moved = vector != vector_;
  const ClockRow clock = ClockRow::read(reader.connection);
  if (clock.seq != seq_) {
    own_ = reader.interner.id(clock.replica);
    found_.clear();
    unlisted_.clear();
    bytes_ = 0;
    bytes_by_table_.clear();
    index(replaced);
    for (const Table& table : reader.catalog->tables()) {
      if (!table_changed(reader, table, clock.seq)) continue;
      seen.tables.insert(table.name());
      if (wanted.holds(table.name())) read_table(reader, table, clock.seq);
    }
    read_tombstones(reader, wanted, seen, clock.seq);
    for (auto& [seq, change] : found_) seen.listed.changes.push_back(std::move(change));
    seen.listed.unlisted.assign(unlisted_.begin(), unlisted_.end());
    found_.clear();
    before_.clear();
    seq_ = clock.seq;
  }
  vector_ = std::move(vector);
  return seen;
}

void ChangeReader::index(std::vector<ReplacedRows>& replaced) {
  before_.clear();
  std::sort(replaced.begin(), replaced.end(),
            [](const auto& left, const auto& right) { return left.after() < right.after(); });
  std::int64_t reached = seq_;
  for (const ReplacedRows& run : replaced) {
    if (run.until() <= reached) continue;  // reported before this process heard of its own commit
    if (run.after() > reached) return;
    reached = run.until();
    // The first values seen are the oldest.
    for (const RowBefore& row : run.rows()) before_.emplace(std::pair(row.table, row.key), &row);
  }
}

bool ChangeReader::table_changed(Reader& reader, const Table& table, std::int64_t until) {
  sqlite::Using any(reader.connection.cached("SELECT EXISTS(SELECT 1 FROM main." +
                                             sqlite::quoted(table.name()) +
                                             " WHERE _rill_seq > ? AND _rill_seq <= ?)"));
  any->bind(1, seq_).bind(2, until);
  return any->step() && any->integer(0) != 0;
}

void ChangeReader::charge(const Change& change) {
  std::size_t bytes = sizeof(Change);
  for (const Value& value : change.key) bytes += value.size();
  for (const ColumnChange& column : change.columns) {
    bytes += sizeof(ColumnChange) + column.column.size();
    if (column.old_value) bytes += column.old_value->size();
    if (column.new_value) bytes += column.new_value->size();
  }
  bytes_ += bytes;
  bytes_by_table_[change.table] += bytes;
  if (found_.size() <= kMaxListedRows && bytes_ <= kMaxListedBytes) return;
  const std::string table = change.table;
  unlisted_.insert(table);
  std::erase_if(found_, [&](const auto& found) { return found.second.table == table; });
  bytes_ -= std::exchange(bytes_by_table_[table], 0);
}

void ChangeReader::read_table(Reader& reader, const Table& table, std::int64_t until) {
  sqlite::Using rows(reader.connection.cached(select_since(table)));
  rows->bind(1, seq_).bind(2, until);
  const int keys = static_cast<int>(table.key_columns.size());
  while (!unlisted_.contains(table.name()) && rows->step()) {
    Change change;
    change.key = read_key(table, *rows, 2);
    const RowMeta meta = decode_meta(rows->bytes(1), reader.interner);
    const std::vector<Value> values = read_values(table, *rows, 2 + keys);
    const bool born = std::any_of(meta.births.begin(), meta.births.end(), [&](const Event& birth) {
      return !vector_.covers({reader.interner.id(birth.replica), birth.counter});
    });
    change.kind = born ? Change::Kind::insert : Change::Kind::update;
    add(reader, rows->integer(0), std::move(change), table, meta, values);
  }
}

void ChangeReader::read_tombstones(Reader& reader, const Wanted& wanted, SeenChanges& seen,
                                   std::int64_t until) {
  sqlite::Using rows(reader.connection.cached(
      "SELECT seq, tbl, key, meta, image FROM main.rill_tombstone WHERE seq > ? AND seq <= ? "
      "ORDER BY seq"));
  rows->bind(1, seq_).bind(2, until);
  while (rows->step()) {
    const Table* table = reader.catalog->find(rows->integer(1));
    if (table == nullptr) continue;
    seen.tables.insert(table->name());
    if (!wanted.holds(table->name()) || unlisted_.contains(table->name())) continue;
    Change change;
    change.kind = Change::Kind::erase;
    change.key = decode_stored_key(*table, rows->bytes(2));
    sqlite::Using reborn(reader.connection.cached(select_by_key(*table)));
    int index = 1;
    for (const Value& value : change.key) reborn->bind(index++, value);
    if (reborn->step()) continue;
    add(reader, rows->integer(0), std::move(change), *table,
        decode_meta(rows->bytes(3), reader.interner), decode_image(*table, rows->bytes(4)));
  }
}

void ChangeReader::add(Reader& reader, std::int64_t seq, Change change, const Table& table,
                       const RowMeta& meta, const std::vector<Value>& values) {
  change.table = table.name();
  change.origin = reader.interner.id(latest_event(meta).replica);
  change.local = change.origin == own_;
  const auto found = before_.find(std::pair(table.id, encode_key(change.key)));
  const RowBefore* before = found != before_.end() ? found->second : nullptr;
  fill_columns(change, table, before, values);
  const Change& added = found_.emplace(seq, std::move(change)).first->second;
  charge(added);
}

void ChangeReader::fill_columns(Change& change, const Table& table, const RowBefore* before,
                                const std::vector<Value>& values) const {
  for (const ColumnId id : table.columns) {
    ColumnChange column{table.rules.columns[id].name, std::nullopt, std::nullopt};
    if (change.kind == Change::Kind::erase) {
      column.old_value = before != nullptr ? before->values.at(id) : values[id];
    } else {
      column.new_value = values[id];
      const bool had_row = change.kind == Change::Kind::update && before != nullptr;
      if (had_row) column.old_value = before->values.at(id);
      if (had_row && column.old_value == column.new_value) continue;
    }
    change.columns.push_back(std::move(column));
  }
}

}  // namespace rill::storage
