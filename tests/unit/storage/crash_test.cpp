#include <gtest/gtest.h>

#include "support/disk_device.hpp"
#include "unit/storage/workload.hpp"

namespace rill {
namespace {

using testing::Crash;
using testing::DiskDevice;
using testing::kMutatingCalls;
using testing::kPowerCuts;
using testing::scaled;
using testing::Workload;

/// Crashes a day's work in each call that changes the disk, and goes on afterwards.
void crash_in_each_call(const std::function<Crash(std::uint64_t)>& how, Durability durability) {
  Workload whole(0, durability);
  whole.run();
  const std::uint64_t calls = whole.a.disk.count(kMutatingCalls);
  ASSERT_GT(calls, 100U);
  for (std::uint64_t call = 0; call < calls; call += 100 / testing::kEffortPercent) {
    const Crash crash = how(call);
    SCOPED_TRACE("call " + std::to_string(call) + ", crash " +
                 std::to_string(static_cast<int>(crash)));
    Workload workload(call, durability);
    workload.a.disk.crash_after(call, crash);
    workload.run();
    ASSERT_TRUE(workload.a.disk.is_down());
    workload.a.restart();
    workload.check(crash != Crash::kill && durability == Durability::normal);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Crash, InAnyMutatingCallLosesNoCommit) {
  crash_in_each_call([](std::uint64_t /*call*/) { return Crash::kill; }, Durability::normal);
}

TEST(Crash, OfThePowerInAnyMutatingCallLosesNothingThatWasShown) {
  crash_in_each_call([](std::uint64_t call) { return kPowerCuts[call % 3]; }, Durability::normal);
}

TEST(Crash, OfThePowerInAnyMutatingCallLosesNoCommitUnderFull) {
  crash_in_each_call([](std::uint64_t call) { return kPowerCuts[(call + 1) % 3]; },
                     Durability::full);
}

TEST(Crash, AgainAndAgainLosesNothingThatWasShown) {
  // Each day ends in a crash at some later call than the one before; the file lives on.
  for (unsigned seed = 0; seed < scaled(12); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Workload workload(seed);
    workload.b.open();
    for (unsigned day = 0; day < 8; ++day) {
      workload.a.disk.crash_after(9 + 13 * day + seed, kPowerCuts[(seed + day) % 3]);
      workload.live(static_cast<int>(day));
      workload.a.restart();
    }
    workload.check(true);
  }
}

}  // namespace
}  // namespace rill
