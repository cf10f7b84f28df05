#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rill/dot.hpp"
#include "rill/epoch.hpp"
#include "rill/row_state.hpp"
#include "rill/rule.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// A set of tables that travel together; vectors, dots and deltas are per space.
using SpaceId = std::uint32_t;
/// The one space there is so far.
inline constexpr SpaceId kMainSpace = 1;

/// Random bytes that tell files, and openings of one file, apart.
using FileNonce = std::array<std::uint8_t, 16>;

/// A column named in a delta.
struct DeltaColumn {
  /// The column's name at the sender.
  std::string name;
  /// Tells a receiver that lacks the column how its entries are shaped.
  RuleKind kind = RuleKind::last_writer;

  friend bool operator==(const DeltaColumn&, const DeltaColumn&) = default;
};

/// A table named in a delta, with the columns that its fragments number.
struct DeltaTable {
  /// The table's name at the sender.
  std::string name;
  /// Fragments name a column by its place here.
  std::vector<DeltaColumn> columns;

  friend bool operator==(const DeltaTable&, const DeltaTable&) = default;
};

/// Rows that a peer lacks, with their causality: "everything from `known` up to `sender_vector`",
/// or one chunk of it.
///
/// Chunks of one delta are numbered from 0 by `chunk`; only the one marked `last` completes it, and
/// only then may the receiver's vector rise. Each chunk carries the vector of its own snapshot: a
/// transfer that was cut goes on from a later one.
struct Delta {
  /// The space whose tables, vectors and dots these are.
  SpaceId space = kMainSpace;
  /// The replica that extracted the delta, not the author of what is in it.
  ReplicaId sender;
  /// The opening of the sender's file that made the delta: `position` means something to it alone.
  FileNonce opening{};
  /// Where the delta starts: what the receiver must have seen.
  VersionVector known;
  /// Where it ends: what the sender had seen when it took the snapshot of this chunk.
  VersionVector sender_vector;
  /// The chunk's number, from 0.
  std::uint32_t chunk = 0;
  /// Whether the delta is complete with this chunk.
  bool last = true;
  /// How far the sender had come in its own order of change, after this chunk.
  std::uint64_t position = 0;
  /// `Forks::names` of the sender: by which certificates events are called as they are. Who has
  /// others cannot take the delta.
  std::uint64_t names = 0;
  /// In the last chunk: `Epochs::between` of `known` and `sender_vector`.
  std::vector<Epoch> epochs;
  /// The tables of `rows`, which name them by their place here.
  std::vector<DeltaTable> tables;
  /// In the order in which the sender's file took the changes.
  std::vector<RowFragment> rows;

  /// The frame in which the rows are joined; refers to this object.
  [[nodiscard]] DeltaRange range() const { return {known, sender_vector}; }

  friend bool operator==(const Delta&, const Delta&) = default;
};

/// Limits on what a peer may send in one delta; exceeding one is `ErrorCode::limit_exceeded`.
/// A row travels in one piece, with all concurrent versions of its values.
inline constexpr std::size_t kMaxDeltaBytes = std::size_t{64} << 20U;
inline constexpr std::size_t kMaxReplicas = 65'536;
inline constexpr std::size_t kMaxEpochs = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxTables = 1'024;
inline constexpr std::size_t kMaxColumns = 2'000;
inline constexpr std::size_t kMaxKeyBytes = 16'384;
inline constexpr std::size_t kMaxNameBytes = 1'024;
/// What an app may give to one cell. The delta's limit alone holds for a value that SQL has made.
inline constexpr std::size_t kMaxValueBytes = std::size_t{16} << 20U;
/// All that `entry_count` counts: a few bytes can name very many kept entries.
inline constexpr std::size_t kMaxDeltaEntries = std::size_t{1} << 20U;
/// Counters fit SQLite's INTEGER.
inline constexpr std::uint64_t kMaxCounter = (std::uint64_t{1} << 62U) - 1;

/// What a row takes of `kMaxDeltaEntries`: its fresh and kept entries and their unseen births.
std::size_t entry_count(const RowFragment& row) noexcept;

/// The delta's bytes; the format is described in engine/README.md.
/// Throws `Error{limit_exceeded}` for a delta that `decode_delta` would refuse for its size, and
/// `Error{internal}` for one that is not sorted or names events outside its range.
std::string encode(const Delta& delta);

/// The inverse of `encode`. Accepts only what `encode` could have produced: sorted, bounded,
/// without trailing bytes, every dot of a fresh entry covered by `sender_vector` and not by
/// `known`. Throws `Error{malformed}` or `Error{limit_exceeded}`; memory stays proportional to
/// `bytes`.
Delta decode_delta(std::string_view bytes);

/// A row's primary-key values as bytes: equal keys have equal bytes. Values are INTEGER, TEXT or
/// BLOB. Throws `Error{bad_value}` for other values or none, and `Error{too_large}` above
/// `kMaxKeyBytes`.
std::string encode_key(std::span<const Value> values);
/// The inverse of `encode_key`. Throws `Error{malformed}`.
std::vector<Value> decode_key(std::string_view key);

/// A row's whole state, for keeping rows that have no place in a table of the app.
/// `encode(RowState)` numbers columns as the state does.
std::string encode(const RowState& state);
/// The inverse of `encode(RowState)`; checked as strictly as `decode_delta`, with the same errors.
RowState decode_row_state(std::string_view bytes);

/// A version vector's bytes: the one form used in messages and files.
std::string encode(const VersionVector& vector);
/// The inverse. Throws `Error{malformed}`, or `Error{limit_exceeded}` above `kMaxReplicas`.
VersionVector decode_version_vector(std::string_view bytes);

}  // namespace rill
