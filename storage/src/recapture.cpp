#include "recapture.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adoption.hpp"
#include "apply.hpp"
#include "rill/delta.hpp"
#include "row_audit.hpp"
#include "row_store.hpp"

namespace rill::storage {
namespace {

/// A row to be written: its key, and its new meta unless only its place in the order is wrong.
struct Repair {
  std::vector<Value> key;
  std::optional<std::string> meta;
};

class Recapture {
 public:
  Recapture(sqlite::Connection& connection, Capture& capture, const Table& table,
            const Table& before, Missed missed)
      : connection_(connection),
        capture_(capture),
        table_(table),
        before_(before),
        missed_(missed),
        write_(capture.local_write()),
        vector_(read_vector(connection, capture.interner())),
        seq_(ClockRow::read(connection).seq) {
    vector_.raise(write_.stamp.dot);
  }

  void run() {
    std::vector<Repair> repairs = find_repairs();
    for (const Repair& repair : repairs) write(repair);
    for (const std::string& key : conflicted_rows(connection_, table_)) bury_if_lost(key);
  }

 private:
  std::vector<Repair> find_repairs() {
    std::vector<Repair> repairs;
    sqlite::Statement rows(connection_.raw(), select_all(table_), false);
    const int keys = static_cast<int>(table_.key_columns.size());
    std::int64_t last = 0;
    while (rows.step()) {
      const std::int64_t seq = rows.is_null(0) ? 0 : rows.integer(0);
      // Rows that the repair itself made carry this transaction's numbers.
      const bool misplaced = seq <= last || (seq > seq_ && !is_own(rows.bytes(1)));
      last = std::max(last, seq);
      Repair repair{read_key(table_, rows, 2), std::nullopt};
      repair.meta = stamped(repair.key, rows.bytes(1), read_values(table_, rows, 2 + keys));
      if (repair.meta || misplaced) repairs.push_back(std::move(repair));
    }
    return repairs;
  }

  /// Whether the row was inserted by this very transaction, as those without a meta were.
  bool is_own(std::string_view meta) const { return meta == inserted(); }

  [[nodiscard]] std::string inserted() const {
    const Event event{capture_.interner().number(write_.stamp.dot.replica),
                      write_.stamp.dot.counter, write_.stamp.time.bits};
    return encode_inserted(event, table_.shape());
  }

  /// The row's state by its meta; empty if that cannot be what this file wrote.
  std::optional<RowState> known_state(std::string_view meta, const std::vector<Value>& values) {
    try {
      RowState state =
          expand(decode_meta(meta, capture_.interner()), table_, values, capture_.interner());
      const bool alive = state.alive(table_.rules.delete_policy);
      if (alive && !has_news(state, vector_)) return state;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::corrupt) throw;
    }
    return std::nullopt;
  }

  /// The meta that the row should have instead, if another.
  std::optional<std::string> stamped(const std::vector<Value>& key, std::string_view meta,
                                     const std::vector<Value>& values) {
    if (is_own(meta)) return std::nullopt;
    std::optional<RowState> state = known_state(meta, values);
    if (!state) return inserted();
    const RowAudit found = audit(table_, *state, values, capture_.texts());
    std::vector<ColumnId> written = found.unexplained;
    if (missed_ != Missed::nothing) written = table_.columns;
    if (table_.rules.row_rule && !written.empty()) add(written, table_.versioned_columns());
    std::erase_if(written, [&](ColumnId id) { return is_untouched(id, values[id]); });
    if (written.empty() && missed_ != Missed::keys) return std::nullopt;
    for (const ColumnId id : written) record(*state, key, id, found.shown.values[id], values[id]);
    state->touch(write_.stamp);
    if (missed_ == Missed::keys) state->births = {Entry::make(write_.stamp, Value())};
    state->drop_empty_columns();
    return encode(collapse(*state, table_, values, capture_.interner()), capture_.interner());
  }

  /// Whether the column is new here and nothing was written to it.
  [[nodiscard]] bool is_untouched(ColumnId id, const Value& value) const {
    const bool is_new = id >= before_.rules.columns.size() || !before_.rules.columns[id].known;
    return is_new && value == table_.rules.columns[id].default_value;
  }

  static void add(std::vector<ColumnId>& columns, const std::vector<ColumnId>& more) {
    columns.insert(columns.end(), more.begin(), more.end());
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  }

  /// An edited text tells by itself what was changed of it unseen.
  [[nodiscard]] bool is_edit(const Entries& texts, ColumnId id, const Value& value) const {
    return table_.is_text(id) && value.type() == Value::Type::text && missed_ != Missed::keys &&
           (missed_ == Missed::nothing || !cells_of(texts).empty());
  }

  void record(RowState& state, const std::vector<Value>& key, ColumnId id, const Value& explained,
              const Value& value) const {
    const Rule& rule = table_.rules.columns[id].rule;
    Entries& entries = state.at(id);
    if (is_edit(entries, id, value)) {
      if (value == explained) return;
      capture_.texts().record({table_.id, encode_key(key), id}, entries, state.births, value,
                              write_.stamp, capture_.next_seq(capture_.catalog()->file()));
    } else if (missed_ != Missed::nothing || rule.has_siblings()) {
      entries = written_at_once(rule, value, write_.stamp);
    } else {
      record_change(rule, entries, explained, value, write_);
    }
  }

  void write(const Repair& repair) {
    std::string sql = "UPDATE main." + sqlite::quoted(table_.name()) + " SET _rill_seq = ?" +
                      (repair.meta ? ", _rill_meta = ?" : "") + " WHERE ";
    for (std::size_t index = 0; index < table_.key_columns.size(); ++index) {
      sql += (index == 0 ? "" : " AND ") + sqlite::quoted(table_.key_columns[index]) + " = ?";
    }
    sqlite::Using update(connection_.cached(sql));
    int index = 1;
    update->bind(index++, capture_.next_seq(capture_.catalog()->file()));
    if (repair.meta) update->bind_blob(index++, *repair.meta);
    for (const Value& value : repair.key) update->bind(index++, value);
    update->run();
  }

  /// A row that was known to exist, and is neither there nor buried, was deleted unseen.
  void bury_if_lost(const std::string& encoded_key) {
    const std::vector<Value> key = decode_stored_key(table_, encoded_key);
    if (RowStore(connection_, capture_).load(table_, key, encoded_key)) return;
    RowState state;
    state.erase(write_.stamp);
    const std::vector<Value> values(table_.rules.columns.size());
    const std::string meta =
        encode(collapse(state, table_, values, capture_.interner()), capture_.interner());
    connection_
        .cached("INSERT INTO main.rill_tombstone(tbl, key, seq, meta, image) VALUES(?, ?, ?, ?, ?)")
        .bind(1, table_.id)
        .bind_blob(2, encoded_key)
        .bind(3, capture_.next_seq(capture_.catalog()->file()))
        .bind_blob(4, meta)
        .bind_blob(5, encode_image(table_, values))
        .run();
  }

  sqlite::Connection& connection_;
  Capture& capture_;
  const Table& table_;
  const Table& before_;
  Missed missed_;
  LocalWrite write_;
  VersionVector vector_;
  std::int64_t seq_;  // of the clock before this transaction
};

}  // namespace

void stamp_missed_writes(sqlite::Connection& connection, Capture& capture, const Table& table,
                         const Table& before, Missed missed) {
  Recapture(connection, capture, table, before, missed).run();
}

}  // namespace rill::storage
