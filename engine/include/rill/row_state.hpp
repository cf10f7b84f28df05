#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rill/dot.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// What an entry is called: the event that made it, and its place among the entries that this event
/// made in the same column of the same row (0 for registers and counters).
struct EntryId {
  /// The event that made the entry.
  Dot dot;
  /// The place among that event's entries in the column, from 0.
  std::uint32_t ordinal = 0;

  friend auto operator<=>(const EntryId&, const EntryId&) = default;
};

/// One fact that some event wrote and no event that saw it has overwritten: a sibling of a
/// register, a contribution to a counter, an element of a set, a leaf of a map, a touch, a birth, a
/// mark of existence. A row is a set of entries, and one join serves them all.
struct Entry {
  /// The entry's name; no two entries of a column share one.
  EntryId id;
  /// Where a counter's contributions of one replica were folded, the first dot of the range that
  /// ends at `id.dot`; otherwise equal to `id.dot.counter`. A range joins as a unit.
  std::uint64_t first = 0;
  /// The time of `id.dot`.
  Timestamp time;
  /// Element, path, or empty: see the rules' own page in engine/README.md.
  std::string sub_key;
  /// What the entry says: a sibling, a contribution, a leaf as JSON; NULL for touches and elements.
  Value value;
  /// The live births of the row that the writer had not seen; empty almost always.
  std::vector<Dot> unseen_births;

  /// An entry made by `stamp`.
  static Entry make(const Stamp& stamp, Value value, std::uint32_t ordinal = 0,
                    std::string sub_key = {});
  /// The event that made the entry, with its time.
  [[nodiscard]] Stamp stamp() const { return {id.dot, time}; }

  friend bool operator==(const Entry&, const Entry&) = default;
};

/// The live entries of one column, sorted by id: siblings come in dot order.
using Entries = std::vector<Entry>;

/// A column as one event left it to a peer: the entries that the peer lacks, and the names of those
/// it already holds. An entry that is in neither, and that the sender has seen, was overwritten.
struct ColumnFragment {
  /// Entries beyond what the peer knows, sorted by id.
  Entries fresh;
  /// Names of live entries that the peer has seen, ascending.
  std::vector<EntryId> kept;

  friend bool operator==(const ColumnFragment&, const ColumnFragment&) = default;
};

/// What a table does with a delete that is concurrent with an edit of the same row.
enum class DeletePolicy : std::uint8_t {
  update_wins,  ///< The row lives if any live mark says so.
  delete_wins,  ///< The row is dead if any live mark says so.
};

/// Identifies a column within its table; the mapping to names is the holder's.
using ColumnId = std::uint32_t;

/// Everything known of one row: who created it, whether it exists, and the entries of its columns.
/// A dead row keeps its columns: they are the image from which it can come back whole.
/// Thread safety: a value.
struct RowState {
  /// The entries of one column.
  struct Column {
    /// The column's number, by the holder's table.
    ColumnId id = 0;
    /// Never empty in a row at rest; sorted by id.
    Entries entries;

    friend bool operator==(const Column&, const Column&) = default;
  };

  /// Marks of existence: INTEGER 1 for alive, 0 for dead.
  Entries existence;
  /// The live inserts of the row.
  Entries births;
  /// Sorted by id; a column without entries does not appear.
  std::vector<Column> columns;

  /// The column's entries; null if it has none.
  [[nodiscard]] const Entries* find(ColumnId id) const noexcept;
  /// The column's entries, made empty if there were none.
  Entries& at(ColumnId id);
  /// Removes columns that have become empty.
  void drop_empty_columns();
  /// Whether the row exists, by its marks of existence; false for a row that nobody has written.
  [[nodiscard]] bool alive(DeletePolicy policy) const noexcept;
  /// The birth that `last_writer` columns follow: the latest by (time, dot).
  [[nodiscard]] const Entry* latest_birth() const noexcept;

  /// A local insert: all earlier state is overwritten, including columns this replica cannot name.
  void insert(const Stamp& stamp);
  /// A local update of some column: the row is alive as of `stamp`. Columns are written by their
  /// rules.
  void touch(const Stamp& stamp);
  /// A local delete: columns and births stay.
  void erase(const Stamp& stamp);

  friend bool operator==(const RowState&, const RowState&) = default;
};

/// The part of a row that a peer lacks. Columns without news are left out, unless `complete`.
struct RowFragment {
  /// Index of the table in the delta that carries the fragment.
  std::uint32_t table = 0;
  /// The row's key: `encode_key` of its primary-key values.
  std::string key;
  /// All columns travel, and one that is not listed has no entries at the sender: so if a birth is
  /// news.
  bool complete = false;
  /// News of whether the row exists; empty if there is none.
  std::optional<ColumnFragment> existence;
  /// News of inserts of the row; empty if there is none.
  std::optional<ColumnFragment> births;
  /// Column (an index into the delta's table) and its fragment; ascending.
  std::vector<std::pair<ColumnId, ColumnFragment>> columns;

  friend bool operator==(const RowFragment&, const RowFragment&) = default;
};

/// The causal frame of a fragment: it says everything from `known` up to `sender`.
struct DeltaRange {
  /// What the receiver is known to have seen.
  const VersionVector& known;
  /// What the sender had seen.
  const VersionVector& sender;
};

/// The one join, for one column. An entry stays if both have it, or if one has it and the other has
/// not seen its dot; an entry that one side has seen and no longer holds was overwritten, and goes.
/// Folded ranges are compared as units. Returns whether `mine` changed.
/// Source: the causal CRDT join of Almeida, Shoker, Baquero 2018, without knowledge of the type
/// joined.
bool join(Entries& mine, const VersionVector& seen, const ColumnFragment& theirs,
          const VersionVector& sender);

/// The same for a row, births first, so that each sibling's `unseen_births` stay exact. The
/// fragment's columns must already be renumbered to the holder's ids. Returns whether `mine`
/// changed. Precondition: `range.known <= seen`.
bool join(RowState& mine, const VersionVector& seen, const RowFragment& theirs,
          const DeltaRange& range);

/// The part of `row` beyond `known`; empty (no existence, births or columns) if there is none.
/// `table` and `key` are left for the caller to fill. `complete`: where there is news of existence,
/// list all columns.
RowFragment fragment_beyond(const RowState& row, const VersionVector& known, bool complete = false);

/// Whether any entry of `row` is beyond `known`.
bool has_news(const RowState& row, const VersionVector& known) noexcept;

/// Folds each replica's contributions whose dots are covered by `stable` (seen by every member, and
/// all their vectors covered by ours) into one range entry with their sum. For counter columns
/// only.
void fold_stable(Entries& contributions, const VersionVector& stable);

}  // namespace rill
