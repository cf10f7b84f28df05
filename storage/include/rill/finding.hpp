#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rill/value.hpp"

namespace rill {

/// One thing in a file that is not as it should be; see `Database::check`.
/// Thread safety: a value.
struct Finding {
  /// The table concerned, the app's or Rill's; empty for the file as a whole.
  std::string table;
  /// The primary key of the row concerned; empty for the table as a whole.
  std::vector<Value> key;
  /// What is wrong, for people.
  std::string what;
  /// What to do about it, for people.
  std::string advice;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// `Database::check` stops after this many.
inline constexpr std::size_t kMaxFindings = 1'000;

}  // namespace rill
