#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rill/dot.hpp"
#include "rill/error.hpp"
#include "rill/value.hpp"

namespace rill {

/// One column of a changed row.
struct ColumnChange {
  /// The column's name.
  std::string column;
  /// Empty where it is not known (another process wrote) or there was no row.
  std::optional<Value> old_value;
  /// Empty where the row was deleted.
  std::optional<Value> new_value;
};

/// One row that appeared, changed or went.
struct Change {
  /// What became of the row, as the table shows it.
  enum class Kind : std::uint8_t { insert, update, erase };

  /// Between the snapshots of two change sets, whatever happened in between.
  Kind kind = Kind::update;
  /// The table's name.
  std::string table;
  /// The primary key, in the order of the table's key columns.
  std::vector<Value> key;
  /// The columns that differ; all columns for an insert or erase, and for an update whose old
  /// values are not known.
  std::vector<ColumnChange> columns;
  /// The replica that made the row's latest event.
  ReplicaId origin;
  /// Whether that was this database.
  bool local = false;
};

/// How many rows a change set lists, all its tables together.
inline constexpr std::size_t kMaxListedRows = 10'000;
/// How many bytes of keys and values a change set lists (but one row more of any size).
inline constexpr std::size_t kMaxListedBytes = std::size_t{16} << 20U;
/// How many bytes of replaced rows are kept in memory, in one transaction and for transactions that
/// were not reported yet. Beyond it old values are not known.
inline constexpr std::size_t kMaxReplacedBytes = std::size_t{16} << 20U;
/// How many events wait to be told; what is beyond is counted and told as `events_omitted`.
inline constexpr std::size_t kMaxWaitingEvents = 1'000;
/// How many calls of one subscription may wait in the app's executor. Meanwhile changes are
/// gathered as `ChangeSet::unlisted`, a watched query is not run again, and events are counted.
inline constexpr std::size_t kMaxWaitingCalls = 64;

/// What happened since the last one, as of one snapshot: a transaction is in it whole or not at
/// all. A row appears once, with its latest values.
///
/// A table is either listed whole or named in `unlisted`, so an observer that keeps a copy does:
///
///     for (const std::string& table : set.unlisted) read_again(table);
///     for (const rill::Change& change : set.changes) take_over(change);
struct ChangeSet {
  /// In the order in which the file took them.
  std::vector<Change> changes;
  /// Tables in which too much changed to list it (`kMaxListedRows`, `kMaxListedBytes`), or whose
  /// earlier changes the app's executor did not take in time: read them again. No row of theirs is
  /// in `changes`.
  std::vector<std::string> unlisted;
};

/// Something the app should know that is not an error of any call.
struct DatabaseEvent {
  /// What happened.
  enum class Kind : std::uint8_t {
    rule_problem,  ///< A merge rule failed; `last_writer`'s choice is shown.
    rejected,      ///< A concurrent write lost under `first_writer`.
    new_replica,   ///< The file is an older state of itself, or a copy: it took a new replica id.
    forked,  ///< A copy, or an old backup, had gone on as the same replica: both branches stay,
             ///< under names of their own.
    background_error,  ///< Work in the background failed and will be tried again; a watched query
                       ///< that fails, too: its subscription stays.
    events_omitted,  ///< More happened than is kept (`kMaxWaitingEvents`); `message` says how much.
  };

  /// What happened.
  Kind kind = Kind::background_error;
  /// The matching error code, for a program to act upon.
  ErrorCode code = ErrorCode::internal;
  /// The table concerned; empty if it is none in particular.
  std::string table;
  /// The row's primary key; empty if it is no row in particular.
  std::vector<Value> key;
  /// The column concerned; empty if it is none in particular.
  std::string column;
  /// For people.
  std::string message;
};

/// A column in which several devices wrote concurrently; one value is shown, the others are kept
/// until a write that has seen them.
struct ConflictRecord {
  /// A value that is not shown.
  struct Loser {
    /// What was written.
    Value value;
    /// Who wrote it.
    ReplicaId replica;
    /// When it was written, by the writer's clock: milliseconds since 1970.
    std::uint64_t time_ms = 0;
  };

  /// The table's name.
  std::string table;
  /// The row's primary key.
  std::vector<Value> key;
  /// The column in conflict.
  std::string column;
  /// What the table shows.
  Value shown;
  /// The values not shown, in dot order.
  std::vector<Loser> others;
};

}  // namespace rill
