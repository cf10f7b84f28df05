#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "rill/row_state.hpp"

namespace rill {

// The format that deltas and row states share: rows whose entries name their events by number. It
// is described byte by byte in engine/README.md.

/// The first byte of a delta.
inline constexpr std::uint8_t kDeltaFormat = 2;

/// The first byte of a row.
enum RowFlag : std::uint8_t {
  row_other_table = 0x01,  ///< The number of another table than the previous row's follows.
  row_complete = 0x02,
  row_existence = 0x04,
  row_births = 0x08,
  row_uniform = 0x10,          ///< One event wrote each part, once.
  row_plain_existence = 0x20,  ///< Existence is an event that says alive.
  row_dense = 0x20,            ///< In a uniform row: all of the table's columns are there.
  row_plain_births = 0x40,     ///< Births are one event.
  /// Where there are no births but plain existence, and in a uniform row: the first event is the
  /// one after the event named last, and its number does not follow.
  row_next_event = 0x40,
  row_columns = 0x80,  ///< Columns follow.
};

/// The lowest bits of the number that precedes a column; the others hold its distance from the
/// last.
enum ColumnFlag : std::uint8_t {
  column_plain = 0x01,       ///< One fresh entry that needs no more than event and value.
  column_same_event = 0x02,  ///< The event is the one named last.
  column_more = 0x04,        ///< Another column follows.
};
inline constexpr unsigned kColumnFlagBits = 3;

/// The first byte of an entry that is not plain.
enum EntryFlag : std::uint8_t {
  entry_same_event = 0x01,
  entry_ordinal = 0x02,  ///< An ordinal follows; else it is the next of the same event, or 0.
  entry_sub_key = 0x04,
  entry_range = 0x08,
  entry_unseen_births = 0x10,
  entry_all_flags = 0x1F,
};

/// One column, existence or births, as it is to be written.
struct PartView {
  const Entries* fresh = nullptr;
  const std::vector<EntryId>* kept = nullptr;

  [[nodiscard]] bool present() const noexcept { return fresh != nullptr; }
};

/// A row as it is to be written, whichever type holds it.
struct RowView {
  bool complete = false;
  PartView existence;
  PartView births;
  std::vector<std::pair<ColumnId, PartView>> columns;

  void assign(const RowFragment& fragment);
  void assign(const RowState& state);
};

/// Whether the row's first event may be told by row_next_event.
constexpr bool may_name_next_event(unsigned flags) {
  constexpr unsigned kUpdate = row_existence | row_plain_existence;
  return (flags & row_uniform) != 0 || (flags & (kUpdate | row_births)) == kUpdate;
}

/// Whether the entry's event and value say everything.
bool is_plain(const Entry& entry) noexcept;
/// Whether the part is one fresh plain entry.
bool is_plain(const PartView& part) noexcept;
/// Whether one event wrote all of the row, each part by one plain entry.
bool is_uniform(const RowView& row);
/// Whether so many columns, which ascend and are in range, are precisely 0 to `table_columns` - 1.
bool is_dense(std::size_t columns, std::size_t table_columns) noexcept;

}  // namespace rill
