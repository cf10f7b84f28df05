#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rill/change_set.hpp"
#include "rill/row_state.hpp"
#include "rill/value.hpp"

namespace rill::storage {

/// What a row showed before it changed.
struct RowBefore {
  std::int64_t table = 0;
  std::string key;
  std::vector<Value> values;  // by column id
};

/// The row values that transactions replaced, for observers, with the stretch of `_rill_seq` that
/// those transactions took: (`after`, `until`]. For each row the first values seen are the oldest.
///
/// Bounded by `kMaxReplacedBytes`: more than that is not kept in part but forgotten altogether.
/// Thread safety: a value.
class ReplacedRows {
 public:
  /// Starts anew for a transaction that takes the place after `after`. Without observers nothing is
  /// kept.
  void begin(std::int64_t after, bool observed);
  /// Begins a row with `columns` values, all of them NULL until `set`.
  void add(std::int64_t table, std::string key, std::size_t columns);
  /// A value of the row added last.
  void set(ColumnId column, Value value);
  /// Ends the transaction at `until`.
  void end(std::int64_t until) noexcept { until_ = until; }
  /// Takes over what a later transaction replaced, if that one followed directly.
  bool append(ReplacedRows& later);

  /// Whether it holds all that was replaced.
  [[nodiscard]] bool complete() const noexcept { return complete_; }
  [[nodiscard]] std::int64_t after() const noexcept { return after_; }
  [[nodiscard]] std::int64_t until() const noexcept { return until_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::vector<RowBefore>& rows() const noexcept { return rows_; }

 private:
  void charge(std::size_t bytes);

  std::int64_t after_ = 0;
  std::int64_t until_ = 0;
  bool complete_ = false;
  std::size_t bytes_ = 0;
  std::vector<RowBefore> rows_;
};

}  // namespace rill::storage
