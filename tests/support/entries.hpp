#pragma once

#include <cstdint>
#include <utility>

#include "rill/row_state.hpp"
#include "support/events.hpp"

namespace rill::test {

/// What the event `counter` of the replica `name` wrote.
inline Entry entry(char name, std::uint64_t counter, Value value = "v") {
  return Entry::make(stamp(name, counter), std::move(value));
}

/// The changes `first` to `last` of a replica to a counter, folded into one.
inline Entry folded(char name, std::uint64_t first, std::uint64_t last, Value sum) {
  Entry all = entry(name, last, std::move(sum));
  all.first = first;
  return all;
}

}  // namespace rill::test
