#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "simulation/runner.hpp"
#include "support/effort.hpp"

namespace simulation {
namespace {

TEST(Simulation, OfOneSeedIsTheSameEachTime) {
  for (std::uint64_t seed = 0; seed < rill::testing::scaled(4); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Outcome once = live(random_script(seed, {}), {});
    const Outcome again = live(random_script(seed, {}), {});
    EXPECT_EQ(once.failure, std::nullopt);
    EXPECT_EQ(once.hash, again.hash);
    EXPECT_EQ(once.statistics.disk_calls, again.statistics.disk_calls);
    EXPECT_NE(once.hash, live(random_script(seed + 100, {}), {}).hash);
  }
}

TEST(Simulation, FindsWhatTheOracleIsToldToGetWrong) {
  if (rill::testing::kEffortPercent < 100) GTEST_SKIP() << "shows what comparisons are worth";
  for (const oracle::Fault fault :
       {oracle::Fault::inserts_overwrite_nothing, oracle::Fault::latest_is_earliest,
        oracle::Fault::counters_keep_all, oracle::Fault::delete_policy_swapped}) {
    RunnerOptions options;
    options.fault = fault;
    options.flavour.steps = 80;
    Runner runner(options);
    EXPECT_TRUE(runner.run(0, 200)) << "fault " << static_cast<int>(fault);
  }
}

TEST(Simulation, IsShrunkToWhatStillFails) {
  RunnerOptions options;
  options.fault = oracle::Fault::inserts_overwrite_nothing;
  options.flavour.steps = 40;
  for (std::uint64_t seed = 0;; ++seed) {
    ASSERT_LT(seed, 100U) << "none fails";
    const Script script = random_script(seed, options.flavour);
    if (!live(script, options).failure) continue;
    const Script fewer = shrink(script, options);
    EXPECT_LT(fewer.actions.size(), 10U);
    EXPECT_TRUE(live(fewer, options).failure);
    EXPECT_FALSE(live(fewer, {}).failure);
    return;
  }
}

}  // namespace
}  // namespace simulation
