#include <bit>
#include <cstring>
#include <string>

#include "fail.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

/// The first byte of a value. Short values, which most are, have their length or number in its low
/// six bits.
enum Tag : std::uint8_t {
  null_tag = 0x00,
  integer_tag = 0x01,
  real_tag = 0x02,
  text_tag = 0x03,
  blob_tag = 0x04,
  short_text_tag = 0x40,
  small_integer_tag = 0x80,
  short_blob_tag = 0xC0,
};
constexpr std::size_t kShort = 0x40;

void write_bytes(ByteWriter& writer, std::string_view bytes, Tag short_tag, Tag long_tag) {
  if (bytes.size() < kShort) {
    writer.byte(static_cast<std::uint8_t>(short_tag | bytes.size()));
    writer.raw(bytes);
  } else {
    writer.byte(long_tag);
    writer.string(bytes);
  }
}

void write_integer(ByteWriter& writer, std::int64_t integer) {
  if (integer >= 0 && integer < static_cast<std::int64_t>(kShort)) {
    writer.byte(static_cast<std::uint8_t>(small_integer_tag | integer));
  } else {
    writer.byte(integer_tag);
    writer.zigzag(integer);
  }
}

std::string_view read_bytes(ByteReader& reader, std::size_t maximum) {
  const std::string_view bytes = reader.string(maximum);
  if (bytes.size() < kShort) fail("a value is not in its shortest form");
  return bytes;
}

std::string_view read_short_bytes(ByteReader& reader, std::size_t length, std::size_t maximum) {
  if (length > maximum) throw Error(ErrorCode::limit_exceeded, "a value is longer than its limit");
  return reader.raw(length);
}

ValueView read_long_form(ByteReader& reader, std::uint8_t tag, std::size_t maximum) {
  ValueView view;
  switch (tag) {
    case null_tag:
      break;
    case integer_tag:
      view.type = Value::Type::integer;
      view.integer = reader.zigzag();
      if (view.integer >= 0 && view.integer < static_cast<std::int64_t>(kShort)) {
        fail("a value is not in its shortest form");
      }
      break;
    case real_tag:
      view.type = Value::Type::real;
      view.real = std::bit_cast<double>(reader.fixed64());
      if (view.real != view.real) fail("a REAL is not a number");
      break;
    case text_tag:
      view.type = Value::Type::text;
      view.bytes = read_bytes(reader, maximum);
      break;
    case blob_tag:
      view.type = Value::Type::blob;
      view.bytes = read_bytes(reader, maximum);
      break;
    default:
      fail("a value has an unknown tag");
  }
  return view;
}

}  // namespace

void ByteWriter::value_view(const ValueView& value) {
  switch (value.type) {
    case Value::Type::null:
      byte(null_tag);
      break;
    case Value::Type::integer:
      write_integer(*this, value.integer);
      break;
    case Value::Type::real:
      byte(real_tag);
      fixed64(std::bit_cast<std::uint64_t>(value.real));
      break;
    case Value::Type::text:
      write_bytes(*this, value.bytes, short_text_tag, text_tag);
      break;
    case Value::Type::blob:
      write_bytes(*this, value.bytes, short_blob_tag, blob_tag);
      break;
  }
}

ValueView ByteReader::value_view(std::size_t maximum) {
  const std::uint8_t tag = byte();
  const std::size_t low = tag & (kShort - 1);
  switch (tag & ~(kShort - 1)) {
    case short_text_tag:
      return {Value::Type::text, 0, 0, read_short_bytes(*this, low, maximum)};
    case small_integer_tag:
      return {Value::Type::integer, static_cast<std::int64_t>(low), 0, {}};
    case short_blob_tag:
      return {Value::Type::blob, 0, 0, read_short_bytes(*this, low, maximum)};
    default:
      return read_long_form(*this, tag, maximum);
  }
}

}  // namespace rill
