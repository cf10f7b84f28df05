#include "text.hpp"

#include <gtest/gtest.h>

#include <clocale>
#include <string>

namespace notes {
namespace {

TEST(Text, tells_utf8_from_other_bytes) {
  EXPECT_TRUE(is_valid_utf8("Grüße, 世界 🌍"));
  EXPECT_FALSE(
      is_valid_utf8("Gr\xFC\xDF"
                    "e"));
  EXPECT_FALSE(is_valid_utf8("\xC0\xAF"));          // overlong
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // beyond Unicode
  EXPECT_FALSE(is_valid_utf8("\xE4\xB8"));          // cut short
}

TEST(Text, replaces_bytes_that_are_no_utf8) {
  EXPECT_EQ(with_valid_utf8("a\xFF"
                            "b"),
            "a\uFFFDb");
}

TEST(Text, makes_one_line_without_control_characters) {
  EXPECT_EQ(one_line("  a\n\t b\x1b[31m \r\n"), "a b [31m");
  EXPECT_EQ(one_line("a\u009Bb"), "a b");  // CSI as one character
}

TEST(Text, keeps_lines_and_tabs_where_there_may_be_many) {
  EXPECT_EQ(many_lines("a\n\tb\x1b[31m"), "a\n\tb\uFFFD[31m");
}

TEST(Text, measures_what_a_terminal_shows) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("世界"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
}

TEST(Text, cuts_to_a_width_without_splitting_a_character) {
  ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
  EXPECT_EQ(fit_width("abc", 3), "abc");
  EXPECT_EQ(fit_width("abcd", 3), "ab…");
  EXPECT_EQ(fit_width("世界人", 4), "世…");
  EXPECT_EQ(fit_width("abc", 0), "");
}

TEST(Text, limits_characters_not_bytes) {
  EXPECT_EQ(limit_characters("äöü", 3), "äöü");
  EXPECT_EQ(limit_characters("äöüß", 3), "äö…");
}

TEST(Title, is_the_first_line_that_says_something) {
  EXPECT_EQ(title_of("\n\n  Milk \nand bread"), "Milk");
  EXPECT_EQ(title_of("========\n Zlib\n========"), "Zlib");
  EXPECT_EQ(title_of("# Heading\ntext"), "Heading");
  EXPECT_EQ(title_of("#include <x>"), "#include <x>");
  EXPECT_EQ(title_of("Format: https://example.org/1.0/\nUpstream-Name: zlib"),
            "Upstream-Name: zlib");
}

TEST(Title, is_empty_for_a_text_that_says_nothing) {
  EXPECT_EQ(title_of(""), "");
  EXPECT_EQ(title_of("\n---\n***\n"), "");
}

TEST(Title, is_limited) { EXPECT_EQ(title_of(std::string(200, 'x')), std::string(99, 'x') + "…"); }

TEST(Counted, agrees_with_the_number) {
  EXPECT_EQ(counted(0, "note", "notes"), "0 notes");
  EXPECT_EQ(counted(1, "note", "notes"), "1 note");
  EXPECT_EQ(counted(1234567, "note", "notes"), "1,234,567 notes");
}

}  // namespace
}  // namespace notes
