#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/bytes.hpp"
#include "rill/delta.hpp"

namespace rill {

/// Writes a delta row by row: what `encode` gives for the same rows, without all of them in memory
/// as entries. Rows that one event inserted whole, which are most rows of a full state, need not be
/// taken apart into entries at all.
///
/// Thread safety: one user at a time.
class DeltaWriter {
 public:
  /// Takes everything of `header` but tables and rows.
  explicit DeltaWriter(Delta header) : delta_(std::move(header)) {}

  /// The table's number in this delta, which lists it from now on.
  std::uint32_t table(std::string_view name);
  /// The column's number in its table, which lists it from now on.
  ColumnId column(std::uint32_t table, const DeltaColumn& column);

  /// `row.table` and the row's columns are numbers from above; columns ascend.
  void add(RowFragment row);

  /// Begins a row of `table` that the event of `stamp` inserted whole. Its key is written to
  /// `bytes` (as by `encode_key`), then `end_key` called, then one value written for each of
  /// `columns`, which ascend, then `end_inserted` called.
  void begin_inserted(std::uint32_t table, const Stamp& stamp,
                      const std::vector<ColumnId>& columns);
  /// The key has been written.
  void end_key() { inserted_.back().values = bytes_.size(); }
  /// The values have been written.
  void end_inserted() { inserted_.back().end = bytes_.size(); }
  /// Takes the row back that was begun last.
  void cancel_inserted();
  /// Where keys and values are written.
  [[nodiscard]] ByteWriter& bytes() noexcept { return bytes_; }

  /// What was given, to be changed until `finish`; tables and rows are the writer's.
  [[nodiscard]] Delta& header() noexcept { return delta_; }
  /// The chunk's number.
  [[nodiscard]] std::uint32_t number() const noexcept { return delta_.chunk; }
  /// About how many bytes the rows take so far.
  [[nodiscard]] std::size_t size() const noexcept { return fragment_bytes_ + bytes_.size(); }

  /// The row that was added last, as a person would name it: "row (7, milk) of notes".
  /// Precondition: there is one.
  [[nodiscard]] std::string last_row() const;

  /// The delta's bytes. Throws as `encode` does.
  std::string finish();

 private:
  struct Inserted {
    std::uint32_t table = 0;
    Stamp stamp;
    std::size_t columns = 0;  // in `column_lists_`
    // Where its key and values begin and end in `bytes_`.
    std::size_t key = 0;
    std::size_t values = 0;
    std::size_t end = 0;
  };

  [[nodiscard]] std::string_view key_of(const Inserted& row) const;

  Delta delta_;  // with the rows that were added as fragments
  std::vector<Inserted> inserted_;
  std::vector<std::vector<ColumnId>> column_lists_;
  /// Whether each row is an inserted one.
  std::vector<bool> order_;
  ByteWriter bytes_;
  std::size_t fragment_bytes_ = 0;
};

}  // namespace rill
