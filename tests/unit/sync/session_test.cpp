#include "rill/session.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/rule.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;

struct Two {
  MemoryReplica a{replica_id(1)};
  MemoryReplica b{replica_id(2)};
};

TEST(Session, ConvergesWithDeltasBothWays) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  two.b.insert("notes", "tea", {{"title", "Tea"}});
  SessionPair pair(two.a, two.b);
  pair.pump();
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_TRUE(pair.right.in_sync());
  EXPECT_TRUE(pair.left.exchanged());
  EXPECT_EQ(two.a.shown(), two.b.shown());
  EXPECT_EQ(pair.left.progress().rows_sent, 1U);
  EXPECT_EQ(pair.left.progress().rows_received, 1U);
  EXPECT_EQ(pair.left.progress().bytes_sent, pair.right.progress().bytes_received);
  EXPECT_EQ(SessionPair::count(pair.left_events, SessionEvent::Kind::connected), 1U);
  EXPECT_EQ(SessionPair::count(pair.left_events, SessionEvent::Kind::delta_applied), 1U);
  EXPECT_EQ(SessionPair::count(pair.left_events, SessionEvent::Kind::exchanged), 1U);
  EXPECT_EQ(SessionPair::count(pair.left_events, SessionEvent::Kind::in_sync), 1U);
}

TEST(Session, TellsWhoThePeerIs) {
  Two two;
  SessionOptions options;
  options.name = "Kitchen";
  SessionPair pair(two.a, two.b, options);
  EXPECT_FALSE(pair.left.peer().has_value());
  pair.pump();
  ASSERT_TRUE(pair.left.peer().has_value());
  EXPECT_EQ(pair.left.peer()->id, replica_id(2));
  EXPECT_EQ(pair.left.peer()->name, "Kitchen");
  EXPECT_EQ(pair.left.peer()->protocol, kNewestProtocol);
}

TEST(Session, AcknowledgesOnlyWhatIsApplied) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.right.receive(pair.left.take_output());
  pair.left.receive(pair.right.take_output());
  const std::string changes = pair.left.take_output();
  pair.right.receive(changes.substr(0, changes.size() - 1));
  EXPECT_EQ(two.b.deltas_applied(), 0U);
  EXPECT_EQ(pair.right.take_output(), "");
  pair.right.receive(changes.substr(changes.size() - 1));
  EXPECT_EQ(two.b.deltas_applied(), 1U);
  EXPECT_FALSE(pair.left.in_sync());
  pair.left.receive(pair.right.take_output());
  EXPECT_TRUE(pair.left.in_sync());
}

TEST(Session, PushesLaterCommits) {
  Two two;
  SessionPair pair(two.a, two.b);
  pair.pump();
  for (int index = 0; index < 5; ++index) {
    two.a.insert("notes", std::to_string(index), {{"title", "Milk"}});
    pair.left.vector_changed();
    EXPECT_FALSE(pair.left.in_sync());
    pair.pump();
    EXPECT_EQ(two.b.shown(), two.a.shown());
    EXPECT_TRUE(pair.left.in_sync());
  }
  EXPECT_EQ(two.b.deltas_applied(), 5U);
  EXPECT_EQ(two.a.deltas_applied(), 0U);
}

TEST(Session, CommitsDuringADeltaGoWithTheNext) {
  Two two;
  two.a.insert("notes", "0", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  two.b.before_receive([&] {
    if (two.a.vector()[replica_id(1)] > 10) return;
    two.a.insert("notes", std::to_string(two.a.vector()[replica_id(1)]), {{"title", "Milk"}});
    pair.left.vector_changed();
  });
  pair.pump();
  EXPECT_EQ(two.b.shown(), two.a.shown());
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_TRUE(pair.right.in_sync());
}

TEST(Session, VectorChangedWithoutNewsSendsNothing) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.pump();
  pair.left.vector_changed();
  pair.right.vector_changed();
  EXPECT_EQ(pair.left.take_output(), "");
  EXPECT_EQ(pair.right.take_output(), "");
}

TEST(Session, ForwardsNewsAndNeverSendsItBack) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  MemoryReplica c(replica_id(3));
  SessionPair ab(a, b);
  SessionPair bc(b, c);
  auto on_change = b.on_vector_change([&] {
    ab.right.vector_changed();
    bc.left.vector_changed();
  });
  auto pump = [&] {
    for (int round = 0; round < 5; ++round) {
      ab.pump();
      bc.pump();
    }
  };
  pump();
  a.insert("notes", "milk", {{"title", "Milk"}});
  ab.left.vector_changed();
  pump();
  EXPECT_EQ(c.shown(), a.shown());
  c.update("notes", "milk", "title", "Oat milk");
  bc.right.vector_changed();
  pump();
  EXPECT_EQ(a.shown(), c.shown());
  EXPECT_EQ(a.deltas_applied(), 1U);
  EXPECT_EQ(b.deltas_applied(), 2U);
  EXPECT_EQ(c.deltas_applied(), 1U);
  EXPECT_EQ(a.chunks_received(), 1U);
}

TEST(Session, OneShotSideDoesNotPushAndStillReceives) {
  Two two;
  SessionOptions once;
  once.live = false;
  SessionPair pair(two.a, two.b);
  pair.left = Session(two.a, once);
  pair.left.start();
  pair.pump();
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  two.b.insert("notes", "tea", {{"title", "Tea"}});
  pair.left.vector_changed();
  pair.right.vector_changed();
  pair.pump();
  EXPECT_EQ(two.a.shown().at("notes").size(), 2U);
  EXPECT_EQ(two.b.shown().at("notes").size(), 1U);
}

TEST(Session, LargeDeltaGoesInChunksAndMemoryStaysBounded) {
  Two two;
  const std::string body(1'000, 'x');
  for (int index = 0; index < 2'000; ++index) {
    two.a.insert("notes", std::to_string(index), {{"body", body}});
  }
  SessionOptions options;
  options.compress = false;
  SessionPair pair(two.a, two.b, options);
  pair.right.receive(pair.left.take_output());
  pair.left.receive(pair.right.take_output());
  while (true) {
    const std::string bytes = pair.left.take_output();
    EXPECT_LE(bytes.size(), kMaxSessionOutput);
    if (bytes.empty()) break;
    EXPECT_EQ(two.b.shown().empty(), two.b.deltas_applied() == 0);
    pair.right.receive(bytes);
    pair.left.receive(pair.right.take_output());
  }
  pair.pump();
  EXPECT_GT(two.b.chunks_received(), 10U);
  EXPECT_EQ(two.b.deltas_applied(), 1U);
  EXPECT_EQ(two.a.shown(), two.b.shown());
  EXPECT_EQ(pair.left.progress().rows_sent, 2'000U);
}

TEST(Session, RowLargerThanAFrameIsSplitAndControlFramesOvertakeIt) {
  Two two;
  two.a.insert("notes", "big", {{"body", std::string(3'000'000, 'x')}});
  SessionOptions options;
  options.compress = false;
  SessionPair pair(two.a, two.b, options);
  pair.right.receive(pair.left.take_output());
  pair.left.receive(pair.right.take_output());
  bool pong = false;
  std::string ping;
  append_frame(ping, FrameType::ping, 0, {});
  while (two.b.deltas_applied() == 0) {
    pair.left.receive(ping);
    const std::string bytes = pair.left.take_output();
    ASSERT_FALSE(bytes.empty());
    pong = pong || (two.b.deltas_applied() == 0 && bytes[4] == 7);
    pair.right.receive(bytes);
    pair.left.receive(pair.right.take_output());
  }
  pair.pump();
  EXPECT_TRUE(pong);
  EXPECT_EQ(two.b.chunks_received(), 1U);
  EXPECT_EQ(two.a.shown(), two.b.shown());
}

TEST(Session, DifferentRulesAreAWarning) {
  Two two;
  two.a.declare("notes", "views", counter());
  two.a.declare("notes", "title", last_writer());
  two.b.declare("notes", "views", last_writer());
  two.b.declare("notes", "title", last_writer());
  SessionPair pair(two.a, two.b);
  pair.pump();
  EXPECT_TRUE(pair.left.in_sync());
  ASSERT_EQ(SessionPair::count(pair.left_events, SessionEvent::Kind::rules_differ), 1U);
  EXPECT_EQ(SessionPair::count(pair.right_events, SessionEvent::Kind::rules_differ), 1U);
  for (const auto& event : pair.left_events) {
    if (event.kind == SessionEvent::Kind::rules_differ) {
      EXPECT_NE(event.message.find("notes.views merges by counter"), std::string::npos);
    }
  }
}

TEST(Session, GapIsAnsweredByARetry) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  int refusals = 0;
  two.b.before_receive([&] {
    if (refusals++ < 2) throw Error(ErrorCode::causality_gap, "beyond what was seen");
  });
  SessionPair pair(two.a, two.b);
  pair.pump();
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_EQ(two.a.shown(), two.b.shown());
  EXPECT_EQ(refusals, 3);
}

TEST(Session, RetriesAreBounded) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  two.b.before_receive([] { throw Error(ErrorCode::causality_gap, "beyond what was seen"); });
  SessionPair pair(two.a, two.b);
  EXPECT_LT(pair.pump(), 50U);
  ASSERT_TRUE(pair.right.error().has_value());
  EXPECT_EQ(pair.right.error()->code(), ErrorCode::causality_gap);
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::causality_gap);
  EXPECT_LE(two.b.chunks_received(), 4U);
}

TEST(Session, StorageErrorClosesAndDoesNotTellThePeerItsText) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  two.b.before_receive([] { throw Error(ErrorCode::disk_full, "private.db is full"); });
  SessionPair pair(two.a, two.b);
  pair.pump();
  ASSERT_TRUE(pair.right.error() && pair.left.error());
  EXPECT_STREQ(pair.right.error()->what(), "private.db is full");
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::disk_full);
  EXPECT_EQ(std::string(pair.left.error()->what()).find("private"), std::string::npos);
  EXPECT_EQ(pair.left_events.back().kind, SessionEvent::Kind::closed);
  EXPECT_EQ(pair.right_events.back().kind, SessionEvent::Kind::closed);
}

TEST(Session, ByeEndsInGoodOrder) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.pump();
  pair.left.close();
  EXPECT_EQ(pair.left.state(), Session::State::closed);
  pair.pump();
  EXPECT_EQ(pair.right.state(), Session::State::closed);
  EXPECT_FALSE(pair.left.error() || pair.right.error());
  pair.left.disconnected();
  pair.right.disconnected();
  EXPECT_FALSE(pair.left.error() || pair.right.error());
}

TEST(Session, CloseSendsTheAcknowledgementFirst) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  while (two.b.deltas_applied() == 0) {
    pair.left.receive(pair.right.take_output());
    pair.right.receive(pair.left.take_output());
  }
  pair.right.close();
  pair.left.receive(pair.right.take_output());
  EXPECT_TRUE(pair.left.exchanged());
  EXPECT_EQ(pair.left.progress().rows_sent, 1U);
}

TEST(Session, EndOfConnectionWithoutByeIsPeerGone) {
  Two two;
  SessionPair pair(two.a, two.b);
  pair.pump();
  pair.left.disconnected();
  ASSERT_TRUE(pair.left.error().has_value());
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::peer_gone);
  EXPECT_EQ(pair.left.take_output(), "");
}

// Time --------------------------------------------------------------------------------------------

TEST(SessionTime, SilenceInsteadOfHelloEndsIt) {
  Two two;
  Session session(two.a);
  session.start();
  session.tick(milliseconds{1'000'000});
  session.tick(milliseconds{1'002'999});
  EXPECT_FALSE(session.error().has_value());
  session.tick(milliseconds{1'003'000});
  ASSERT_TRUE(session.error().has_value());
  EXPECT_EQ(session.error()->code(), ErrorCode::peer_gone);
}

TEST(SessionTime, IdlePeersPingEachOtherAndStay) {
  Two two;
  SessionPair pair(two.a, two.b);
  pair.pump();
  for (int second = 0; second < 300; ++second) {
    pair.left.tick(milliseconds{second * 1'000});
    pair.right.tick(milliseconds{second * 1'000});
    pair.pump();
  }
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_TRUE(pair.right.in_sync());
}

TEST(SessionTime, SilentPeerIsAskedOnceAndThenGivenUp) {
  Two two;
  SessionOptions options;
  options.compare_every = milliseconds{0};
  SessionPair pair(two.a, two.b, options);
  pair.pump();
  std::string sent;
  int last = 0;
  for (int second = 0; second < 60 && !pair.left.error(); ++second) {
    pair.left.tick(milliseconds{second * 1'000});
    if (!pair.left.error()) sent += pair.left.take_output();
    last = second;
  }
  EXPECT_EQ(last, 25);
  std::string ping;
  append_frame(ping, FrameType::ping, 0, {});
  EXPECT_EQ(sent, ping);
  EXPECT_EQ(pair.left.error()->code(), ErrorCode::peer_gone);
}

TEST(SessionTime, DrippingFrameIsGivenUp) {
  Two two;
  SessionPair pair(two.a, two.b);
  pair.pump();
  std::string frame;
  append_frame(frame, FrameType::delta, 1, std::string(100, 'x'));
  int second = 0;
  for (; second < 60 && !pair.left.error(); ++second) {
    pair.left.receive(frame.substr(static_cast<std::size_t>(second), 1));
    pair.left.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 15);
}

TEST(SessionTime, PeerThatNeverAcknowledgesIsGivenUp) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.left.receive(pair.right.take_output());
  pair.left.take_output();
  pair.left.take_output();
  std::string ping;
  append_frame(ping, FrameType::ping, 0, {});
  int second = 0;
  for (; second < 60 && !pair.left.error(); ++second) {
    pair.left.receive(ping);
    pair.left.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 20);
}

TEST(SessionTime, PeerAtWorkIsWaitedForMuchLonger) {
  Two two;
  two.a.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.left.receive(pair.right.take_output());
  pair.left.take_output();
  pair.left.take_output();
  int second = 0;
  for (; second < 3'000 && !pair.left.error(); ++second) {
    if (second % 5 == 0) pair.left.receive(Session::working_frame());
    pair.left.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 600);
}

TEST(SessionTime, PeerThatAnnouncesAndNeverSendsIsGivenUp) {
  Two two;
  two.b.insert("notes", "milk", {{"title", "Milk"}});
  SessionPair pair(two.a, two.b);
  pair.left.receive(pair.right.take_output());
  pair.left.take_output();
  std::string ping;
  append_frame(ping, FrameType::ping, 0, {});
  int second = 0;
  for (; second < 60 && !pair.left.error(); ++second) {
    pair.left.receive(ping);
    pair.left.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 20);
}

}  // namespace
}  // namespace rill
