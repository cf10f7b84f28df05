#include "fork_renamer.hpp"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "apply.hpp"
#include "clock_row.hpp"
#include "damage.hpp"
#include "identity.hpp"
#include "rill/delta.hpp"
#include "unknown_rows.hpp"

namespace rill::storage {

ForkRenamer::ForkRenamer(sqlite::Connection& connection, Capture& capture, const Forks& forks)
    : connection_(connection),
      capture_(capture),
      interner_(capture.interner()),
      epochs_(read_all_epochs(connection, interner_)),
      renaming_(forks, epochs_),
      rows_(connection, capture),
      cells_(connection, interner_),
      seq_(ClockRow::read(connection).seq) {
  for (const auto& [replica, parts] : renaming_.parts()) {
    const std::uint32_t number = interner_.number(replica);
    if (number >= kept_.size()) kept_.resize(number + 1);
    kept_[number] = renaming_.first_renamed(replica);
  }
  const auto replicas =
      static_cast<std::size_t>(connection.integer("SELECT count(*) FROM main.rill_replica"));
  kept_.resize(replicas + 1);
  // 0 stands for "keeps all of its names", and wraps.
  for (std::uint64_t& first : kept_) --first;
}

BoundedEvents ForkRenamer::run() {
  connection_.cached("DELETE FROM main.rill_inbox").run();
  if (renaming_.empty()) return {};
  // Texts look for their epochs under the old names.
  cells_.rename(renaming_);
  for (const Table& table : capture_.catalog()->tables()) {
    rename_tombstones(table);
    rename_rows(table);
  }
  rename_unknown();
  rename_marks();
  rename_vector();
  rename_epochs();
  connection_.cached("UPDATE main.rill_clock SET seq = ? WHERE space = 1").bind(1, seq_).run();
  return events();
}

void ForkRenamer::rename_vector() {
  const VersionVector renamed = renaming_.apply(read_vector(connection_, interner_));
  for (const auto& [replica, parts] : renaming_.parts()) {
    connection_.cached("DELETE FROM main.rill_vector WHERE replica = ?")
        .bind(1, interner_.number(replica))
        .run();
  }
  const ClockRow clock = ClockRow::read(connection_);
  for (const auto& [replica, counter] : renamed) {
    const std::uint32_t number = interner_.number(replica);
    if (number == clock.replica) continue;
    connection_
        .cached(
            "INSERT INTO main.rill_vector(space, replica, counter) VALUES(1, ?, ?) "
            "ON CONFLICT(space, replica) DO UPDATE SET counter = excluded.counter")
        .bind(1, number)
        .bind(2, counter)
        .run();
  }
}

void ForkRenamer::rename_epochs() {
  std::vector<Epoch> renamed;
  for (const auto& [replica, parts] : renaming_.parts()) {
    connection_.cached("DELETE FROM main.rill_epoch WHERE replica = ?")
        .bind(1, interner_.number(replica))
        .run();
    for (Epoch epoch : epochs_.history(replica)) {
      epoch.replica = renaming_.apply(Dot{replica, epoch.first}).replica;
      renamed.push_back(epoch);
    }
  }
  add_epochs(connection_, interner_, renamed);
}

void ForkRenamer::rename_marks() {
  std::map<std::int64_t, std::string> marks;
  {
    sqlite::Using rows(
        connection_.cached("SELECT seq, vector FROM main.rill_mark WHERE space = 1"));
    while (rows->step()) {
      const VersionVector vector =
          read_stored("rill_mark.vector", [&] { return decode_version_vector(rows->bytes(1)); });
      marks[rows->integer(0)] = encode(renaming_.apply(vector));
    }
  }
  for (const auto& [seq, vector] : marks) {
    connection_.cached("UPDATE main.rill_mark SET vector = ? WHERE space = 1 AND seq = ?")
        .bind_blob(1, vector)
        .bind(2, seq)
        .run();
  }
}

void ForkRenamer::rename_rows(const Table& table) {
  std::vector<std::vector<Value>> keys;
  {
    sqlite::Statement rows(connection_.raw(), select_all(table), false);
    while (rows.step()) {
      if (has_news(rows.bytes(1), kept_)) keys.push_back(read_key(table, rows, 2));
    }
  }
  for (const std::vector<Value>& key : keys) rename_row(table, key);
}

void ForkRenamer::rename_tombstones(const Table& table) {
  std::vector<std::string> keys;
  {
    sqlite::Using rows(
        connection_.cached("SELECT key, meta FROM main.rill_tombstone WHERE tbl = ?"));
    rows->bind(1, table.id);
    while (rows->step()) {
      if (has_news(rows->bytes(1), kept_)) keys.emplace_back(rows->bytes(0));
    }
  }
  for (const std::string& encoded : keys) {
    const std::vector<Value> key = decode_stored_key(table, encoded);
    const std::optional<StoredRow> row = rows_.load(table, key, encoded);
    if (row && row->live) {
      // It counts for nothing beside the live row.
      connection_.cached("DELETE FROM main.rill_tombstone WHERE tbl = ? AND key = ?")
          .bind(1, table.id)
          .bind_blob(2, encoded)
          .run();
    } else {
      rename_row(table, key);
    }
  }
}

void ForkRenamer::rename_row(const Table& table, const std::vector<Value>& key) {
  const std::string encoded = encode_key(key);
  const std::optional<StoredRow> before = rows_.load(table, key, encoded);
  if (!before) throw damaged(row_name(table, key) + " is in its table's scan and not found by key");
  RowState state = expand(before->meta, table, before->values, interner_);
  renaming_.apply(state);
  ShownRow shown = show_renamed(table, state, *before);
  make_storable(table, state, shown);
  rows_.store(table, key, encoded, before, state, shown, ++seq_);
}

/// Other names may change what is shown where numbers are added up in the order of names.
ShownRow ForkRenamer::show_renamed(const Table& table, const RowState& state,
                                   const StoredRow& before) {
  std::map<std::int64_t, std::string> known;
  for (const RowState::Column& column : state.columns) {
    if (!table.is_text(column.id)) continue;
    const Value& shown = before.values.at(column.id);
    for (const std::int64_t cell : cells_of(column.entries)) {
      known[cell] = shown.type() == Value::Type::text ? shown.text() : std::string();
    }
  }
  return show(table.rules, cells_.readable(table, state, known));
}

void ForkRenamer::rename_unknown() {
  std::vector<UnknownRow> rows;
  {
    sqlite::Using found(
        connection_.cached("SELECT name, key, columns, state FROM main.rill_unknown"));
    while (found->step()) rows.push_back(read_unknown(*found, 0));
  }
  for (UnknownRow& row : rows) {
    const RowState before = row.state;
    renaming_.apply(row.state);
    if (row.state != before) store_unknown(connection_, row, ++seq_);
  }
}

BoundedEvents ForkRenamer::events() const {
  BoundedEvents events;
  for (const auto& [replica, parts] : renaming_.parts()) {
    events.add({DatabaseEvent::Kind::forked,
                ErrorCode::forked,
                {},
                {},
                {},
                "several files had gone on as replica " + replica.to_string() +
                    " (copies, or old backups put back): from its event " +
                    std::to_string(renaming_.first_renamed(replica)) +
                    " on, what each of them wrote is kept, as of replicas of their own"});
  }
  return events;
}

}  // namespace rill::storage
