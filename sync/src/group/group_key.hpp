#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace rill {

/// What the members of a group know and strangers do not.
using GroupSecret = std::array<std::uint8_t, 32>;

/// How many group keys are in use at once, the newest.
inline constexpr std::size_t kMaxGroupKeys = 8;

}  // namespace rill
