#include "rill/environment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace rill {
namespace {

TEST(Environment, TheSystemClockTellsMillisecondsSince1970) {
  const auto real = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  const auto told = static_cast<std::int64_t>(system_clock()->now_ms());
  EXPECT_GE(told, real);
  EXPECT_LT(told, real + 60'000);
}

TEST(Environment, TheSystemsRandomBytesFillAllThatWasAskedFor) {
  // An odd length ends within a word. A byte stays 0 in 64 draws by chance once in 2^512.
  std::array<std::byte, 21> seen{};
  for (int i = 0; i < 64; ++i) {
    std::array<std::byte, 21> bytes{};
    system_random()->fill(bytes);
    for (std::size_t j = 0; j < bytes.size(); ++j) seen[j] |= bytes[j];
  }
  EXPECT_EQ(std::ranges::count(seen, std::byte{0}), 0);
}

TEST(Environment, TheSystemsRandomBytesDifferFromCallToCall) {
  std::array<std::byte, 16> first{};
  std::array<std::byte, 16> second{};
  system_random()->fill(first);
  system_random()->fill(second);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace rill
