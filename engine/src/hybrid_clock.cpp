#include "rill/hybrid_clock.hpp"

#include <algorithm>
#include <limits>

namespace rill {
namespace {

/// The largest time that 48 bits hold; a wall clock beyond it stands still there.
constexpr std::uint64_t kMaxMs = (std::uint64_t{1} << 48U) - 1;

}  // namespace

Timestamp HybridClock::next(std::uint64_t wall_ms) {
  const Timestamp wall = Timestamp::from_ms(std::min(wall_ms, kMaxMs));
  if (wall > last_) {
    last_ = wall;
  } else if (last_.bits < std::numeric_limits<std::uint64_t>::max()) {
    // A full counter carries into the milliseconds, which keeps readings ascending.
    ++last_.bits;
  }
  return last_;
}

void HybridClock::observe(Timestamp remote, std::uint64_t wall_ms) {
  if (remote.ms() > std::min(wall_ms, kMaxMs) + kMaxDriftMs) return;
  last_ = std::max(last_, remote);
}

}  // namespace rill
