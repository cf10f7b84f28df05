#include "integrity.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "apply.hpp"
#include "capture_drift.hpp"
#include "forks.hpp"
#include "identity.hpp"
#include "row_audit.hpp"
#include "row_store.hpp"
#include "unknown_rows.hpp"

namespace rill::storage {
namespace {

constexpr const char* kRestore =
    "restore the file from a backup, or sync into a new one: what others hold comes back";
constexpr const char* kReport = "this is a defect of Rill's: please report it";

std::string recapture_advice(const std::string& table) {
  return "call Database::recapture(\"" + table + "\")";
}

/// Whether it tells of what kept the file from being read, and nothing of the file.
bool is_passing(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::io:
    case ErrorCode::busy:
    case ErrorCode::disk_full:  // of temporary files
    case ErrorCode::cannot_open:
    case ErrorCode::interrupted:
      return true;
    default:
      return false;
  }
}

/// Whether a line of `PRAGMA integrity_check` is about a page that the disk did not give: SQLite
/// goes on, and does not tell of it by a result code.
bool tells_of_the_disk(std::string_view line) {
  constexpr std::string_view kCode = "unable to get the page. error code=";
  if (line.find("failed to get page") != std::string_view::npos) return true;
  const std::size_t found = line.find(kCode);
  if (found == std::string_view::npos) return false;
  const std::string code(line.substr(found + kCode.size()));
  return sqlite::code_of(std::atoi(code.c_str())) == ErrorCode::io;
}

/// One run of `check_file`.
class Inspection {
 public:
  explicit Inspection(Reader& reader)
      : reader_(reader),
        cells_(reader.connection, reader.interner),
        clock_(ClockRow::read(reader.connection)),
        vector_(read_vector(reader.connection, reader.interner)) {}

  std::vector<Finding> run() {
    guarded("", [&] { check_pages(); });
    guarded("rill_clock", [&] { check_clock(); });
    guarded("rill_fork", [&] { check_names(); });
    guarded("rill_mark", [&] { read_marks(); });
    guarded("", [&] { check_tables(); });
    guarded("rill_tombstone", [&] { check_tombstones(); });
    guarded("rill_unknown", [&] { check_unknown(); });
    guarded("rill_text_op", [&] { check_text_ops(); });
    return std::move(findings_);
  }

 private:
  /// A part that makes no sense is a finding, and the other parts are still looked at.
  template <typename Body>
  void guarded(const std::string& table, Body body) {
    if (full()) return;
    try {
      body();
    } catch (const Error& error) {
      if (is_passing(error)) throw;
      add(table, {}, error.what(), kRestore);
    }
  }

  [[nodiscard]] bool full() const noexcept { return findings_.size() >= kMaxFindings; }

  void add(std::string table, std::vector<Value> key, std::string what, std::string advice) {
    if (full()) return;
    findings_.push_back({std::move(table), std::move(key), std::move(what), std::move(advice)});
  }

  void check_pages() {
    sqlite::Statement rows(reader_.connection.raw(), "PRAGMA main.integrity_check", false);
    while (rows.step() && !full()) {
      const std::string line(rows.bytes(0));
      if (tells_of_the_disk(line)) {
        throw sqlite::error_with_advice(ErrorCode::io, "PRAGMA integrity_check: " + line);
      }
      if (line != "ok") add("", {}, line, kRestore);
    }
  }

  void check_clock() {
    if (clock_.exported > clock_.counter) {
      add("rill_clock", {},
          "event " + std::to_string(clock_.exported) + " of this device has left the file, whose " +
              "clock stands at " + std::to_string(clock_.counter),
          kRestore);
    }
    for (const auto& [replica, counter] : vector_) {
      const std::uint32_t number = reader_.interner.number(replica);
      sqlite::Using epochs(reader_.connection.cached(
          "SELECT EXISTS(SELECT 1 FROM main.rill_epoch WHERE replica = ? AND first <= ?)"));
      epochs->bind(1, number).bind(2, counter);
      if (epochs->step() && epochs->integer(0) == 0) {
        add("rill_epoch", {}, "no epoch is known of the events of " + replica.to_string(),
            kRestore);
      }
    }
  }

  void check_names() {
    const Renaming due(read_forks(reader_.connection),
                       read_all_epochs(reader_.connection, reader_.interner));
    for (const auto& [replica, parts] : due.parts()) {
      add("rill_fork", {},
          "events of " + replica.to_string() + " have names that a certificate takes away",
          kRestore);
    }
  }

  void read_marks() {
    sqlite::Statement rows(reader_.connection.raw(),
                           "SELECT seq, vector FROM main.rill_mark ORDER BY seq", false);
    while (rows.step()) {
      VersionVector vector = decode_version_vector(rows.bytes(1));
      const bool rises = marks_.empty() || marks_.rbegin()->second <= vector;
      if (!rises || !(vector <= vector_) || rows.integer(0) > clock_.seq) {
        add("rill_mark", {},
            "the mark at " + std::to_string(rows.integer(0)) + " claims more than the file has",
            kReport);
      }
      marks_.emplace(rows.integer(0), std::move(vector));
    }
  }

  void check_tables() {
    for (const Table& table : reader_.catalog->tables()) {
      const TableDrift drift = read_drift(reader_.connection, *reader_.catalog, table);
      for (const std::string& difference : drift.differences) {
        add(table.name(), {}, difference, advice_for(drift));
      }
      if (drift.gone || drift.columns_lost) continue;
      guarded(table.name(), [&] { check_rows(table); });
    }
  }

  void check_rows(const Table& table) {
    sqlite::Statement rows(reader_.connection.raw(), select_all(table), false);
    const int keys = static_cast<int>(table.key_columns.size());
    while (rows.step() && !full()) {
      const std::vector<Value> key = read_key(table, rows, 2);
      const std::string advice = recapture_advice(table.name());
      if (rows.is_null(0)) {
        add(table.name(), key, "_rill_seq is missing", advice);
      } else {
        check_seq(table.name(), key, rows.integer(0), advice);
      }
      const auto state = decoded(table, key, rows.bytes(1), read_values(table, rows, 2 + keys));
      if (!state) continue;
      if (!state->alive(table.rules.delete_policy)) {
        add(table.name(), key, "the row stands in the table, and its entries say it is deleted",
            advice);
      }
      check_mark(table.name(), key, rows.integer(0), *state);
      for (const ColumnId id :
           audit(table, *state, read_values(table, rows, 2 + keys), cells_).unexplained) {
        add(table.name(), key,
            "column " + table.rules.columns[id].name + " shows something else than its entries say",
            advice);
      }
    }
  }

  void check_seq(const std::string& table, const std::vector<Value>& key, std::int64_t seq,
                 const std::string& advice) {
    if (seq <= 0 || seq > clock_.seq) {
      add(table, key,
          "its place in the order of changes, " + std::to_string(seq) + ", is beyond the clock's " +
              std::to_string(clock_.seq),
          advice);
    } else if (!seqs_.insert(seq).second) {
      add(table, key,
          "its place in the order of changes, " + std::to_string(seq) + ", is another row's, too",
          advice);
    }
  }

  std::optional<RowState> decoded(const Table& table, const std::vector<Value>& key,
                                  std::string_view meta, const std::vector<Value>& values) {
    const std::string advice = recapture_advice(table.name());
    try {
      RowState state = expand(decode_meta(meta, reader_.interner), table, values, reader_.interner);
      if (!has_news(state, vector_)) return state;
      add(table.name(), key, "it names an event that the file's vector does not cover", advice);
    } catch (const Error& error) {
      if (is_passing(error)) throw;
      add(table.name(), key, std::string("_rill_meta cannot be read: ") + error.what(), advice);
    }
    return std::nullopt;
  }

  /// What stood at a mark had only events that the mark's vector covers.
  void check_mark(const std::string& table, const std::vector<Value>& key, std::int64_t seq,
                  const RowState& state) {
    const auto mark = marks_.lower_bound(seq);
    if (mark == marks_.end() || !has_news(state, mark->second)) return;
    add(table, key,
        "it holds events that the mark at " + std::to_string(mark->first) +
            " does not cover, so a peer would not get them",
        table.starts_with("rill_") ? kReport : recapture_advice(table));
  }

  void check_tombstones() {
    sqlite::Statement rows(reader_.connection.raw(),
                           "SELECT tbl, key, seq, meta, image FROM main.rill_tombstone", false);
    while (rows.step() && !full()) {
      const Table* table = reader_.catalog->find(rows.integer(0));
      if (table == nullptr) {
        add("rill_tombstone", {},
            "a deleted row is of table number " + std::to_string(rows.integer(0)) +
                ", which is not there",
            kReport);
        continue;
      }
      guarded("rill_tombstone", [&] { check_tombstone(*table, rows); });
    }
  }

  void check_tombstone(const Table& table, const sqlite::Statement& row) {
    const std::vector<Value> key = decode_key(row.bytes(1));
    const std::vector<Value> values = decode_image(table, row.bytes(4));
    check_seq("rill_tombstone", key, row.integer(2), kReport);
    const auto state = decoded(table, key, row.bytes(3), values);
    if (!state) return;
    if (state->alive(table.rules.delete_policy)) {
      add("rill_tombstone", key, "the row is buried, and its entries say it is alive", kReport);
    }
    check_mark("rill_tombstone", key, row.integer(2), *state);
    if (is_older(live_meta(table, key), decode_meta(row.bytes(3), reader_.interner))) {
      add("rill_tombstone", key,
          "the row was deleted after the row in " + table.name() + " that has its key was written",
          recapture_advice(table.name()));
    }
  }

  /// Whether a replica that marked the row dead had marked it alive before, and that is what the
  /// table still has.
  static bool is_older(const std::optional<RowMeta>& live, const RowMeta& dead) {
    if (!live) return false;
    for (const RowMeta::Mark& mark : live->existence) {
      for (const RowMeta::Mark& later : dead.existence) {
        if (mark.event.replica == later.event.replica && mark.event.counter < later.event.counter) {
          return true;
        }
      }
    }
    return false;
  }

  /// Nothing if there is no such row, or none that can be read: that is a finding of its own.
  std::optional<RowMeta> live_meta(const Table& table, const std::vector<Value>& key) {
    sqlite::Using select(reader_.connection.cached(select_by_key(table)));
    int index = 1;
    for (const Value& value : key) select->bind(index++, value);
    if (!select->step()) return std::nullopt;
    try {
      return decode_meta(select->bytes(0), reader_.interner);
    } catch (const Error& error) {
      if (is_passing(error)) throw;
      return std::nullopt;
    }
  }

  void check_unknown() {
    sqlite::Statement rows(reader_.connection.raw(),
                           "SELECT name, key, columns, state, seq FROM main.rill_unknown", false);
    while (rows.step() && !full()) {
      guarded("rill_unknown", [&] {
        const UnknownRow row = read_unknown(rows, 0);
        const std::vector<Value> key = decode_key(row.key);
        check_seq("rill_unknown", key, rows.integer(4), kReport);
        check_mark("rill_unknown", key, rows.integer(4), row.state);
        if (has_news(row.state, vector_)) {
          add("rill_unknown", key, "it names an event that the file's vector does not cover",
              kReport);
        }
        const Table* table = reader_.catalog->find(row.table);
        if (table != nullptr && table->takes_key(key)) {
          add("rill_unknown", key, "table " + row.table + " is there, and the row is not in it",
              kReport);
        }
      });
    }
  }

  void check_text_ops() {
    sqlite::Statement rows(reader_.connection.raw(),
                           "SELECT cell, seq, replica, counter FROM main.rill_text_op", false);
    while (rows.step() && !full()) {
      const Dot dot{reader_.interner.id(static_cast<std::uint32_t>(rows.integer(2))),
                    rows.unsigned_integer(3)};
      const auto mark = marks_.lower_bound(rows.integer(1));
      const bool unmarked = mark != marks_.end() && !mark->second.covers(dot);
      if (!unmarked && vector_.covers(dot) && rows.integer(1) <= clock_.seq) continue;
      add("rill_text_op", {rows.value(0), rows.value(1)},
          "the operation's event is not one that the file has at that place, so a peer would not "
          "get "
          "it",
          kReport);
    }
  }

  Reader& reader_;
  TextCells cells_;
  ClockRow clock_;
  VersionVector vector_;
  std::map<std::int64_t, VersionVector> marks_;
  std::set<std::int64_t> seqs_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_file(Reader& reader) { return Inspection(reader).run(); }

}  // namespace rill::storage
