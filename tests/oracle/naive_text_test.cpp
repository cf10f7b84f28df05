#include "oracle/naive_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/events.hpp"
#include "support/unicode.hpp"

namespace oracle {
namespace {

using rill::test::replica;
using rill::test::to_utf8;

/// Types at a place, and returns what others are told.
NaiveOp typed(NaiveText& text, std::size_t position, std::u32string_view characters) {
  text.insert(position, characters);
  return text.commit();
}

std::string shown(const NaiveText& text) { return to_utf8(text.text()); }

TEST(NaiveText, ShowsWhatWasInsertedAndNotErased) {
  NaiveText text(replica('A'));
  text.insert(0, U"acd");
  text.insert(1, U"b");
  text.erase(2, 1);
  text.insert(3, U"e");
  EXPECT_EQ(shown(text), "abde");
}

TEST(NaiveText, IsATreeAsInThePaper) {
  NaiveText text(replica('A'));
  text.insert(0, U"ab");
  text.insert(1, U"x");
  const std::vector<NaiveCharacter> told = text.commit().inserted;
  ASSERT_EQ(told.size(), 3U);
  EXPECT_EQ(told[0].parent, std::nullopt) << "a hangs on the right of the root";
  EXPECT_EQ(told[0].side, Side::right);
  EXPECT_EQ(told[1].parent, told[0].id) << "b on the right of a, which had nothing there";
  EXPECT_EQ(told[1].side, Side::right);
  EXPECT_EQ(told[2].parent, told[1].id) << "x on the left of b, as a has a right child";
  EXPECT_EQ(told[2].side, Side::left);
}

TEST(NaiveText, TakesAnErasedCharacterForARightOrigin) {
  NaiveText text(replica('A'));
  text.insert(0, U"abc");
  text.erase(1, 1);
  text.insert(1, U"x");
  const std::vector<NaiveCharacter> told = text.commit().inserted;
  EXPECT_EQ(told[3].parent, told[1].id);
  EXPECT_EQ(told[3].side, Side::left);
  EXPECT_EQ(shown(text), "axc");
}

TEST(NaiveText, KeepsConcurrentWordsApartForwardsAndBackwards) {
  for (const bool backwards : {false, true}) {
    NaiveText a(replica('A'));
    NaiveText b(replica('B'));
    const auto type = [&](NaiveText& text, std::u32string_view word) {
      for (std::size_t index = 0; index < word.size(); ++index) {
        const std::size_t from = backwards ? word.size() - 1 - index : index;
        text.insert(backwards ? 0 : index, word.substr(from, 1));
      }
      return text.commit();
    };
    const NaiveOp milk = type(a, U"milk");
    const NaiveOp eggs = type(b, U"eggs");
    a.apply(eggs);
    b.apply(milk);
    EXPECT_EQ(shown(a), "milkeggs");
    EXPECT_EQ(shown(b), "milkeggs");
  }
}

// What sets FugueMax apart from Fugue: b, written in front of y, stays with it, whatever the ids.
TEST(NaiveText, PutsTheLaterRightOriginFirst) {
  for (const bool fugue : {false, true}) {
    const NaiveFault fault = fugue ? NaiveFault::right_origins_ignored : NaiveFault::none;
    NaiveText x_author(replica('A'), fault);
    NaiveText y_author(replica('B'), fault);
    const NaiveOp x = typed(x_author, 0, U"x");
    const NaiveOp y = typed(y_author, 0, U"y");
    NaiveText a_author(replica('D'), fault);
    a_author.apply(x);
    const NaiveOp a = typed(a_author, 1, U"a");
    NaiveText b_author(replica('C'), fault);
    b_author.apply(x);
    b_author.apply(y);
    const NaiveOp b = typed(b_author, 1, U"b");
    b_author.apply(a);
    EXPECT_EQ(shown(b_author), fugue ? "xbay" : "xaby");
  }
}

TEST(NaiveText, FindsAPlaceBehindAnErasedCharacter) {
  NaiveText text(replica('A'));
  text.insert(0, U"abc");
  const std::vector<TextId> names = text.names();
  text.erase(1, 1);
  EXPECT_EQ(text.position_of(std::nullopt), 0U);
  EXPECT_EQ(text.position_of(names[0]), 1U);
  EXPECT_EQ(text.position_of(names[1]), 1U);
  EXPECT_EQ(text.position_of(names[2]), 2U);
}

}  // namespace
}  // namespace oracle
