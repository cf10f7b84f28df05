#include "rill/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;

template <typename Write>
std::string written(Write write) {
  ByteWriter writer;
  write(writer);
  return writer.take();
}

std::string varint(std::uint64_t value) {
  return written([&](ByteWriter& writer) { writer.varint(value); });
}

TEST(Bytes, VarintsTakeSevenBitsAByte) {
  EXPECT_EQ(varint(0), "\x00"s);
  EXPECT_EQ(varint(127), "\x7f");
  EXPECT_EQ(varint(128), "\x80\x01");
  EXPECT_EQ(varint(300), "\xac\x02");
  EXPECT_EQ(varint(~std::uint64_t{0}), "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST(Bytes, VarintsReadBack) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit}) {
      EXPECT_EQ(ByteReader(varint(value)).varint(), value);
    }
  }
}

TEST(Bytes, OnlyTheShortestVarintIsRead) {
  for (const std::string& bytes :
       {""s, "\x80"s, "\x80\x00"s, "\xff\x00"s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s,
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01"s}) {
    EXPECT_ERROR(ByteReader(bytes).varint(), ErrorCode::malformed);
  }
}

TEST(Bytes, AVarintAboveItsMaximumExceedsALimit) {
  const std::string bytes = varint(101);
  EXPECT_EQ(ByteReader(bytes).varint(101), 101U);
  EXPECT_ERROR(ByteReader(bytes).varint(100), ErrorCode::limit_exceeded);
}

TEST(Bytes, ZigzagKeepsSmallNumbersOfEitherSignShort) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const std::string bytes = written([&](ByteWriter& writer) { writer.zigzag(value); });
    EXPECT_EQ(ByteReader(bytes).zigzag(), value);
    EXPECT_EQ(bytes.size() == 1, value >= -64 && value < 64);
  }
}

TEST(Bytes, CountsAreBoundedByWhatRemainsAndByTheMaximum) {
  const std::string bytes = varint(3) + "abcdef";
  EXPECT_EQ(ByteReader(bytes).count(3, 2), 3U);
  EXPECT_ERROR(ByteReader(bytes).count(3, 3), ErrorCode::malformed);
  EXPECT_ERROR(ByteReader(bytes).count(2), ErrorCode::limit_exceeded);
  EXPECT_ERROR(ByteReader(varint(~std::uint64_t{0})).count(~std::size_t{0}), ErrorCode::malformed);
}

TEST(Bytes, StringsReadBackAndMayNotEndEarly) {
  const std::string bytes = written([](ByteWriter& writer) { writer.string("a\0b"s); });
  EXPECT_EQ(bytes, "\x03"s + "a\0b"s);
  EXPECT_EQ(ByteReader(bytes).string(3), "a\0b"s);
  EXPECT_ERROR(ByteReader(bytes).string(2), ErrorCode::limit_exceeded);
  EXPECT_ERROR(ByteReader(bytes.substr(0, 3)).string(3), ErrorCode::malformed);
}

TEST(Bytes, FixedNumbersAreLittleEndian) {
  const std::string bytes =
      written([](ByteWriter& writer) { writer.fixed64(0x0102'0304'0506'0708); });
  EXPECT_EQ(bytes, "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(ByteReader(bytes).fixed64(), 0x0102'0304'0506'0708U);
  EXPECT_ERROR(ByteReader(bytes.substr(1)).fixed64(), ErrorCode::malformed);
}

TEST(Bytes, ReplicasAre16Bytes) {
  const ReplicaId id = test::replica('A');
  const std::string bytes = written([&](ByteWriter& writer) { writer.replica(id); });
  EXPECT_EQ(bytes.size(), 16U);
  EXPECT_EQ(ByteReader(bytes).replica(), id);
  EXPECT_ERROR(ByteReader(bytes.substr(1)).replica(), ErrorCode::malformed);
}

TEST(Bytes, ExpectEndRefusesWhatIsLeftOver) {
  ByteReader reader("ab");
  EXPECT_EQ(reader.byte(), 'a');
  EXPECT_ERROR(reader.expect_end(), ErrorCode::malformed);
  EXPECT_EQ(reader.byte(), 'b');
  reader.expect_end();
  EXPECT_ERROR(reader.byte(), ErrorCode::malformed);
}

std::string encoded(const Value& value) {
  return written([&](ByteWriter& writer) { writer.value(value); });
}

Value decoded(std::string_view bytes, std::size_t maximum = 1000) {
  ByteReader reader(bytes);
  Value value = reader.value(maximum);
  reader.expect_end();
  return value;
}

TEST(ValueCodec, SmallValuesTakeOneByteMoreThanTheirContent) {
  EXPECT_EQ(encoded({}), "\x00"s);
  EXPECT_EQ(encoded(0), "\x80");
  EXPECT_EQ(encoded(63), "\xbf");
  EXPECT_EQ(encoded("abc"), "\x43"s + "abc");
  EXPECT_EQ(encoded(Blob{std::byte{7}}), "\xc1\x07");
  EXPECT_EQ(encoded(64), "\x01\x80\x01");
  EXPECT_EQ(encoded(-1), "\x01\x01");
  EXPECT_EQ(encoded(1.0), "\x02\x00\x00\x00\x00\x00\x00\xf0\x3f"s);
  EXPECT_EQ(encoded(std::string(64, 'x')), "\x03\x40" + std::string(64, 'x'));
}

TEST(ValueCodec, EveryValueReadsBack) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Value& value :
       {Value(), Value(0), Value(63), Value(64), Value(-1), Value(std::int64_t{1} << 62),
        Value(std::numeric_limits<std::int64_t>::min()), Value(1.5), Value(-infinity), Value(""),
        Value(std::string(63, 'x')), Value(std::string(64, 'x')), Value(Blob()),
        Value(Blob(63, std::byte{1})), Value(Blob(64, std::byte{1}))}) {
    EXPECT_EQ(decoded(encoded(value)), value) << to_display(value);
  }
}

TEST(ValueCodec, OnlyTheShortestFormIsRead) {
  for (const std::string& bytes : {"\x01\x02"s, "\x03\x01"s + "a", "\x04\x01"s + "a", "\x05"s,
                                   "\x3f"s, ""s, "\x43"s + "ab", "\x02\x00\x00"s}) {
    EXPECT_ERROR(decoded(bytes), ErrorCode::malformed);
  }
}

TEST(ValueCodec, NotANumberIsRefused) {
  EXPECT_ERROR(decoded("\x02\x00\x00\x00\x00\x00\x00\xf8\x7f"s), ErrorCode::malformed);
}

TEST(ValueCodec, TextAndBlobsAboveTheMaximumExceedALimit) {
  EXPECT_EQ(decoded(encoded("abc"), 3), Value("abc"));
  EXPECT_ERROR(decoded(encoded("abc"), 2), ErrorCode::limit_exceeded);
  EXPECT_ERROR(decoded(encoded(std::string(65, 'x')), 64), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
