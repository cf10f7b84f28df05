// Sessions between members of a group, and with one that may only follow.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/frames.hpp"
#include "support/memory_group.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::frame;
using test::MemoryGroup;
using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;
using ::testing::ElementsAre;

SessionOptions with_group(GroupLog& group) {
  SessionOptions options;
  options.group = &group;
  return options;
}

SessionOptions reader_side() {
  SessionOptions options;
  options.send_changes = false;
  return options;
}

SessionOptions side_facing_a_reader() {
  SessionOptions options;
  options.accept_changes = false;
  return options;
}

/// Types of the frames in `bytes`.
std::vector<int> types(std::string_view bytes) {
  FrameReader reader;
  std::vector<int> result;
  while (const auto frame = reader.next(bytes, kMaxFrameBytes)) result.push_back(frame->type);
  return result;
}

/// Two replicas with a note each, and the sessions between them.
class SessionRoles : public ::testing::Test {
 public:
  SessionRoles() {
    a.insert("notes", "milk", {{"title", "Milk"}});
    b.insert("notes", "tea", {{"title", "Tea"}});
  }

  void connect(const SessionOptions& left_options, const SessionOptions& right_options) {
    left = Session(a, left_options);
    right = Session(b, right_options);
    left.start();
    right.start();
  }
  void pump() {
    for (int round = 0; round < 100; ++round) {
      right.receive(left.take_output());
      left.receive(right.take_output());
    }
  }

  MemoryReplica a{replica_id(1)};
  MemoryReplica b{replica_id(2)};
  Session left{a};
  Session right{b};
};

TEST_F(SessionRoles, ReaderFollowsAndSendsNothing) {
  connect(side_facing_a_reader(), reader_side());
  const std::string before = a.fingerprint();
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_TRUE(right.in_sync());
  EXPECT_TRUE(left.exchanged());
  EXPECT_TRUE(right.exchanged());
  EXPECT_EQ(a.fingerprint(), before);
  EXPECT_EQ(b.shown().at("notes").size(), 2U);
  EXPECT_EQ(a.chunks_received(), 0U);
}

TEST_F(SessionRoles, ReaderGetsLaterCommitsAndKeepsItsOwn) {
  connect(side_facing_a_reader(), reader_side());
  pump();
  a.insert("notes", "salt", {{"title", "Salt"}});
  left.vector_changed();
  b.insert("notes", "pepper", {{"title", "Pepper"}});
  right.vector_changed();
  EXPECT_FALSE(left.in_sync());
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_TRUE(right.in_sync());
  EXPECT_EQ(b.shown().at("notes").size(), 4U);
  EXPECT_EQ(a.shown().at("notes").size(), 2U);
}

TEST_F(SessionRoles, ReadersHaveNothingToSayToEachOther) {
  SessionOptions both = reader_side();
  both.accept_changes = false;
  connect(both, both);
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_TRUE(right.exchanged());
  EXPECT_EQ(a.shown().at("notes").size(), 1U);
}

TEST_F(SessionRoles, SideThatDoesNotKnowItsPeerIsAReaderWaitsForNothing) {
  connect({}, reader_side());
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_TRUE(left.exchanged());
  for (int second = 0; second < 60; ++second) {
    left.tick(milliseconds{second * 1'000});
    right.tick(milliseconds{second * 1'000});
    pump();
  }
  EXPECT_FALSE(left.error().has_value());
}

TEST_F(SessionRoles, ChangesOfAReaderAreRefusedWhole) {
  connect(side_facing_a_reader(), {});
  const std::string before = a.fingerprint();
  pump();
  ASSERT_TRUE(left.error() && right.error());
  EXPECT_EQ(left.error()->code(), ErrorCode::not_allowed);
  EXPECT_EQ(right.error()->code(), ErrorCode::not_allowed);
  EXPECT_EQ(a.fingerprint(), before);
  EXPECT_EQ(a.chunks_received(), 0U);
}

TEST_F(SessionRoles, ChangesOfOneThatSaidItWouldSendNoneAreRefused) {
  connect({}, reader_side());
  pump();
  left.receive(frame(FrameType::begin, kMainSpace, encode(Begin{b.vector()})));
  ASSERT_TRUE(left.error().has_value());
  EXPECT_EQ(left.error()->code(), ErrorCode::not_allowed);
}

class SessionGroup : public SessionRoles {
 public:
  MemoryGroup here{{"genesis", "admit a"}};
  MemoryGroup there{{"genesis", "admit b"}};
};

TEST_F(SessionGroup, RecordsAreUnitedBeforeChangesAreSent) {
  connect(with_group(here), with_group(there));
  const std::string hello = left.take_output();
  right.receive(hello);
  left.receive(right.take_output());
  const auto sent = types(left.take_output());
  const auto group = std::ranges::find(sent, static_cast<int>(FrameType::group));
  const auto begin = std::ranges::find(sent, static_cast<int>(FrameType::begin));
  ASSERT_NE(begin, sent.end());
  EXPECT_LT(group, begin);
}

TEST_F(SessionGroup, BothEndWithAllRecordsAndAreTold) {
  connect(with_group(here), with_group(there));
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_TRUE(right.in_sync());
  EXPECT_THAT(here.records(), ElementsAre("admit a", "admit b", "genesis"));
  EXPECT_EQ(here.records(), there.records());
  EXPECT_EQ(SessionPair::count(left.take_events(), SessionEvent::Kind::group_changed), 1U);
  EXPECT_EQ(SessionPair::count(right.take_events(), SessionEvent::Kind::group_changed), 1U);
}

TEST_F(SessionGroup, EqualRecordsAreNotSent) {
  MemoryGroup same(here);
  connect(with_group(here), with_group(same));
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_EQ(here.merges + same.merges, 0);
}

TEST_F(SessionGroup, NewRecordsGoLiveOnceAndOnlyThey) {
  connect(with_group(here), with_group(there));
  pump();
  here.merge({"revoke c"});
  left.group_changed();
  EXPECT_FALSE(left.in_sync());
  const std::string bytes = left.take_output();
  EXPECT_NE(bytes.find("revoke c"), std::string::npos);
  EXPECT_EQ(bytes.find("genesis"), std::string::npos);
  right.receive(bytes);
  EXPECT_EQ(there.records(), here.records());
  right.group_changed();
  EXPECT_EQ(types(right.take_output()), std::vector<int>{});
  EXPECT_TRUE(left.in_sync());
}

TEST_F(SessionGroup, RecordsThatCameBetweenHelloAndItsAnswerAreNotLost) {
  MemoryGroup same(here);
  connect(with_group(here), with_group(same));
  here.merge({"admit d"});
  left.group_changed();
  pump();
  EXPECT_EQ(same.records(), here.records());
}

TEST_F(SessionGroup, LargeLogGoesInPieces) {
  for (int device = 0; device < 2'000; ++device) {
    here.merge({"admit " + std::to_string(device) + std::string(300, 'k')});
  }
  connect(with_group(here), with_group(there));
  pump();
  EXPECT_TRUE(left.in_sync());
  EXPECT_EQ(there.records().size(), 2'003U);
  EXPECT_EQ(here.records(), there.records());
}

TEST_F(SessionGroup, OneSideWithoutAGroupIsRefused) {
  connect(with_group(here), {});
  const std::string before = a.fingerprint();
  pump();
  ASSERT_TRUE(left.error() && right.error());
  EXPECT_EQ(left.error()->code(), ErrorCode::not_a_member);
  EXPECT_EQ(right.error()->code(), ErrorCode::not_a_member);
  EXPECT_EQ(a.fingerprint(), before);
}

TEST_F(SessionGroup, RecordThatTheLogRefusesEndsTheSession) {
  there.merge({"admit b"});
  connect(with_group(here), with_group(there));
  pump();
  const auto before = here.records();
  left.receive(frame(FrameType::group, 0, encode(GroupMessage{{"admit z", "!forged"}})));
  ASSERT_TRUE(left.error().has_value());
  EXPECT_EQ(left.error()->code(), ErrorCode::malformed);
  EXPECT_EQ(here.records(), before);
}

TEST_F(SessionGroup, ChangesBeforeTheRecordsAreRefused) {
  connect(with_group(here), with_group(there));
  left.receive(right.take_output());
  left.receive(frame(FrameType::begin, kMainSpace, encode(Begin{b.vector()})));
  ASSERT_TRUE(left.error().has_value());
  EXPECT_EQ(left.error()->code(), ErrorCode::protocol);
}

TEST_F(SessionGroup, RecordsAboveTheirLimitAreRefused) {
  connect(with_group(here), with_group(there));
  pump();
  std::string piece;
  append_frame(piece, FrameType::group, 0, std::string(kMaxFrameBytes, 'x'), kFrameMore);
  for (int count = 0; count < 6; ++count) left.receive(piece);
  ASSERT_TRUE(left.error().has_value());
  EXPECT_EQ(left.error()->code(), ErrorCode::limit_exceeded);
}

TEST_F(SessionGroup, RecordsToADeviceWithoutAGroupAreRefused) {
  connect({}, {});
  pump();
  left.receive(frame(FrameType::group, 0, encode(GroupMessage{})));
  ASSERT_TRUE(left.error().has_value());
  EXPECT_EQ(left.error()->code(), ErrorCode::protocol);
}

TEST_F(SessionGroup, RecordsThatNeverComeEndTheSession) {
  connect(with_group(here), with_group(there));
  left.receive(right.take_output());
  int second = 0;
  for (; second < 60 && !left.error(); ++second) {
    left.receive(frame(FrameType::ping, 0, ""));
    left.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 20);
}

}  // namespace
}  // namespace rill
