#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"

namespace rill {
namespace {

using test::changed;
using test::exchange;
using test::pull;
using test::replica;
using test::typed;

std::size_t erased_by(const std::vector<TextChange>& changes) {
  std::size_t sum = 0;
  for (const TextChange& change : changes) sum += change.erased;
  return sum;
}

std::size_t inserted_by(const std::vector<TextChange>& changes) {
  std::size_t sum = 0;
  for (const TextChange& change : changes) sum += test::to_code_points(change.inserted).size();
  return sum;
}

class TextAssignment : public testing::Test {
 protected:
  TextAssignment() : a_(replica('A')), b_(replica('B')) {}

  /// Assigns; what it returns must lead from the old text to the new one.
  std::vector<TextChange> assign(std::string_view text) {
    const std::string before = a_.text();
    std::vector<TextChange> changes = a_.assign(text);
    EXPECT_EQ(a_.text(), text);
    EXPECT_EQ(changed(before, changes), text);
    a_.check();
    return changes;
  }

  TextDocument a_;
  TextDocument b_;
};

TEST_F(TextAssignment, MakesTheTextEqual) {
  for (const std::string_view text : {"",
                                      "a",
                                      "abc",
                                      "abcabc",
                                      "bc",
                                      "xyz",
                                      "The quick brown fox",
                                      "The brown fox",
                                      "",
                                      "aaaa",
                                      "aaa",
                                      "aaaaaa",
                                      "baaaab",
                                      "line 1\nline 2\nline 3\n",
                                      "line 1\nline three\n",
                                      "\n\n",
                                      "über 😀 漢",
                                      "uber 😁 漢字",
                                      "\U0010ffff",
                                      "\U0010fffe"}) {
    assign(text);
  }
}

TEST_F(TextAssignment, TouchesOnlyWhatDiffers) {
  assign("The quick brown fox jumps");
  const auto changes = assign("The quick red fox jumps");
  EXPECT_LE(erased_by(changes), 5U);
  EXPECT_LE(inserted_by(changes), 3U);
  EXPECT_EQ(inserted_by(assign("The quick red fox jumps high")), 5U);
  EXPECT_EQ(erased_by(assign("quick red fox jumps high")), 4U);
  const auto middle = assign("quick red high");
  EXPECT_EQ(erased_by(middle), 10U);
  EXPECT_EQ(inserted_by(middle), 0U);
}

TEST_F(TextAssignment, FindsSeveralPlaces) {
  std::string text;
  for (int line = 0; line < 200; ++line) text += "line number " + std::to_string(line) + "\n";
  assign(text);
  std::string edited = text;
  edited.replace(edited.find("line number 20\n"), 15, "");
  edited.insert(edited.find("line number 100\n"), "a new line\n");
  edited.replace(edited.find("line number 150\n"), 4, "LINE");
  const auto changes = assign(edited);
  EXPECT_LE(erased_by(changes), 15U + 16U);
  EXPECT_LE(inserted_by(changes), 11U + 16U);
}

TEST_F(TextAssignment, NeverSplitsACodePoint) {
  // é and è share their first byte, 漢 and 漣 their first, the two faces three of four.
  assign("é漢😀é");
  EXPECT_EQ(erased_by(assign("è漢😀é")), 1U);
  EXPECT_EQ(erased_by(assign("è漣😀é")), 1U);
  EXPECT_EQ(erased_by(assign("è漣😁é")), 1U);
  // These two share their last byte.
  EXPECT_EQ(erased_by(assign("è漣😁\u00a2")), 1U);
  EXPECT_EQ(erased_by(assign("è漣😁\u00e2")), 1U);
}

TEST_F(TextAssignment, KeepsPlacesInWhatStays) {
  assign("Dear Ann, thank you. Bob");
  const TextAnchor name = a_.anchor(8);
  const TextAnchor end = a_.anchor(24);
  assign("Dear Ann, many thanks! Bob");
  EXPECT_EQ(a_.position_of(name), 8U);
  EXPECT_EQ(a_.position_of(end), 26U);
}

TEST_F(TextAssignment, LetsOthersEditTheRest) {
  assign("First paragraph.\n\nSecond paragraph.\n");
  a_.commit();
  pull(b_, a_);
  assign("The first paragraph.\n\nSecond paragraph.\n");
  b_.assign("First paragraph.\n\nSecond and last paragraph.\n");
  a_.commit();
  b_.commit();
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "The first paragraph.\n\nSecond and last paragraph.\n");
  EXPECT_EQ(b_.text(), a_.text());
}

TEST_F(TextAssignment, IsAnEditLikeAnyOther) {
  assign("abc");
  EXPECT_TRUE(a_.has_edits());
  a_.commit();
  assign("abXc");
  a_.commit();
  EXPECT_EQ(a_.ops_since({}).size(), 2U);
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "abXc");
}

TEST_F(TextAssignment, HoldsForTextsThatHaveNothingInCommon) {
  std::string left;
  std::string right;
  for (unsigned count = 0; count < 30'000; ++count) {
    left += static_cast<char>('a' + count * count % 7);
    right += static_cast<char>('n' + count * 31 % 11);
    if (count % 40 == 39) left += '\n';
    if (count % 30 == 29) right += '\n';
  }
  assign(left);
  assign(right);
  assign(left + right);
  assign(right + left);
  a_.commit();
  pull(b_, a_);
  EXPECT_EQ(b_.text(), right + left);
}

}  // namespace
}  // namespace rill
