#include <gtest/gtest.h>

#include <cstdint>

#include "simulation/runner.hpp"

namespace simulation {
namespace {

TEST(Simulation, OfOneSeedIsTheSameEachTime) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Script script = random_script(seed, {});
    const Outcome once = live(script, {});
    const Outcome again = live(random_script(seed, {}), {});
    EXPECT_EQ(once.failure, again.failure);
    EXPECT_EQ(once.hash, again.hash);
    EXPECT_EQ(once.statistics.disk_calls, again.statistics.disk_calls);
  }
}

}  // namespace
}  // namespace simulation
