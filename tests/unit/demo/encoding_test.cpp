#include "encoding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace notes {
namespace {

using namespace std::string_view_literals;

void expect_text(std::string_view bytes, std::string_view text, std::string_view encoding) {
  const auto decoded = decode_text(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->text, text);
  EXPECT_EQ(decoded->encoding, encoding);
}

TEST(Encoding, takes_utf8_as_it_is) { expect_text("Grüße", "Grüße", "UTF-8"); }

TEST(Encoding, drops_a_byte_order_mark) { expect_text("\xEF\xBB\xBFGr", "Gr", "UTF-8"); }

TEST(Encoding, reads_utf16_by_its_mark) {
  expect_text("\xFF\xFEG\0\xFC\0"sv, "Gü", "UTF-16LE");
  expect_text("\xFE\xFF\0G\0\xFC"sv, "Gü", "UTF-16BE");
}

TEST(Encoding, reads_utf32_by_its_mark) { expect_text("\xFF\xFE\0\0G\0\0\0"sv, "G", "UTF-32LE"); }

TEST(Encoding, guesses_utf16_of_latin_letters) {
  expect_text("M\0i\0l\0k\0\n\0"sv, "Milk\n", "UTF-16LE");
  expect_text("\0M\0i\0l\0k"sv, "Milk", "UTF-16BE");
}

TEST(Encoding, takes_other_bytes_for_windows_1252) {
  expect_text("Gr\xFC\xDF \x93x\x94", "Grüß “x”", "windows-1252");
}

TEST(Encoding, takes_bytes_without_meaning_there_for_latin1) {
  expect_text("Gr\xFC\xDF \x81", "Grüß \u0081", "ISO-8859-1");
}

TEST(Encoding, ends_lines_by_line_feeds) { expect_text("a\r\nb\r\n", "a\nb\n", "UTF-8"); }

TEST(Encoding, takes_nul_and_many_control_characters_for_no_text) {
  EXPECT_FALSE(decode_text("PK\x03\x04\0\0\0data"sv).has_value());
  EXPECT_FALSE(decode_text("\x01\x02\x03\x04 some"sv).has_value());
}

TEST(Encoding, refuses_broken_text_behind_a_mark) {
  EXPECT_FALSE(decode_text("\xEF\xBB\xBF\xFF").has_value());
  EXPECT_FALSE(decode_text("\xFF\xFEG"sv).has_value());
}

TEST(Encoding, reads_texts_longer_than_its_buffer) {
  const std::string latin(100'000, '\xFC');
  const auto decoded = decode_text(latin);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->text.size(), 2 * latin.size());
}

}  // namespace
}  // namespace notes
