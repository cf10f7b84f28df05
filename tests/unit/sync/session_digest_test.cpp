// What sessions do about replicas that have seen the same and hold different rows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "comparison.hpp"
#include "frame.hpp"
#include "message.hpp"
#include "rill/rule.hpp"
#include "rill/session.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two replicas of one schema with 100 notes each, in sync.
class SessionDigest : public ::testing::Test {
 public:
  SessionDigest() {
    for (int note = 0; note < 100; ++note) {
      a.insert("notes", std::to_string(note), {{"title", "Milk"}});
    }
    pair.pump();
    pair.left_events.clear();
    pair.right_events.clear();
  }

  void wait(int seconds) {
    for (int second = 0; second < seconds; ++second, ++time) {
      pair.left.tick(milliseconds{time * 1'000});
      pair.right.tick(milliseconds{time * 1'000});
      pair.pump();
    }
  }

  void push(MemoryReplica& replica, Session& session, const std::string& key) {
    replica.insert("notes", key, {{"title", "Tea"}});
    session.vector_changed();
    pair.pump();
  }

  /// The only `diverged` of a side; empty without.
  static std::string finding(const std::vector<SessionEvent>& events) {
    std::string text;
    for (const auto& event : events) {
      if (event.kind != SessionEvent::Kind::diverged) continue;
      EXPECT_EQ(text, "");
      text = event.message;
    }
    return text;
  }

  MemoryReplica a{replica_id(1)};
  MemoryReplica b{replica_id(2)};
  /// Before the sessions begin, since HELLO tells the schema.
  struct Schema {
    Schema(MemoryReplica& left, MemoryReplica& right) {
      for (MemoryReplica* replica : {&left, &right}) {
        replica->declare("notes", "title", last_writer());
      }
    }
  } schema{a, b};
  SessionPair pair{a, b};
  int time = 0;
};

std::string total(MemoryReplica& replica) {
  return replica.digest_scan()->digests().total().to_string();
}

TEST_F(SessionDigest, EqualReplicasAreComparedOnceAndNothingIsSaid) {
  wait(120);
  EXPECT_EQ(a.scans(), 1U);
  EXPECT_EQ(b.scans(), 1U);
  EXPECT_EQ(finding(pair.left_events), "");
  EXPECT_TRUE(pair.left.in_sync());
}

TEST_F(SessionDigest, ChangedRowIsNamedWithBothDigests) {
  b.damage("notes", "42", "title", "Mold");
  wait(20);
  for (const auto* events : {&pair.left_events, &pair.right_events}) {
    const std::string text = finding(*events);
    EXPECT_THAT(text, HasSubstr(total(a)));
    EXPECT_THAT(text, HasSubstr(total(b)));
    EXPECT_THAT(text, HasSubstr("different are notes 42"));
    EXPECT_THAT(text, Not(HasSubstr("more")));
  }
  EXPECT_TRUE(pair.left.in_sync()) << "the session goes on";
  push(a, pair.left, "after");
  EXPECT_TRUE(b.shown().at("notes").contains("after"));
}

TEST_F(SessionDigest, LostRowIsMissingOnOneSide) {
  b.lose("notes", "7");
  wait(20);
  EXPECT_THAT(finding(pair.left_events), HasSubstr("notes 7 (missing at the peer)"));
  EXPECT_THAT(finding(pair.right_events), HasSubstr("notes 7 (missing here)"));
}

TEST_F(SessionDigest, ManyDifferencesMakeABoundedList) {
  for (int note = 0; note < 100; ++note) {
    b.damage("notes", std::to_string(note), "title", "Mold");
  }
  wait(20);
  const std::string text = finding(pair.left_events);
  EXPECT_THAT(text, HasSubstr("more"));
  EXPECT_THAT(text, HasSubstr("perhaps others"));
  EXPECT_LT(text.size(), 500U + kMaxNamedRows * (kMaxRowName + 30));
}

TEST_F(SessionDigest, NothingIsComparedWhileTheVectorMoves) {
  b.damage("notes", "42", "title", "Mold");
  for (int round = 0; round < 60; ++round) {
    push(a, pair.left, "new " + std::to_string(round));
    wait(1);
  }
  EXPECT_EQ(a.scans(), 0U);
  wait(10);
  EXPECT_NE(finding(pair.left_events), "");
}

TEST_F(SessionDigest, NextComparisonWaitsForTheTimeAndForAChange) {
  wait(2'000);
  EXPECT_EQ(a.scans(), 1U) << "nothing has changed";
  push(a, pair.left, "new");
  wait(30);
  EXPECT_EQ(a.scans(), 2U);
  push(a, pair.left, "newer");
  wait(300);
  EXPECT_EQ(a.scans(), 2U) << "too early";
  wait(2'000);
  EXPECT_EQ(a.scans(), 3U);
  EXPECT_EQ(b.scans(), 3U);
}

TEST_F(SessionDigest, MismatchIsToldEvenIfTheVectorMovesBeforeRowsAreNamed) {
  b.damage("notes", "42", "title", "Mold");
  for (; time < 5; ++time) pair.left.tick(milliseconds{time * 1'000});
  for (int second = 0; second < 6; ++second) pair.right.tick(milliseconds{second * 1'000});
  pair.left.tick(milliseconds{5'000});
  pair.right.receive(pair.left.take_output());  // DIGEST; the right side knows that they differ
  a.insert("notes", "new", {{"title", "Tea"}});
  pair.left.vector_changed();
  pair.right.receive(pair.left.take_output());
  pair.right.tick(milliseconds{6'000});
  pair.collect();
  EXPECT_THAT(finding(pair.right_events), HasSubstr("was not found out"));
}

TEST_F(SessionDigest, DifferentSchemasAreNotCompared) {
  MemoryReplica c(replica_id(3));
  c.declare("notes", "title", last_writer());
  c.declare("notes", "colour", last_writer());
  SessionPair other(a, c);
  other.pump();
  for (int second = 0; second < 30; ++second) {
    other.left.tick(milliseconds{second * 1'000});
    other.right.tick(milliseconds{second * 1'000});
    other.pump();
  }
  EXPECT_EQ(a.scans() + c.scans(), 0U);
}

TEST_F(SessionDigest, FloodOfDigestsMakesNoScans) {
  wait(20);
  std::string flood;
  for (std::uint64_t count = 0; count < 1'000; ++count) {
    append_frame(flood, FrameType::digest, 0, encode(DigestMessage{a.vector(), {count, 1}}));
    append_frame(flood, FrameType::digest_ranges, 0,
                 encode(DigestRanges{std::vector<Digest>(kDigestRanges)}));
    append_frame(flood, FrameType::digest_rows, 0, encode(DigestRows{}));
  }
  const auto before = a.scans();
  pair.left.receive(flood);
  wait(20);
  EXPECT_EQ(a.scans(), before);
  EXPECT_FALSE(pair.left.error().has_value());
}

TEST_F(SessionDigest, DigestsThatAreNotOneForEachRangeAreMalformed) {
  std::string frame;
  append_frame(frame, FrameType::digest_ranges, 0,
               encode(DigestRanges{std::vector<Digest>(kDigestRanges - 1)}));
  pair.left.receive(frame);
  ASSERT_TRUE(pair.left.error().has_value());
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::malformed);
}

TEST_F(SessionDigest, RowsOutOfOrderAreMalformed) {
  std::string frame;
  append_frame(frame, FrameType::digest_rows, 0,
               encode(DigestRows{{{2, {}, "notes 1"}, {1, {}, "notes 2"}}, true}));
  pair.left.receive(frame);
  ASSERT_TRUE(pair.left.error().has_value());
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::malformed);
}

TEST(RowDigests, SumDoesNotDependOnTheOrderAndListsAreBounded) {
  std::vector<std::uint32_t> all(kDigestRanges);
  for (std::uint32_t range = 0; range < kDigestRanges; ++range) all[range] = range;
  RowDigests forward(all);
  RowDigests backward(all);
  const auto add = [](RowDigests& digests, int number) {
    const std::vector<Value> key{Value(std::int64_t{number})};
    digests.add("notes", encode_key(key), std::to_string(number));
  };
  for (int number = 0; number < 3'000; ++number) add(forward, number);
  for (int number = 2'999; number >= 0; --number) add(backward, number);
  EXPECT_EQ(forward.total(), backward.total());
  EXPECT_EQ(forward.ranges(), backward.ranges());
  EXPECT_EQ(forward.rows(), backward.rows());
  EXPECT_EQ(forward.rows().size(), kMaxRowDigests);
  EXPECT_FALSE(forward.complete());
}

}  // namespace
}  // namespace rill
