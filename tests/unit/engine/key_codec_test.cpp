#include <gtest/gtest.h>

#include "rill/delta.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;
using Values = std::vector<Value>;

TEST(KeyCodec, DecodesToWhatWasEncoded) {
  for (const Values& key : {Values{1}, Values{"a", -7, Blob{std::byte{0}}}, Values{"", ""}}) {
    EXPECT_EQ(decode_key(encode_key(key)), key);
  }
}

TEST(KeyCodec, DifferentKeysHaveDifferentBytes) {
  EXPECT_NE(encode_key(Values{"ab", "c"}), encode_key(Values{"a", "bc"}));
  EXPECT_NE(encode_key(Values{1}), encode_key(Values{"1"}));
  EXPECT_NE(encode_key(Values{"a"}), encode_key(Values{"a", ""}));
}

TEST(KeyCodec, OnlyIntegersTextAndBlobsMakeAKey) {
  EXPECT_ERROR(encode_key(Values{}), ErrorCode::bad_value);
  EXPECT_ERROR(encode_key(Values{1, {}}), ErrorCode::bad_value);
  EXPECT_ERROR(encode_key(Values{1.5}), ErrorCode::bad_value);
  EXPECT_ERROR(decode_key(""), ErrorCode::malformed);
  EXPECT_ERROR(decode_key("\x80\x00"s), ErrorCode::malformed);
  EXPECT_ERROR(decode_key("\x02\x00\x00\x00\x00\x00\x00\xf0\x3f"s), ErrorCode::malformed);
  EXPECT_ERROR(decode_key("\x42"s + "a"), ErrorCode::malformed);
}

TEST(KeyCodec, TooLongKeysAreRefused) {
  const std::string longest(kMaxKeyBytes - 4, 'x');
  EXPECT_EQ(decode_key(encode_key(Values{longest})), Values{longest});
  EXPECT_ERROR(encode_key(Values{longest + "xx"}), ErrorCode::too_large);
}

}  // namespace
}  // namespace rill
