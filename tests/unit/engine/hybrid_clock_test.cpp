#include "rill/hybrid_clock.hpp"

#include <gtest/gtest.h>

namespace rill {
namespace {

constexpr std::uint64_t kNow = 1'700'000'000'000;

TEST(HybridClock, ShowsTheWallsTimeWhereThatMovesForward) {
  HybridClock clock;
  EXPECT_EQ(clock.next(kNow), Timestamp::from_ms(kNow));
  EXPECT_EQ(clock.next(kNow + 5), Timestamp::from_ms(kNow + 5));
}

TEST(HybridClock, CountsWhereTheWallStandsStillOrFallsBack) {
  HybridClock clock;
  static_cast<void>(clock.next(kNow));
  EXPECT_EQ(clock.next(kNow), Timestamp::from_ms(kNow, 1));
  EXPECT_EQ(clock.next(kNow - 1000), Timestamp::from_ms(kNow, 2));
  EXPECT_EQ(clock.next(0), Timestamp::from_ms(kNow, 3));
}

TEST(HybridClock, AFullCounterCarriesIntoTheMilliseconds) {
  HybridClock clock(Timestamp::from_ms(kNow, 0xFFFF));
  EXPECT_EQ(clock.next(kNow), Timestamp::from_ms(kNow + 1, 0));
}

TEST(HybridClock, ResumesAfterTheLatestReading) {
  HybridClock clock(Timestamp::from_ms(kNow + 60'000));
  EXPECT_EQ(clock.next(kNow), Timestamp::from_ms(kNow + 60'000, 1));
}

TEST(HybridClock, ReadingsFollowAnObservedRemoteTime) {
  HybridClock clock;
  const Timestamp remote = Timestamp::from_ms(kNow + HybridClock::kMaxDriftMs, 9);
  clock.observe(remote, kNow);
  EXPECT_EQ(clock.last(), remote);
  EXPECT_GT(clock.next(kNow), remote);
}

TEST(HybridClock, AnOlderRemoteTimeChangesNothing) {
  HybridClock clock(Timestamp::from_ms(kNow, 4));
  clock.observe(Timestamp::from_ms(kNow, 3), kNow);
  EXPECT_EQ(clock.last(), Timestamp::from_ms(kNow, 4));
}

TEST(HybridClock, ARemoteTimeFarAheadIsNotFollowed) {
  HybridClock clock;
  clock.observe(Timestamp::from_ms(kNow + HybridClock::kMaxDriftMs + 1), kNow);
  EXPECT_EQ(clock.next(kNow), Timestamp::from_ms(kNow));
}

TEST(HybridClock, ReadingsAscendEvenBeyondTheEndOfTime) {
  HybridClock clock;
  Timestamp last = clock.next(~std::uint64_t{0});
  EXPECT_EQ(last.ms(), (std::uint64_t{1} << 48U) - 1);
  for (int i = 0; i < 3; ++i) {
    const Timestamp next = clock.next(~std::uint64_t{0});
    EXPECT_GT(next, last);
    last = next;
  }
}

}  // namespace
}  // namespace rill
