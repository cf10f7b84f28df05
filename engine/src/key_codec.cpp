#include "key_codec.hpp"

#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

bool may_be_in_key(Value::Type type) {
  return type == Value::Type::integer || type == Value::Type::text || type == Value::Type::blob;
}

void check_size(std::string_view key) {
  if (key.empty()) throw Error(ErrorCode::malformed, "a row's key has no values");
  if (key.size() > kMaxKeyBytes) throw Error(ErrorCode::malformed, "a row's key is too long");
}

[[noreturn]] void refuse_type() {
  throw Error(ErrorCode::malformed, "a row's key holds NULL or a REAL");
}

}  // namespace

std::string encode_key(std::span<const Value> values) {
  if (values.empty()) throw Error(ErrorCode::bad_value, "a primary key needs at least one value");
  ByteWriter writer;
  for (const Value& value : values) {
    if (!may_be_in_key(value.type())) {
      throw Error(ErrorCode::bad_value, "a primary key of a replicated table holds " +
                                            to_display(value) +
                                            "; only INTEGER, TEXT and BLOB can");
    }
    writer.value(value);
  }
  if (writer.size() > kMaxKeyBytes) {
    throw Error(ErrorCode::too_large, "a primary key takes " + std::to_string(writer.size()) +
                                          " bytes, above the limit of " +
                                          std::to_string(kMaxKeyBytes));
  }
  return writer.take();
}

std::vector<Value> decode_key(std::string_view key) {
  check_size(key);
  std::vector<Value> values;
  ByteReader reader(key);
  while (reader.remaining() > 0) {
    values.push_back(reader.value(kMaxKeyBytes));
    if (!may_be_in_key(values.back().type())) refuse_type();
  }
  return values;
}

void check_key(std::string_view key) {
  check_size(key);
  ByteReader reader(key);
  while (reader.remaining() > 0) {
    if (!may_be_in_key(reader.value_view(kMaxKeyBytes).type)) refuse_type();
  }
}

}  // namespace rill
