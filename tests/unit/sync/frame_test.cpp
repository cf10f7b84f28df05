#include "frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "message.hpp"
#include "rill/error.hpp"
#include "support/memory_replica.hpp"

namespace rill {
namespace {

template <typename Call>
ErrorCode code_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::internal;
}

TEST(Frame, HeaderIsLittleEndian) {
  std::string out;
  append_frame(out, FrameType::delta, 0x0102, "abc", kFrameMore);
  EXPECT_EQ(out, std::string("\x03\x00\x00\x00\x03\x02\x02\x01"
                             "abc",
                             11));
}

TEST(Frame, ReaderAcceptsAnyPortions) {
  std::string bytes;
  append_frame(bytes, FrameType::ping, 0, "");
  append_frame(bytes, FrameType::delta, 1, "payload", kFrameMore);
  append_frame(bytes, FrameType::bye, 0, "");
  for (std::size_t portion = 1; portion <= bytes.size(); ++portion) {
    FrameReader reader;
    std::vector<std::string> seen;
    for (std::size_t at = 0; at < bytes.size(); at += portion) {
      std::string_view input = std::string_view(bytes).substr(at, portion);
      while (const auto frame = reader.next(input, 100)) {
        seen.push_back(std::to_string(frame->type) + ":" + std::string(frame->payload));
      }
      EXPECT_TRUE(input.empty());
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"6:", "3:payload", "9:"}));
    EXPECT_FALSE(reader.inside_frame());
    EXPECT_EQ(reader.frames(), 3U);
  }
}

TEST(Frame, KnowsThatItIsInsideOne) {
  FrameReader reader;
  std::string_view input("\x03", 1);
  EXPECT_FALSE(reader.inside_frame());
  EXPECT_FALSE(reader.next(input, 100).has_value());
  EXPECT_TRUE(reader.inside_frame());
}

TEST(Frame, LengthAboveTheLimitIsRefusedByTheHeaderAlone) {
  FrameReader reader;
  std::string_view input("\xff\xff\xff\xff\x03\x00\x01\x00", 8);
  EXPECT_EQ(code_of([&] { reader.next(input, kMaxFrameBytes); }), ErrorCode::limit_exceeded);
}

TEST(Frame, NoFrameIsBuiltAboveTheLimit) {
  std::string out;
  const std::string payload(kMaxFrameBytes + 1, 'x');
  EXPECT_EQ(code_of([&] { append_frame(out, FrameType::delta, 1, payload); }),
            ErrorCode::limit_exceeded);
}

Hello sample_hello() {
  Hello hello;
  hello.name = "Kitchen";
  hello.features = 5;
  hello.summary.id = test::replica_id(1);
  hello.summary.nonce.fill(7);
  hello.summary.opening.fill(8);
  hello.summary.epochs = {{{test::replica_id(1), 290, 0xFFFF'FFFF'FFFF'FFFFULL}, 12}};
  hello.summary.forks.add(branch_id(test::replica_id(1), 5));
  hello.summary.forks.add(branch_id(test::replica_id(3), 6));
  hello.summary.inboxes = {{{1, 2, 3}, 40, 5'000}};
  hello.summary.vector.raise({test::replica_id(1), 300});
  hello.summary.vector.raise({test::replica_id(2), 2});
  hello.summary.tables = {{"notes", {{"title", "last_writer", 1}, {"price", "vat", 3}}},
                          {"empty", {}}};
  return hello;
}

TEST(Message, HelloComesBackAsItWas) {
  const Hello hello = sample_hello();
  EXPECT_EQ(decode_hello(encode(hello)), hello);
}

TEST(Message, HelloCutAnywhereOrWithMoreBehindIsMalformed) {
  const std::string bytes = encode(sample_hello());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(code_of([&] { decode_hello(bytes.substr(0, size)); }), ErrorCode::malformed) << size;
  }
  EXPECT_EQ(code_of([&] { decode_hello(bytes + "x"); }), ErrorCode::malformed);
}

TEST(Message, HelloNamesEachForkOnceAndInOrder) {
  const std::string bytes = encode(sample_hello());
  std::string fork(8, '\x01');
  fork += std::string("\0\0\0\0\0\0\0\x05", 8);
  const std::size_t place = bytes.find(fork);
  ASSERT_NE(place, std::string::npos);
  for (const std::string& second : {fork, std::string(16, '\0')}) {
    std::string spoilt = bytes;
    spoilt.replace(place + 16, 16, second);
    EXPECT_EQ(code_of([&] { decode_hello(spoilt); }), ErrorCode::malformed);
  }
}

TEST(Message, HistoryComesBackAsItWasAndAscends) {
  const ReplicaId replica = test::replica_id(1);
  ReplicaHistory history{replica, 9, {{replica, 1, 0xFFFF'FFFF'FFFF'FFFFULL}, {replica, 5, 2}}};
  const std::string bytes = encode(history);
  EXPECT_EQ(decode_history(bytes), history);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(code_of([&] { decode_history(bytes.substr(0, size)); }), ErrorCode::malformed);
  }
  history.epochs.push_back({replica, 5, 3});
  EXPECT_EQ(code_of([&] { decode_history(encode(history)); }), ErrorCode::malformed);
  history.epochs = {{replica, 0, 3}};
  EXPECT_EQ(code_of([&] { decode_history(encode(history)); }), ErrorCode::malformed);
}

TEST(Message, VersionIsJudgedBeforeTheRest) {
  const std::string future("RILL\x07\x09whatever a later version may say", 38);
  EXPECT_EQ(code_of([&] { decode_hello(future); }), ErrorCode::version_mismatch);
  const std::string upside_down("RILL\x02\x01", 6);
  EXPECT_EQ(code_of([&] { decode_hello(upside_down); }), ErrorCode::malformed);
  EXPECT_EQ(code_of([&] { decode_hello("GET / HTTP/1.1\r\n"); }), ErrorCode::malformed);
}

TEST(Message, LaterVersionsMayOverlapOurs) {
  Hello hello = sample_hello();
  hello.newest = 9;
  EXPECT_EQ(decode_hello(encode(hello)).newest, 9U);
}

TEST(Message, LongNamesAndManyTablesAreRefused) {
  Hello hello = sample_hello();
  hello.name = std::string(200, 'n');
  EXPECT_EQ(code_of([&] { decode_hello(encode(hello)); }), ErrorCode::limit_exceeded);
  hello = sample_hello();
  hello.summary.tables.resize(kMaxTables + 1);
  EXPECT_EQ(code_of([&] { decode_hello(encode(hello)); }), ErrorCode::limit_exceeded);
  hello = sample_hello();
  hello.summary.inboxes.resize(kMaxInboxes + 1);
  EXPECT_EQ(code_of([&] { decode_hello(encode(hello)); }), ErrorCode::limit_exceeded);
}

TEST(Message, OthersComeBackAsTheyWere) {
  const VersionVector vector = sample_hello().summary.vector;
  EXPECT_EQ(decode_begin(encode(Begin{vector})).vector, vector);
  EXPECT_EQ(decode_retry(encode(Retry{vector})).vector, vector);
  const Ack ack = decode_ack(encode(Ack{vector, 42}));
  EXPECT_EQ(ack.vector, vector);
  EXPECT_EQ(ack.rows_changed, 42U);
  const ErrorMessage error = decode_error(encode(ErrorMessage{ErrorCode::forked, "a\x1b[2Jcopy"}));
  EXPECT_EQ(error.code, ErrorCode::forked);
  EXPECT_EQ(error.text, "a?[2Jcopy");
}

TEST(Message, UnknownErrorNameCountsAsProtocol) {
  EXPECT_EQ(decode_error("\x05other\x01x").code, ErrorCode::protocol);
}

TEST(Message, RandomBytesAreRefusedWithATypedError) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = encode(sample_hello());
    for (auto flips = 1 + random() % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] = static_cast<char>(random() & 0xFFU);
    }
    try {
      const Hello hello = decode_hello(bytes);
      EXPECT_EQ(decode_hello(encode(hello)), hello);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::internal);
    }
  }
}

}  // namespace
}  // namespace rill
