#pragma once

#include <cstdint>

#include "rill/dot.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The row of `rill_clock`: where this file stands as an author.
struct ClockRow {
  std::uint32_t replica = 0;
  std::uint64_t counter = 0;
  std::int64_t seq = 0;
  Timestamp time;
  std::uint64_t exported = 0;
  std::int64_t generation = 0;

  /// Throws `Error{corrupt}`.
  static ClockRow read(sqlite::Connection& connection);
};

}  // namespace rill::storage
