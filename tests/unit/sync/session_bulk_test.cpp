// How sessions move what is large: compressed, and with credit.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

#include "compression.hpp"
#include "credit.hpp"
#include "frame.hpp"
#include "message.hpp"
#include "rill/session.hpp"
#include "support/expect_error.hpp"
#include "support/frames.hpp"
#include "support/memory_replica.hpp"
#include "support/noise.hpp"
#include "support/session_pair.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::frame;
using test::MemoryReplica;
using test::noise;
using test::replica_id;
using test::SessionPair;

/// Payload bytes of the DELTAs in `bytes`.
std::size_t bulk(std::string_view bytes) {
  FrameReader reader;
  std::size_t sum = 0;
  while (const auto next = reader.next(bytes, kMaxFrameBytes)) {
    if (next->is(FrameType::delta)) sum += next->payload.size();
  }
  return sum;
}

bool has(std::string_view bytes, FrameType type) {
  FrameReader reader;
  while (const auto next = reader.next(bytes, kMaxFrameBytes)) {
    if (next->is(type)) return true;
  }
  return false;
}

std::uint64_t bytes_for_text(bool left_compresses, bool right_compresses) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  for (int note = 0; note < 500; ++note) {
    a.insert("notes", std::to_string(note), {{"body", std::string(400, 'x')}});
  }
  SessionOptions left;
  left.compress = left_compresses;
  SessionOptions right;
  right.compress = right_compresses;
  SessionPair pair(a, b);
  pair.left = Session(a, left);
  pair.right = Session(b, right);
  pair.left.start();
  pair.right.start();
  pair.pump();
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_EQ(a.shown(), b.shown());
  return pair.left.progress().bytes_sent;
}

TEST(SessionBulk, CompressesIfBothSidesDo) {
  const std::uint64_t packed = bytes_for_text(true, true);
  const std::uint64_t plain = bytes_for_text(true, false);
  EXPECT_LT(packed * 4, plain);
  EXPECT_EQ(bytes_for_text(false, true), plain);
}

TEST(SessionBulk, RowOfManyCompressedPiecesArrives) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "big", {{"body", std::string(5'000'000, 'x') + noise(200'000)}});
  SessionPair pair(a, b);
  pair.pump();
  EXPECT_EQ(a.shown(), b.shown());
  EXPECT_LT(pair.left.progress().bytes_sent, 300'000U);
  EXPECT_EQ(b.chunks_received(), 1U);
}

/// A side that has been told of changes, from a peer that the test plays.
class SessionBulkHostile : public ::testing::Test {
 public:
  void greet(const SessionOptions& options = {}, std::uint64_t credit = kCredit) {
    session = Session(replica, options);
    session.start();
    Hello hello;
    hello.summary.id = replica_id(2);
    hello.summary.vector.raise({replica_id(2), 1});
    hello.credit = credit;
    session.receive(frame(FrameType::hello, 0, encode(hello)));
    session.receive(frame(FrameType::begin, kMainSpace, encode(Begin{hello.summary.vector})));
  }
  void expect_refused(const std::string& bytes, ErrorCode code) {
    session.receive(bytes);
    ASSERT_TRUE(session.error().has_value());
    EXPECT_EQ(to_string(session.error()->code()), to_string(code)) << session.error()->what();
    EXPECT_EQ(replica.chunks_received(), 0U);
  }

  MemoryReplica replica{replica_id(1)};
  Session session{replica};
};

TEST_F(SessionBulkHostile, BombIsRefused) {
  greet();
  ByteWriter huge;
  huge.varint(std::uint64_t{1} << 40U);
  expect_refused(frame(FrameType::delta, kMainSpace, huge.take() + "x", kFrameCompressed),
                 ErrorCode::limit_exceeded);
}

TEST_F(SessionBulkHostile, BombsWithinTheLimitOfAPieceEndAtThatOfAChunk) {
  greet();
  Compressor compressor;
  const std::string piece =
      frame(FrameType::delta, kMainSpace, compressor.compress(std::string(kMaxUnpackedBytes, 'x')),
            kFrameCompressed | kFrameMore);
  EXPECT_LT(piece.size(), 200U);
  for (std::size_t sent = 0; sent < kMaxDeltaBytes; sent += kMaxUnpackedBytes) {
    session.receive(piece);
  }
  EXPECT_FALSE(session.error().has_value());
  expect_refused(piece, ErrorCode::limit_exceeded);
}

TEST_F(SessionBulkHostile, GarbageInPlaceOfACompressedPieceIsRefused) {
  greet();
  expect_refused(frame(FrameType::delta, kMainSpace, noise(100), kFrameCompressed),
                 ErrorCode::malformed);
}

TEST_F(SessionBulkHostile, EmptyPieceIsRefused) {
  greet();
  expect_refused(frame(FrameType::delta, kMainSpace, "", kFrameMore), ErrorCode::malformed);
}

TEST_F(SessionBulkHostile, CompressedPieceThatNobodyAskedForIsRefused) {
  SessionOptions options;
  options.compress = false;
  greet(options);
  Compressor compressor;
  expect_refused(frame(FrameType::delta, kMainSpace, compressor.compress(std::string(1'000, 'x')),
                       kFrameCompressed),
                 ErrorCode::protocol);
}

TEST_F(SessionBulkHostile, SendingBeyondTheCreditIsRefused) {
  greet();
  const std::string piece =
      frame(FrameType::delta, kMainSpace, std::string(kBulkFrameBytes, 'x'), kFrameMore);
  for (std::uint64_t sent = 0; sent < kCredit; sent += kBulkFrameBytes) session.receive(piece);
  EXPECT_FALSE(session.error().has_value());
  expect_refused(piece, ErrorCode::limit_exceeded);
}

TEST_F(SessionBulkHostile, CreditIsGrantedAgainAsItIsConsumed) {
  greet();
  const std::string piece =
      frame(FrameType::delta, kMainSpace, std::string(kBulkFrameBytes, 'x'), kFrameMore);
  session.take_output();
  for (std::uint64_t sent = 0; sent < kCredit / 4; sent += kBulkFrameBytes) {
    EXPECT_FALSE(has(session.take_output(), FrameType::credit));
    session.receive(piece);
  }
  EXPECT_EQ(session.take_output(), frame(FrameType::credit, 0, encode(CreditMessage{kCredit / 4})));
}

TEST_F(SessionBulkHostile, CreditAboveTheLimitAndTooLittleOfItAreRefused) {
  greet();
  expect_refused(frame(FrameType::credit, 0, encode(CreditMessage{kMaxCredit})),
                 ErrorCode::limit_exceeded);
  greet({}, kMinCredit - 1);
  ASSERT_TRUE(session.error().has_value());
  EXPECT_EQ(session.error()->code(), ErrorCode::protocol);
}

TEST(SessionCredit, NoMoreThanTheCreditIsSentAndControlOvertakes) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "big", {{"body", noise(3'000'000)}});
  SessionPair pair(a, b);
  pair.right.receive(pair.left.take_output());
  pair.left.receive(pair.right.take_output());
  std::string held;  // what a slow receiver has not looked at
  while (true) {
    const std::string bytes = pair.left.take_output();
    if (bytes.empty()) break;
    held += bytes;
  }
  EXPECT_LE(bulk(held), kCredit);
  EXPECT_GT(bulk(held), kCredit - kBulkFrameBytes);
  pair.left.receive(frame(FrameType::ping, 0, ""));
  EXPECT_EQ(pair.left.take_output(), frame(FrameType::pong, 0, ""));
  pair.right.receive(held);
  pair.pump();
  EXPECT_TRUE(pair.left.in_sync());
  EXPECT_EQ(a.shown(), b.shown());
}

TEST(SessionCredit, LeastThatAPeerMayGrantIsEnough) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "big", {{"body", noise(400'000)}});
  Session session(a);
  session.start();
  Hello hello;
  hello.summary.id = replica_id(2);
  hello.credit = kMinCredit;
  session.receive(frame(FrameType::hello, 0, encode(hello)));
  std::size_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    const std::size_t size = bulk(session.take_output());
    EXPECT_LE(size, kMinCredit);
    if (size == 0) break;
    sent += size;
    session.receive(frame(FrameType::credit, 0, encode(CreditMessage{size})));
  }
  EXPECT_GT(sent, 400'000U);
}

TEST(SessionCredit, PeerThatNeverGrantsMoreIsGivenUp) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "big", {{"body", noise(3'000'000)}});
  Session session(a);
  session.start();
  Hello hello;
  hello.summary.id = replica_id(2);
  session.receive(frame(FrameType::hello, 0, encode(hello)));
  int second = 0;
  for (; second < 60 && !session.error(); ++second) {
    session.receive(frame(FrameType::ping, 0, ""));
    while (!session.take_output().empty()) {
    }
    session.tick(milliseconds{second * 1'000});
  }
  EXPECT_EQ(second - 1, 20);
}

}  // namespace
}  // namespace rill
