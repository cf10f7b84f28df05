#pragma once

#include <algorithm>

namespace rill::testing {

/// How much of a long test to run: all of it, or the part that a sanitizer's run has time for.
#ifdef RILL_TEST_EFFORT_PERCENT
inline constexpr unsigned kEffortPercent = RILL_TEST_EFFORT_PERCENT;
#else
inline constexpr unsigned kEffortPercent = 100;
#endif

/// `count` scaled by the effort, at least 1.
constexpr unsigned scaled(unsigned count) { return std::max(1U, count * kEffortPercent / 100); }

/// How much longer all takes under a sanitizer, so that what has to happen in time gets that much
/// more.
inline constexpr int kSlowness = kEffortPercent < 100 ? 2 : 1;

}  // namespace rill::testing
