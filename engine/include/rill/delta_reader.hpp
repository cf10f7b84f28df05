#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "rill/delta.hpp"

namespace rill {

/// A row that one event inserted whole, looked at where it stands in the bytes of a delta: each
/// column has one entry, of that event.
struct InsertedRow {
  /// Index of the table in the delta.
  std::uint32_t table = 0;
  /// The row's key: `encode_key` of its primary-key values.
  std::string_view key;
  /// The event that inserted it.
  Stamp stamp;
  /// Numbers in the delta's table, ascending.
  std::vector<ColumnId> columns;
  /// The value of each of `columns`.
  std::vector<ValueView> values;

  /// The same with bytes of its own.
  [[nodiscard]] RowFragment fragment() const;
};

/// Reads a delta row by row: what `decode_delta` gives, without all of it in memory as entries.
/// Accepts the same bytes and throws the same errors, those about a row when that row is reached.
///
/// Holds a view: the bytes must outlive it. Thread safety: one user at a time.
class DeltaReader {
 public:
  /// Reads everything before the rows.
  explicit DeltaReader(std::string_view bytes);
  ~DeltaReader();
  DeltaReader(const DeltaReader&) = delete;
  DeltaReader& operator=(const DeltaReader&) = delete;

  /// The delta without its rows.
  [[nodiscard]] const Delta& header() const noexcept;
  /// Moves to the next row. At the end, and so of a delta that is as it should be, returns false.
  bool next();
  /// The present row if one event inserted it whole, else null. Valid until `next`.
  [[nodiscard]] const InsertedRow* inserted() const noexcept;
  /// The present row, whatever it is. Once per row.
  RowFragment take();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rill
