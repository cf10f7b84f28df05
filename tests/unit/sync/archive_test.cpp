#include "archive.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;

enum class Access : std::uint8_t { reader, writer };

struct Part {
  std::string name;
  std::int32_t number = 0;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(name, 8), number);
  }
  friend bool operator==(const Part&, const Part&) = default;
};

struct Message {
  ReplicaId id;
  Access role = Access::reader;
  bool flag = false;
  std::uint16_t port = 0;
  std::vector<Part> parts;
  std::optional<Part> extra;
  std::vector<Value> values;
  std::array<std::uint8_t, 16> nonce{};
  Stamp stamp;
  VersionVector vector;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(id, limited(role, Access::writer), flag, limited(port, 1000U), limited(parts, 3), extra,
            values, nonce, stamp, vector);
  }
  friend bool operator==(const Message&, const Message&) = default;
};

Message message() {
  return {.id = test::replica('A'),
          .role = Access::writer,
          .flag = true,
          .port = 999,
          .parts = {{"one", -1}, {"two", std::numeric_limits<std::int32_t>::max()}},
          .extra = Part{"extra", 3},
          .values = {1, "x", {}},
          .nonce = {1, 2, 3},
          .stamp = test::stamp('B', 2, 5),
          .vector = test::vector_of(test::dot('A', 4))};
}

TEST(Archive, ReadsBackWhatWasWritten) {
  EXPECT_EQ(from_bytes<Message>(to_bytes(message())), message());
  EXPECT_EQ(from_bytes<Message>(to_bytes(Message())), Message());
}

TEST(Archive, TruncatedMessagesAreMalformed) {
  const std::string bytes = to_bytes(message());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_ERROR(from_bytes<Message>(std::string_view(bytes).substr(0, length)),
                 ErrorCode::malformed);
  }
}

TEST(Archive, TrailingBytesAreMalformed) {
  EXPECT_ERROR(from_bytes<Message>(to_bytes(message()) + "x"), ErrorCode::malformed);
}

TEST(Archive, FieldsAreWrittenOneAfterAnother) {
  EXPECT_EQ(to_bytes(Part{"ab", -1}), "\x02"s + "ab\x01");
}

struct Narrow {
  std::uint8_t small = 0;
  std::int8_t signed_small = 0;
  bool flag = false;
  Access role = Access::reader;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(small, signed_small, flag, limited(role, Access::writer));
  }
};

TEST(Archive, NumbersOutOfRangeAreMalformed) {
  EXPECT_EQ(from_bytes<Narrow>("\xff\x01\xff\x01\x01\x01"s).signed_small, -128);
  EXPECT_ERROR(from_bytes<Narrow>("\x80\x02\x00\x00\x00"s), ErrorCode::malformed);
  EXPECT_ERROR(from_bytes<Narrow>("\x00\x80\x02\x00\x00"s), ErrorCode::malformed);
}

TEST(Archive, TruthValuesAreZeroOrOne) {
  EXPECT_ERROR(from_bytes<Narrow>("\x00\x00\x02\x00"s), ErrorCode::malformed);
}

TEST(Archive, UnknownEnumeratorsAreMalformed) {
  EXPECT_EQ(from_bytes<Narrow>("\x00\x00\x00\x01"s).role, Access::writer);
  EXPECT_ERROR(from_bytes<Narrow>("\x00\x00\x00\x02"s), ErrorCode::malformed);
}

TEST(Archive, LimitsHoldForTheReader) {
  EXPECT_EQ(from_bytes<Part>("\x08"s + "12345678" + "\x00"s).name, "12345678");
  EXPECT_ERROR(from_bytes<Part>("\x09"s + "123456789" + "\x00"s), ErrorCode::limit_exceeded);
}

TEST(Archive, LimitsHoldForTheWriter) {
  EXPECT_ERROR(to_bytes(Part{"123456789", 0}), ErrorCode::limit_exceeded);
  Message high = message();
  high.port = 1001;
  EXPECT_ERROR(to_bytes(high), ErrorCode::limit_exceeded);
  Message many = message();
  many.parts.resize(4);
  EXPECT_ERROR(to_bytes(many), ErrorCode::limit_exceeded);
}

TEST(Archive, CountsBeyondTheBytesThatRemainAreMalformed) {
  EXPECT_ERROR(from_bytes<std::vector<Value>>("\xff\xff\xff\x01"s), ErrorCode::malformed);
}

TEST(Archive, MessagesAreBoundedInBytes) {
  const std::vector<std::string> words(10, "0123456789");
  EXPECT_EQ(from_bytes<std::vector<std::string>>(to_bytes(words, 111), 111), words);
  EXPECT_ERROR(to_bytes(words, 110), ErrorCode::limit_exceeded);
  EXPECT_ERROR(from_bytes<std::vector<std::string>>(to_bytes(words), 110),
               ErrorCode::limit_exceeded);
}

struct Tree {
  std::vector<Tree> children;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(children);
  }
};

Tree chain(std::size_t length) {
  Tree tree;
  for (std::size_t i = 1; i < length; ++i) {
    Tree parent;
    parent.children.push_back(std::move(tree));
    tree = std::move(parent);
  }
  return tree;
}

TEST(Archive, ContainersStandInEachOtherOnlySoDeep) {
  const std::string deepest = to_bytes(chain(kMaxMessageDepth));
  EXPECT_EQ(to_bytes(from_bytes<Tree>(deepest)), deepest);
  EXPECT_ERROR(to_bytes(chain(kMaxMessageDepth + 1)), ErrorCode::limit_exceeded);
  EXPECT_ERROR(from_bytes<Tree>("\x01" + deepest), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
