#include "rill/version_vector.hpp"

#include <gtest/gtest.h>

#include <array>

#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using test::dot;
using test::replica;
using test::vector_of;

constexpr auto kUnordered = std::partial_ordering::unordered;

// The classic exchange between three nodes, told in counters of [A, B, C].
TEST(VersionVector, ThreeNodesThatExchangeTheirWritesEndUpEqual) {
  VersionVector a;
  VersionVector b;
  VersionVector c;
  const auto counters = [](const VersionVector& vector) {
    return std::array{vector[replica('A')], vector[replica('B')], vector[replica('C')]};
  };
  using Counters = std::array<std::uint64_t, 3>;

  a.raise(dot('A', 1));  // A writes.
  b.raise(dot('B', 1));  // B writes, having heard nothing of A.
  EXPECT_EQ(counters(a), (Counters{1, 0, 0}));
  EXPECT_EQ(counters(b), (Counters{0, 1, 0}));
  EXPECT_EQ(a <=> b, kUnordered) << "the two writes are concurrent";

  b.merge(a);  // A sends to B.
  EXPECT_EQ(counters(b), (Counters{1, 1, 0}));
  EXPECT_LT(a, b);

  a.merge(b);  // B sends to A and to C.
  c.merge(b);
  EXPECT_EQ(counters(a), (Counters{1, 1, 0}));
  EXPECT_EQ(counters(c), (Counters{1, 1, 0}));
  EXPECT_EQ(a, b);
  EXPECT_EQ(b, c);
}

TEST(VersionVector, HasSeenNothingAtFirst) {
  const VersionVector vector;
  EXPECT_TRUE(vector.empty());
  EXPECT_EQ(vector[replica('A')], 0U);
  EXPECT_FALSE(vector.covers(dot('A', 1)));
}

TEST(VersionVector, CoversEveryEventUpToTheHighest) {
  const VersionVector vector = vector_of(dot('A', 3));
  EXPECT_TRUE(vector.covers(dot('A', 1)));
  EXPECT_TRUE(vector.covers(dot('A', 3)));
  EXPECT_FALSE(vector.covers(dot('A', 4)));
  EXPECT_FALSE(vector.covers(dot('B', 1)));
}

TEST(VersionVector, RaisingNeverLowers) {
  VersionVector vector = vector_of(dot('A', 3));
  vector.raise(dot('A', 2));
  EXPECT_EQ(vector[replica('A')], 3U);
}

TEST(VersionVector, RaisingToZeroLeavesNoEntry) {
  EXPECT_EQ(vector_of(dot('A', 0)), VersionVector());
}

TEST(VersionVector, EqualKnowledgeIsEqualWhateverTheOrderOfHearing) {
  EXPECT_EQ(vector_of(dot('A', 1), dot('C', 2), dot('B', 3)),
            vector_of(dot('B', 3), dot('A', 1), dot('C', 1), dot('C', 2)));
}

TEST(VersionVector, MergeTakesThePointwiseMaximum) {
  VersionVector vector = vector_of(dot('A', 3), dot('B', 1), dot('D', 1));
  vector.merge(vector_of(dot('A', 1), dot('B', 2), dot('C', 5)));
  EXPECT_EQ(vector, vector_of(dot('A', 3), dot('B', 2), dot('C', 5), dot('D', 1)));
}

TEST(VersionVector, MeetTakesThePointwiseMinimum) {
  VersionVector vector = vector_of(dot('A', 3), dot('B', 1), dot('D', 1));
  vector.meet(vector_of(dot('A', 1), dot('B', 2), dot('C', 5)));
  EXPECT_EQ(vector, vector_of(dot('A', 1), dot('B', 1)));
}

TEST(VersionVector, OrderIsPartial) {
  const VersionVector less = vector_of(dot('A', 1));
  EXPECT_LT(VersionVector(), less);
  EXPECT_LT(less, vector_of(dot('A', 2)));
  EXPECT_LT(less, vector_of(dot('A', 1), dot('B', 1)));
  EXPECT_GT(vector_of(dot('A', 1), dot('B', 1)), less);
  EXPECT_EQ(less <=> less, std::partial_ordering::equivalent);
  EXPECT_EQ(vector_of(dot('A', 2)) <=> vector_of(dot('A', 1), dot('B', 1)), kUnordered);
  EXPECT_EQ(vector_of(dot('B', 1)) <=> less, kUnordered);
  EXPECT_FALSE(less <= vector_of(dot('B', 1)));
}

TEST(VersionVector, ReadsAsShortenedReplicasAndCounters) {
  ReplicaId other;
  other.bytes = {0x90, 0xbc};
  VersionVector vector = vector_of(dot('?', 7));
  vector.raise({other, 2});
  EXPECT_EQ(vector.to_string(), "{3f00…:7, 90bc…:2}");
  EXPECT_EQ(VersionVector().to_string(), "{}");
}

TEST(VersionVector, DecodesToWhatWasEncoded) {
  const VersionVector vector = vector_of(dot('A', 1), dot('B', kMaxCounter));
  EXPECT_EQ(decode_version_vector(encode(vector)), vector);
  EXPECT_EQ(decode_version_vector(encode(VersionVector())), VersionVector());
}

std::string bytes_of(std::initializer_list<Dot> dots) {
  ByteWriter writer;
  writer.varint(dots.size());
  for (const Dot& dot : dots) {
    writer.replica(dot.replica);
    writer.varint(dot.counter);
  }
  return writer.take();
}

TEST(VersionVector, IsDecodedOnlyWhereReplicasAscendAndCountersAreInRange) {
  EXPECT_EQ(decode_version_vector(bytes_of({dot('A', 1)})), vector_of(dot('A', 1)));
  for (const std::string& bytes :
       {bytes_of({dot('B', 1), dot('A', 1)}), bytes_of({dot('A', 1), dot('A', 1)}),
        bytes_of({dot('A', 0)}), bytes_of({dot('A', kMaxCounter + 1)}),
        bytes_of({dot('A', 1)}) + "x", bytes_of({dot('A', 1)}).substr(0, 17), std::string()}) {
    EXPECT_ERROR(decode_version_vector(bytes), ErrorCode::malformed);
  }
}

TEST(VersionVector, OfTooManyReplicasIsRefusedBeforeAnyIsRead) {
  ByteWriter writer;
  writer.varint(kMaxReplicas + 1);
  EXPECT_ERROR(decode_version_vector(writer.view()), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
