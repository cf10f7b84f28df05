#include "discovery/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <span>

namespace rill {
namespace {

using std::chrono::milliseconds;

/// Fills everything with one byte.
class ConstantRandom final : public RandomSource {
 public:
  explicit ConstantRandom(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> out) override { std::ranges::fill(out, value_); }

 private:
  std::byte value_;
};

TEST(BackoffTest, DoublesFromOneSecondAndStaysAtMostAMinute) {
  Backoff least(std::make_shared<ConstantRandom>(std::byte{0}));
  Backoff most(std::make_shared<ConstantRandom>(std::byte{0xFF}));
  for (const int seconds : {1, 2, 4, 8, 16, 30, 30, 30}) {
    EXPECT_EQ(least.next(), milliseconds{1'000 * seconds});
    EXPECT_EQ(most.next(), milliseconds{2'000 * seconds});
  }
}

TEST(BackoffTest, BeginsAgainAfterReset) {
  Backoff backoff(std::make_shared<ConstantRandom>(std::byte{0}));
  for (int attempt = 0; attempt < 10; ++attempt) static_cast<void>(backoff.next());
  backoff.reset();
  EXPECT_EQ(backoff.next(), Backoff::kShortest);
}

TEST(BackoffTest, DevicesThatFailTogetherDoNotRetryTogether) {
  std::set<milliseconds> waits;
  for (int device = 0; device < 50; ++device) {
    Backoff backoff;
    const milliseconds wait = backoff.next();
    EXPECT_GE(wait, Backoff::kShortest);
    EXPECT_LE(wait, 2 * Backoff::kShortest);
    waits.insert(wait);
  }
  EXPECT_GT(waits.size(), 25U);
}

}  // namespace
}  // namespace rill
