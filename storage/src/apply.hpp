#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bounded_events.hpp"
#include "capture.hpp"
#include "catalog.hpp"
#include "new_rows.hpp"
#include "rill/change_set.hpp"
#include "rill/delta.hpp"
#include "rill/delta_reader.hpp"
#include "rill/environment.hpp"
#include "rill/replica.hpp"
#include "row_store.hpp"
#include "text/merge.hpp"

namespace rill::storage {

/// The file's version vector, this replica's own counter included.
VersionVector read_vector(sqlite::Connection& connection, Interner& interner);

/// Throws `Error{causality_gap}` for a delta that starts beyond what the file, whose vector this
/// is, has seen.
void check_covered(const VersionVector& known, const VersionVector& vector);

/// Throws `Error{renamed}` for a delta that names events by other certificates than a file of which
/// `names` is `Forks::names`.
void check_names(const Delta& delta, std::uint64_t names);

/// The event that tells of a new replica id.
DatabaseEvent new_replica_event(const std::string& reason);

/// What an applied delta did, for observers and the app.
struct ApplyReport {
  std::uint64_t rows_changed = 0;
  VersionVector vector;
  ReplacedRows replaced;
  BoundedEvents events;
};

/// Joins received rows into the file, inside one write transaction that the caller holds.
///
/// Each chunk is joined with its own sender's vector against the vector that the file had at the
/// start; `finish` raises that vector, and only then is anything claimed to be seen. Thread safety:
/// used under its connection's lock.
class Applier {
 public:
  struct Options {
    /// Report what rows showed before.
    bool observed = false;
    bool check_purity = false;
  };

  Applier(sqlite::Connection& connection, Capture& capture, const Identity& identity,
          WallClock& clock, const Options& options);

  /// To be called first, with the last chunk: compares pasts, and takes over its epochs. Throws
  /// `Error`: causality_gap, renamed.
  void begin(const Delta& last);
  /// Joins one encoded delta, or chunk of one. Throws `Error`: malformed, limit_exceeded,
  /// causality_gap, renamed, or a storage error.
  void apply(std::string_view encoded);
  /// Raises the vector to that of the last chunk and writes the clock.
  ApplyReport finish();

 private:
  struct Target {
    const Table* table = nullptr;   // null for a table this schema lacks
    std::vector<ColumnId> columns;  // by the delta's column number
  };

  std::vector<Target> targets(const Delta& delta);
  Target target(const DeltaTable& table);
  void apply_row(const Delta& delta, const Target& target, RowFragment& fragment);
  void merge(const Delta& delta, const Table& table, const std::vector<Value>& key,
             RowFragment& fragment);
  /// What `state` shows. Texts that did not change are taken from the row as it was.
  ShownRow show_texts(const Table& table, const RowState& state, const RowState& old_state,
                      const std::optional<StoredRow>& before, const TextMerge& texts);
  void apply_unknown(const Delta& delta, RowFragment& fragment);
  void note_replaced(const Table& table, const std::string& key, std::vector<Value> values);
  void report_problems(const Table& table, const std::vector<Value>& key, const ShownRow& shown);
  void report_rejected(const Table& table, const std::vector<Value>& key, const RowState& before,
                       const RowState& after);
  void observe_times(const RowFragment& fragment);
  bool write_new(const Target& target, const InsertedRow& row);

  sqlite::Connection& connection_;
  Capture& capture_;
  const Identity& identity_;
  WallClock& clock_;
  Options options_;
  RowStore rows_;
  NewRows new_rows_;
  TextCells cells_;
  ClockRow clock_row_;
  VersionVector vector_;
  VersionVector reached_;
  std::uint64_t names_;  // `Forks::names`
  Timestamp latest_;
  ApplyReport report_;
};

/// Adds a column that this schema lacks to the table's catalog rows; returns whether it was new.
bool add_unknown_column(sqlite::Connection& connection, const Table& table,
                        const DeltaColumn& column);

}  // namespace rill::storage
