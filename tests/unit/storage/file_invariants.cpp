#include "unit/storage/file_invariants.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "apply.hpp"
#include "capture.hpp"
#include "catalog.hpp"
#include "interner.hpp"
#include "rill/delta.hpp"
#include "rill/row_state.hpp"
#include "row_meta.hpp"
#include "row_store.hpp"
#include "sqlite.hpp"
#include "unknown_rows.hpp"

namespace rill::testing {
namespace {

using storage::Table;

/// Reads one file through and notes what does not hold.
class Inspection {
 public:
  Inspection(const std::string& path, const std::string& vfs)
      : connection_(path, {.read_only = true, .vfs = vfs}), interner_(connection_) {}

  std::vector<std::string> run() {
    check_integrity();
    if (connection_.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'rill_file'") == 0) {
      return std::move(broken_);
    }
    const storage::RuleRegistry registry;
    catalog_ = storage::Catalog::load(connection_, registry);
    vector_ = storage::read_vector(connection_, interner_);
    clock_ = storage::ClockRow::read(connection_);
    for (const Table& table : catalog_->tables()) read_table(table);
    read_tombstones();
    read_unknown_rows();
    read_marks();
    return std::move(broken_);
  }

 private:
  /// What one row had seen, for the marks.
  struct Seen {
    std::int64_t seq = 0;
    VersionVector events;
    std::string row;
  };

  void broken(const std::string& what) { broken_.push_back(what); }

  void check_integrity() {
    sqlite::Statement check(connection_.raw(), "PRAGMA integrity_check", false);
    while (check.step()) {
      if (check.bytes(0) != "ok") broken("integrity_check: " + std::string(check.bytes(0)));
    }
  }

  static void collect(const Entries& entries, VersionVector& events) {
    for (const Entry& entry : entries) events.raise(entry.id.dot);
  }

  void note(std::int64_t seq, const RowState& state, const std::string& row) {
    if (seq > clock_.seq) broken(row + " has a _rill_seq beyond the clock's");
    if (!seqs_.insert(seq).second) broken(row + " has another row's _rill_seq");
    Seen seen{seq, {}, row};
    collect(state.births, seen.events);
    collect(state.existence, seen.events);
    for (const RowState::Column& column : state.columns) collect(column.entries, seen.events);
    if (!(seen.events <= vector_)) broken(row + " holds events that the vector does not cover");
    seen_.push_back(std::move(seen));
  }

  void check_shown(const Table& table, const RowState& state, const std::vector<Value>& values,
                   bool live, const std::string& row) {
    ShownRow shown = show(table.rules, state);
    storage::make_storable(table, state, shown);
    if (shown.alive != live)
      broken(row + (live ? " is dead, but stands" : " is alive, but buried"));
    if (!live) return;
    for (const ColumnId id : table.columns) {
      if (shown.values[id] == values[id]) continue;
      broken(row + " shows " + to_display(values[id]) + " where its entries say " +
             to_display(shown.values[id]));
    }
  }

  void read_table(const Table& table) {
    sqlite::Statement rows(connection_.raw(), storage::select_since(table), false);
    rows.bind(1, std::int64_t{-1}).bind(2, INT64_MAX);
    std::int64_t count = 0;
    const int keys = static_cast<int>(table.key_columns.size());
    for (; rows.step(); ++count) {
      const std::vector<Value> key = storage::read_key(table, rows, 2);
      const std::string row = storage::row_name(table, key);
      const auto values = storage::read_values(table, rows, 2 + keys);
      const RowState state =
          storage::expand(storage::decode_meta(rows.bytes(1), interner_), table, values, interner_);
      note(rows.integer(0), state, row);
      check_shown(table, state, values, true, row);
      live_.emplace(table.id, encode_key(key));
    }
    if (count != connection_.integer("SELECT count(*) FROM " + sqlite::quoted(table.name()))) {
      broken(table.name() + " has rows without a _rill_seq");
    }
  }

  void read_tombstones() {
    sqlite::Statement rows(connection_.raw(),
                           "SELECT tbl, key, seq, meta, image FROM rill_tombstone", false);
    while (rows.step()) {
      const Table* table = catalog_->find(rows.integer(0));
      if (table == nullptr || live_.contains({table->id, std::string(rows.bytes(1))})) continue;
      const std::string row = storage::row_name(*table, decode_key(rows.bytes(1)));
      const auto values = storage::decode_image(*table, rows.bytes(4));
      const RowState state = storage::expand(storage::decode_meta(rows.bytes(3), interner_), *table,
                                             values, interner_);
      note(rows.integer(2), state, row);
      check_shown(*table, state, values, false, row);
    }
  }

  void read_unknown_rows() {
    sqlite::Statement rows(connection_.raw(),
                           "SELECT seq, name, key, columns, state FROM rill_unknown", false);
    while (rows.step()) {
      const storage::UnknownRow row = storage::read_unknown(rows, 1);
      note(rows.integer(0), row.state, row.table + " (unknown)");
    }
  }

  void read_marks() {
    sqlite::Statement marks(connection_.raw(), "SELECT seq, vector FROM rill_mark", false);
    while (marks.step()) {
      const VersionVector vector = decode_version_vector(marks.bytes(1));
      for (const Seen& seen : seen_) {
        if (seen.seq > marks.integer(0) || seen.events <= vector) continue;
        broken(seen.row + " holds events beyond the mark at " + std::to_string(marks.integer(0)));
      }
    }
    if (clock_.exported > clock_.counter) broken("more was exported than there is");
  }

  sqlite::Connection connection_;
  storage::Interner interner_;
  std::shared_ptr<const storage::Catalog> catalog_;
  storage::ClockRow clock_;
  VersionVector vector_;
  std::set<std::int64_t> seqs_;
  std::set<std::pair<std::int64_t, std::string>> live_;
  std::vector<Seen> seen_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_invariants(const std::string& path, const std::string& vfs) {
  return Inspection(path, vfs).run();
}

}  // namespace rill::testing
