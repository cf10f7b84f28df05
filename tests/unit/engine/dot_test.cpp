#include "rill/dot.hpp"

#include <gtest/gtest.h>

#include <unordered_set>

#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::replica;
using test::stamp;

TEST(ReplicaId, ReadsAs32HexadecimalDigits) {
  ReplicaId id;
  id.bytes[0] = 0x3f;
  id.bytes[15] = 0xa0;
  EXPECT_EQ(id.to_string(), "3f0000000000000000000000000000a0");
  EXPECT_EQ(ReplicaId::parse(id.to_string()), id);
}

TEST(ReplicaId, IsNotParsedFromAnythingElse) {
  EXPECT_FALSE(ReplicaId::parse(""));
  EXPECT_FALSE(ReplicaId::parse("3f"));
  EXPECT_FALSE(ReplicaId::parse("3F0000000000000000000000000000a0"));
  EXPECT_FALSE(ReplicaId::parse("3f0000000000000000000000000000ag"));
  EXPECT_FALSE(ReplicaId::parse("3f0000000000000000000000000000a00"));
}

TEST(ReplicaId, HashesByAllItsBytes) {
  std::unordered_set<std::size_t> hashes;
  for (std::size_t i = 0; i < 16; ++i) {
    ReplicaId id;
    id.bytes[i] = 1;
    hashes.insert(std::hash<ReplicaId>{}(id));
  }
  EXPECT_EQ(hashes.size(), 16U);
}

TEST(Dot, OrdersByReplicaThenCounter) {
  EXPECT_LT(dot('A', 9), dot('B', 1));
  EXPECT_LT(dot('A', 1), dot('A', 2));
}

TEST(Timestamp, HoldsMillisecondsAndACounter) {
  const Timestamp time = Timestamp::from_ms(1'700'000'000'000, 65'535);
  EXPECT_EQ(time.ms(), 1'700'000'000'000U);
  EXPECT_EQ(time.counter(), 65'535U);
  EXPECT_LT(time, Timestamp::from_ms(1'700'000'000'001));
}

TEST(Stamp, TheEarlierTimeIsEarlierWhateverTheReplica) {
  EXPECT_TRUE(earlier(stamp('B', 1, 10), stamp('A', 1, 11)));
  EXPECT_FALSE(earlier(stamp('A', 1, 11), stamp('B', 1, 10)));
}

TEST(Stamp, AtEqualTimesTheLesserDotIsEarlier) {
  EXPECT_TRUE(earlier(stamp('A', 1, 10), stamp('B', 1, 10)));
  EXPECT_FALSE(earlier(stamp('B', 1, 10), stamp('A', 1, 10)));
  EXPECT_FALSE(earlier(stamp('A', 1, 10), stamp('A', 1, 10)));
}

}  // namespace
}  // namespace rill
