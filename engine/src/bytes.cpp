#include "rill/bytes.hpp"

#include <limits>

#include "fail.hpp"
#include "rill/error.hpp"

namespace rill {

void ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    byte(static_cast<std::uint8_t>(value | 0x80U));
    value >>= 7U;
  }
  byte(static_cast<std::uint8_t>(value));
}

void ByteWriter::zigzag(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  varint(bits << 1U ^ (value < 0 ? ~std::uint64_t{0} : 0));
}

void ByteWriter::string(std::string_view bytes) {
  varint(bytes.size());
  raw(bytes);
}

void ByteWriter::fixed64(std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
}

void ByteWriter::replica(const ReplicaId& id) {
  for (const std::uint8_t value : id.bytes) byte(value);
}

std::uint8_t ByteReader::byte() {
  if (rest_.empty()) fail("bytes end too early");
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t next = byte();
    if (shift == 63 && next > 1) fail("a number has more than 64 bits");
    value |= (next & 0x7FU) << shift;
    if (next < 0x80) {
      if (next == 0 && shift > 0) fail("a number is not in its shortest form");
      return value;
    }
  }
  fail("a number has more than 64 bits");
}

std::uint64_t ByteReader::varint(std::uint64_t maximum) {
  const std::uint64_t value = varint();
  if (value > maximum) {
    throw Error(ErrorCode::limit_exceeded, "a number is " + std::to_string(value) +
                                               ", above its limit of " + std::to_string(maximum));
  }
  return value;
}

std::int64_t ByteReader::zigzag() {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>(bits >> 1U ^ ((bits & 1U) != 0 ? ~std::uint64_t{0} : 0));
}

std::size_t ByteReader::count(std::size_t maximum, std::size_t least_bytes) {
  const std::uint64_t value = varint(maximum);
  if (value > rest_.size() / least_bytes) fail("a count is larger than the bytes that remain");
  return static_cast<std::size_t>(value);
}

std::string_view ByteReader::raw(std::size_t length) {
  if (length > rest_.size()) fail("bytes end too early");
  const std::string_view bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return bytes;
}

std::string_view ByteReader::string(std::size_t maximum) { return raw(count(maximum)); }

std::uint64_t ByteReader::fixed64() {
  std::uint64_t value = 0;
  unsigned shift = 0;
  for (const char next : raw(8)) {
    value |= std::uint64_t{static_cast<std::uint8_t>(next)} << shift;
    shift += 8;
  }
  return value;
}

ReplicaId ByteReader::replica() {
  ReplicaId id;
  const std::string_view bytes = raw(id.bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) id.bytes[i] = static_cast<std::uint8_t>(bytes[i]);
  return id;
}

void ByteReader::expect_end() const {
  if (!rest_.empty()) fail("bytes are left over at the end");
}

}  // namespace rill
