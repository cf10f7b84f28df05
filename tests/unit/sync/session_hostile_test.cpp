// Sessions against peers that break off, break rules, or send noise.

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/frames.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using test::frame;
using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;

std::string hello_frame(const MemoryReplica& replica, std::uint8_t id) {
  Hello hello;
  hello.summary.id = replica_id(id);
  hello.summary.vector = replica.vector();
  return frame(FrameType::hello, 0, encode(hello));
}

/// A session that has said HELLO to a peer with nothing to send.
struct Victim {
  Victim() {
    replica.insert("notes", "milk", {{"title", "Milk"}});
    session.start();
    before = replica.fingerprint();
  }

  void greet() {
    session.receive(hello_frame(replica, 2));
    session.take_output();
  }

  /// Feeds `bytes` and expects the session to end with `code`, its replica unchanged.
  void expect_refused(const std::string& bytes, ErrorCode code) {
    session.receive(bytes);
    EXPECT_EQ(session.state(), Session::State::closed);
    ASSERT_TRUE(session.error().has_value());
    EXPECT_EQ(session.error()->code(), code) << session.error()->what();
    EXPECT_EQ(replica.fingerprint(), before);
    const std::string answer = session.take_output();
    EXPECT_NE(answer.find(to_string(code)), std::string::npos) << "the peer is told";
    EXPECT_EQ(session.take_output(), "");
  }

  MemoryReplica replica{replica_id(1)};
  Session session{replica};
  std::string before;
};

TEST(SessionHostile, OtherProtocolsAreRefused) {
  Victim http;
  http.expect_refused("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", ErrorCode::limit_exceeded);
  Victim magic;
  magic.expect_refused(frame(FrameType::hello, 0, "NOPE and more"), ErrorCode::malformed);
}

TEST(SessionHostile, VersionMismatchNamesBothRanges) {
  Victim victim;
  Hello hello;
  hello.oldest = hello.newest = 99;
  hello.summary.id = replica_id(2);
  victim.expect_refused(frame(FrameType::hello, 0, encode(hello)), ErrorCode::version_mismatch);
  EXPECT_NE(std::string(victim.session.error()->what()).find("99"), std::string::npos);
}

TEST(SessionHostile, PeerOfTheFirstVersionIsToldWhichAppToUpdate) {
  Victim victim;
  Hello hello;
  hello.oldest = hello.newest = 1;
  hello.summary.id = replica_id(2);
  victim.expect_refused(frame(FrameType::hello, 0, encode(hello)), ErrorCode::version_mismatch);
  EXPECT_STREQ(victim.session.error()->what(),
               "the peer speaks version 1 of the protocol, this side version 3: update the app on "
               "the peer");
}

TEST(SessionHostile, OtherSpaceIsRefused) {
  Victim victim;
  Hello hello;
  hello.space = 7;
  hello.summary.id = replica_id(2);
  victim.expect_refused(frame(FrameType::hello, 0, encode(hello)), ErrorCode::protocol);
}

TEST(SessionHostile, FirstFrameMustBeHello) {
  for (const FrameType type : {FrameType::begin, FrameType::delta, FrameType::ack, FrameType::retry,
                               FrameType::ping, FrameType::working}) {
    Victim victim;
    const bool bulk = type <= FrameType::retry;
    victim.expect_refused(frame(type, bulk ? 1 : 0, ""), ErrorCode::protocol);
  }
}

TEST(SessionHostile, SecondHelloIsRefused) {
  Victim victim;
  victim.greet();
  victim.expect_refused(hello_frame(victim.replica, 2), ErrorCode::protocol);
}

TEST(SessionHostile, OversizeFramesAreRefusedByTheirHeader) {
  Victim before_hello;
  before_hello.expect_refused(std::string("\x01\x00\x04\x00\x01\x00\x00\x00", 8),
                              ErrorCode::limit_exceeded);
  Victim after;
  after.greet();
  after.expect_refused(std::string("\xff\xff\xff\x7f\x03\x00\x01\x00", 8),
                       ErrorCode::limit_exceeded);
}

TEST(SessionHostile, DeltaChunkBeyondTheLimitIsRefused) {
  Victim victim;
  victim.greet();
  victim.session.receive(frame(FrameType::begin, 1, encode(Begin{})));
  const std::string piece =
      frame(FrameType::delta, 1, std::string(kMaxFrameBytes, 'x'), kFrameMore);
  std::size_t sent = 0;
  while (victim.session.state() != Session::State::closed && sent <= kMaxDeltaBytes) {
    victim.session.receive(piece);
    victim.session.take_output();  // with credit for the next
    sent += kMaxFrameBytes;
  }
  ASSERT_TRUE(victim.session.error().has_value());
  EXPECT_EQ(victim.session.error()->code(), ErrorCode::limit_exceeded);
  EXPECT_EQ(victim.replica.chunks_received(), 0U);
}

TEST(SessionHostile, FramesOutOfPlaceAreRefused) {
  struct Case {
    std::string bytes;
    ErrorCode code;
  };
  const std::string begin = frame(FrameType::begin, 1, encode(Begin{}));
  const std::vector<Case> cases = {
      {frame(FrameType::delta, 1, "x"), ErrorCode::protocol},
      {begin + begin, ErrorCode::protocol},
      {begin + frame(FrameType::delta, 1, "not a delta"), ErrorCode::malformed},
      {frame(FrameType::ack, 1, encode(Ack{})), ErrorCode::protocol},
      {frame(FrameType::retry, 1, encode(Retry{})), ErrorCode::protocol},
      {frame(FrameType::have, 1, encode(Have{{}, true})), ErrorCode::protocol},
      {frame(FrameType::ping, 1, ""), ErrorCode::protocol},
      {frame(FrameType::begin, 2, encode(Begin{})), ErrorCode::protocol},
      {frame(FrameType::ping, 0, "", 0x80), ErrorCode::protocol},
      {frame(FrameType::ping, 0, "x"), ErrorCode::malformed},
      {frame(FrameType::begin, 1, "\x01"), ErrorCode::malformed},
      {frame(static_cast<FrameType>(200), 0, ""), ErrorCode::protocol},
      {frame(static_cast<FrameType>(0), 0, ""), ErrorCode::protocol},
  };
  for (const Case& it : cases) {
    Victim victim;
    victim.greet();
    victim.expect_refused(it.bytes, it.code);
  }
}

TEST(SessionHostile, AcknowledgementOfLessThanWasSentIsRefused) {
  MemoryReplica replica(replica_id(1));
  replica.insert("notes", "milk", {{"title", "Milk"}});
  Session session(replica);
  session.start();
  session.receive(hello_frame(MemoryReplica(replica_id(2)), 2));
  EXPECT_FALSE(session.take_output().empty());
  session.receive(frame(FrameType::ack, 1, encode(Ack{})));
  ASSERT_TRUE(session.error().has_value());
  EXPECT_EQ(session.error()->code(), ErrorCode::protocol);
}

TEST(SessionHostile, UnknownOptionalFrameIsSkipped) {
  Victim victim;
  victim.greet();
  victim.session.receive(
      frame(static_cast<FrameType>(200), 9, std::string(1'000, 'x'), kFrameOptional | 0x80U));
  EXPECT_EQ(victim.session.state(), Session::State::connected);
  EXPECT_TRUE(victim.session.in_sync());
}

TEST(SessionHostile, FloodOfPingsMakesOnePong) {
  Victim victim;
  victim.greet();
  std::string flood;
  for (int index = 0; index < 100'000; ++index) append_frame(flood, FrameType::ping, 0, {});
  victim.session.receive(flood);
  EXPECT_EQ(victim.session.take_output(), frame(FrameType::pong, 0, ""));
  EXPECT_LT(victim.session.take_events().size(), 10U);
}

TEST(SessionHostile, ErrorOfThePeerKeepsItsCode) {
  Victim victim;
  victim.greet();
  victim.session.receive(
      frame(FrameType::error, 0, encode(ErrorMessage{ErrorCode::disk_full, "it failed"})));
  ASSERT_TRUE(victim.session.error().has_value());
  EXPECT_EQ(victim.session.error()->code(), ErrorCode::disk_full);
  EXPECT_EQ(victim.session.take_output(), "") << "no error is answered by an error";
}

TEST(SessionHostile, InputAfterTheEndIsIgnored) {
  Victim victim;
  victim.greet();
  victim.session.receive(frame(FrameType::delta, 1, "x"));
  victim.session.take_output();
  victim.session.receive(frame(FrameType::ping, 0, ""));
  victim.session.tick(std::chrono::milliseconds{1});
  victim.session.vector_changed();
  EXPECT_EQ(victim.session.take_output(), "");
}

// Broken off --------------------------------------------------------------------------------------

void fill(MemoryReplica& replica, const std::string& prefix, int rows, std::size_t bytes) {
  for (int row = 0; row < rows; ++row) {
    replica.insert("notes", prefix + std::to_string(row), {{"body", std::string(bytes, 'x')}});
  }
}

/// Runs an exchange over a wire that breaks after `budget` bytes to the right. Returns whether it
/// broke.
bool run_until_cut(Session& left, Session& right, std::size_t budget) {
  left.start();
  right.start();
  while (true) {
    const std::string there = left.take_output();
    const std::size_t passed = std::min(there.size(), budget);
    right.receive(there.substr(0, passed));
    budget -= passed;
    if (passed < there.size()) {
      left.disconnected();
      right.disconnected();
      return true;
    }
    const std::string back = right.take_output();
    left.receive(back);
    if (there.empty() && back.empty()) return false;
  }
}

TEST(SessionCut, AtEveryByteNothingIsAppliedInPart) {
  std::size_t budget = 0;
  for (bool cut = true; cut; ++budget) {
    MemoryReplica a(replica_id(1));
    MemoryReplica b(replica_id(2));
    fill(a, "a", 3, 10);
    fill(b, "b", 2, 10);
    {
      Session left(a);
      Session right(b);
      cut = run_until_cut(left, right, budget);
      if (cut) {
        EXPECT_EQ(right.error()->code(), ErrorCode::peer_gone);
      }
    }
    const std::size_t rows_at_b = b.shown().at("notes").size();
    EXPECT_TRUE(rows_at_b == 2 || rows_at_b == 5) << "cut after " << budget << " bytes";
    EXPECT_EQ(b.vector()[replica_id(1)], rows_at_b == 5 ? 3U : 0U);
    SessionPair again(a, b);
    again.pump();
    EXPECT_TRUE(again.left.in_sync());
    EXPECT_EQ(a.shown(), b.shown()) << "cut after " << budget << " bytes";
  }
  EXPECT_GT(budget, 200U);
}

TEST(SessionCut, InTheMiddleOfChunksNothingIsAppliedInPart) {
  for (std::size_t budget = 1'000; budget < 600'000; budget += 37'813) {
    MemoryReplica a(replica_id(1));
    MemoryReplica b(replica_id(2));
    fill(a, "a", 300, 2'000);
    SessionOptions options;
    options.compress = false;
    Session left(a, options);
    Session right(b, options);
    ASSERT_TRUE(run_until_cut(left, right, budget));
    EXPECT_TRUE(b.shown().empty());
    EXPECT_TRUE(b.vector().empty());
    SessionPair again(a, b);
    again.pump();
    EXPECT_EQ(a.shown(), b.shown());
  }
}

// Noise -------------------------------------------------------------------------------------------

/// All bytes that the left side of an exchange sends, cut into takes.
std::vector<std::string> recorded_takes() {
  MemoryReplica a(replica_id(2));
  MemoryReplica b(replica_id(1));
  fill(a, "a", 5, 50);
  fill(b, "b", 1, 50);
  Session left(a);
  Session right(b);
  left.start();
  right.start();
  std::vector<std::string> takes;
  while (true) {
    const std::string there = left.take_output();
    right.receive(there);
    const std::string back = right.take_output();
    left.receive(back);
    if (!there.empty()) takes.push_back(there);
    if (there.empty() && back.empty()) return takes;
  }
}

/// Gives `takes` to a fresh session. Whatever they are, it must end in one of the ways it may end:
/// the replica as it was, or with the whole delta.
void expect_sound(const std::vector<std::string>& takes, unsigned seed) {
  MemoryReplica replica(replica_id(1));
  fill(replica, "b", 1, 50);
  const VersionVector vector = replica.vector();
  const std::string before = replica.fingerprint();
  Session session(replica);
  session.start();
  std::size_t output = session.take_output().size();
  for (const std::string& bytes : takes) {
    session.receive(bytes);
    output += session.take_output().size();
  }
  if (session.error()) {
    EXPECT_NE(session.error()->code(), ErrorCode::internal) << session.error()->what();
  }
  EXPECT_LT(output, 10'000U);
  if (replica.vector() == vector) {
    EXPECT_EQ(replica.fingerprint(), before) << "seed " << seed;
  }
}

TEST(SessionNoise, FlippedBitsEndInATypedErrorOrAWholeDelta) {
  const std::vector<std::string> takes = recorded_takes();
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> flipped = takes;
    for (auto flips = 1 + random() % 3; flips > 0; --flips) {
      std::string& take = flipped[random() % flipped.size()];
      take[random() % take.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    expect_sound(flipped, seed);
  }
}

TEST(SessionNoise, RandomFramesEndInATypedError) {
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> takes;
    if (seed % 4 != 0) takes.push_back(recorded_takes().front());
    for (auto count = random() % 20; count > 0; --count) {
      std::string payload(random() % 64, '\0');
      for (char& byte : payload)
        byte = static_cast<char>(random() % 4 == 0 ? random() & 0xFFU : 1U);
      takes.push_back(frame(static_cast<FrameType>(random() % 13),
                            static_cast<std::uint16_t>(random() % 3), payload,
                            static_cast<std::uint8_t>(random() % 4)));
    }
    expect_sound(takes, seed);
  }
}

TEST(SessionNoise, RandomBytesEndInATypedError) {
  for (unsigned seed = 0; seed < 5'000; ++seed) {
    std::mt19937 random(seed);
    std::string bytes(random() % 2'000, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
    expect_sound({bytes}, seed);
  }
}

TEST(SessionNoise, ReplayedExchangeHasNoEffect) {
  MemoryReplica a(replica_id(2));
  MemoryReplica b(replica_id(1));
  fill(a, "a", 5, 50);
  SessionPair first(a, b);
  const std::string hello = first.left.take_output();
  first.right.receive(hello);
  first.left.receive(first.right.take_output());
  const std::string changes = first.left.take_output();
  first.right.receive(changes);
  const std::string before = b.fingerprint();
  for (int replay = 0; replay < 3; ++replay) {
    Session session(b);
    session.start();
    session.receive(hello);
    session.receive(changes);
    EXPECT_FALSE(session.error().has_value());
    EXPECT_EQ(b.fingerprint(), before);
  }
}

}  // namespace
}  // namespace rill
