#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rill/row_state.hpp"

namespace rill {

/// What a set or map operation adds: sub-keys and values, in the order of their ordinals.
using Additions = std::vector<std::pair<std::string, Value>>;

/// Whether `entry` is the touch of an operation. Each operation on a set or map overwrites the
/// touches that it saw and leaves its own, so that an operation which only removes is news to
/// peers, too.
bool is_touch(const Entry& entry) noexcept;

/// Adds an operation of `stamp` to a set's or map's entries: its touch, and `additions` with
/// ordinals after those that the same dot has already used.
void add_operation(Entries& entries, const Stamp& stamp, Additions additions);

/// Whether all entries were made by one event. False if there are none.
bool have_one_stamp(const Entries& entries) noexcept;

}  // namespace rill
