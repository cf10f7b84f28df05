#include "rill/text_document.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

// What one replica does with a text alone: editing, positions, commits. Other files text_*_test.cpp
// hold the rest by theme.

namespace rill {
namespace {

using test::dot;
using test::replica;
using test::typed;
using test::vector_of;

TextDocument document_of(std::string_view text) {
  TextDocument document(replica('A'));
  document.insert(0, text);
  document.commit();
  return document;
}

TEST(TextDocument, IsEmptyAtFirst) {
  const TextDocument document(replica('A'));
  EXPECT_EQ(document.text(), "");
  EXPECT_EQ(document.length(), 0U);
  EXPECT_EQ(document.author(), replica('A'));
  EXPECT_TRUE(document.version().empty());
  EXPECT_TRUE(document.history_begin().empty());
  EXPECT_TRUE(document.ops_since({}).empty());
  EXPECT_FALSE(document.has_edits());
  document.check();
}

TEST(TextDocument, ShowsInsertionsAndErasuresAtOnce) {
  TextDocument document(replica('A'));
  document.insert(0, "Hello world");
  EXPECT_EQ(document.text(), "Hello world");
  document.insert(5, ",");
  EXPECT_EQ(document.text(), "Hello, world");
  document.erase(7, 5);
  EXPECT_EQ(document.text(), "Hello, ");
  document.insert(7, "you");
  document.insert(0, "> ");
  EXPECT_EQ(document.text(), "> Hello, you");
  document.erase(0, document.length());
  EXPECT_EQ(document.text(), "");
  document.check();
}

TEST(TextDocument, ErasesAcrossWhatWasTypedInPieces) {
  TextDocument document(replica('A'));
  for (const std::string_view piece : {"one ", "two ", "three ", "four"}) {
    document.insert(document.length(), piece);
    document.insert(0, "<");
  }
  ASSERT_EQ(document.text(), "<<<<one two three four");
  document.erase(2, 14);
  EXPECT_EQ(document.text(), "<<e four");
  document.check();
}

TEST(TextDocument, ReadsAnyPartOfTheText) {
  TextDocument document = document_of("añb");
  document.insert(1, "😀");
  EXPECT_EQ(document.text(0, 4), "a😀ñb");
  EXPECT_EQ(document.text(1, 2), "😀ñ");
  EXPECT_EQ(document.text(4, 0), "");
  EXPECT_EQ(document.text(0, 0), "");
}

TEST(TextDocument, KeepsEveryCodePointIntact) {
  // The first and last of each length, a zero, a byte order mark, a family of joined emoji, a
  // letter with two accents, and Hebrew within English.
  const std::string text =
      test::to_utf8(std::u32string_view(U"\0\x7f\x80\u07ff\u0800\ud7ff\ue000\ufeff\uffff"
                                        U"\U00010000\U0010ffff",
                                        11)) +
      "👩‍👩‍👧‍👦 e\u0301\u0323 abc שלום def";
  TextDocument document(replica('A'));
  document.insert(0, text);
  EXPECT_EQ(document.text(), text);
  EXPECT_EQ(document.length(TextUnit::bytes), text.size());
  const std::u32string code_points = test::to_code_points(text);
  ASSERT_EQ(document.length(), code_points.size());
  for (std::size_t position = 0; position < code_points.size(); ++position) {
    EXPECT_EQ(document.text(position, 1), test::to_utf8(code_points.substr(position, 1)));
  }
}

TEST(TextDocument, TakesALongTextAtOnceAndInSmallPieces) {
  std::string expected;
  TextDocument document(replica('A'));
  for (int line = 0; line < 5000; ++line) {
    const std::string text = "line " + std::to_string(line) + " ü\n";
    document.insert(document.length(), text);
    expected += text;
  }
  EXPECT_EQ(document.text(), expected);
  TextDocument other(replica('B'));
  other.insert(0, expected);
  EXPECT_EQ(other.text(), expected);
  EXPECT_EQ(other.length(), document.length());
  document.check();
  other.check();
}

TEST(TextDocument, StaysRightWhenTypedInTheMiddleAgainAndAgain) {
  std::string expected;
  TextDocument document(replica('A'));
  for (std::size_t count = 0; count < 3000; ++count) {
    const std::size_t position = (count * 7919) % (expected.size() + 1);
    const std::string letter(1, static_cast<char>('a' + count % 26));
    document.insert(position, letter);
    expected.insert(position, letter);
    if (count % 3 == 2) {
      document.erase(position / 2, 1);
      expected.erase(position / 2, 1);
    }
  }
  EXPECT_EQ(document.text(), expected);
  document.check();
}

TEST(TextDocument, RefusesPositionsBeyondTheEnd) {
  TextDocument document = document_of("añb");
  const std::string saved = document.save();
  EXPECT_ERROR(document.insert(4, "x"), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.erase(4, 0), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.erase(3, 1), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.erase(1, 3), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.erase(1, static_cast<std::size_t>(-1)), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.text(0, 4), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.text(4, 0), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.text(2, static_cast<std::size_t>(-1)), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.anchor(4), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.convert(4, TextUnit::code_points, TextUnit::bytes),
               ErrorCode::invalid_argument);
  EXPECT_ERROR(document.convert(5, TextUnit::bytes, TextUnit::code_points),
               ErrorCode::invalid_argument);
  EXPECT_ERROR(document.insert(5, "x", TextUnit::bytes), ErrorCode::invalid_argument);
  EXPECT_FALSE(document.has_edits());
  EXPECT_EQ(document.save(), saved);
  document.check();
}

TEST(TextDocument, RefusesWhatIsNotUtf8) {
  TextDocument document = document_of("ab");
  const std::string saved = document.save();
  for (const std::string_view bytes : {
           "\x80",              // a tail alone
           "\xc3",              // a head alone
           "x\xc3x",            // a head before a letter
           "\xe2\x82",          // cut short
           "\xf0\x9f\x98",      // cut short
           "\xc0\xaf",          // not the shortest form
           "\xc1\xbf",          // the same
           "\xe0\x9f\xbf",      // the same
           "\xf0\x8f\xbf\xbf",  // the same
           "\xed\xa0\x80",      // the first surrogate
           "\xed\xbf\xbf",      // the last one
           "\xf4\x90\x80\x80",  // beyond the last code point
           "\xf5\x80\x80\x80",  // the same
           "\xff",              // never
           "a long text that is fine in all its beginning, but not at its very end: \xfe",
       }) {
    EXPECT_ERROR(document.insert(1, bytes), ErrorCode::bad_value);
    EXPECT_ERROR(document.assign(bytes), ErrorCode::bad_value);
  }
  EXPECT_EQ(document.text(), "ab");
  EXPECT_FALSE(document.has_edits());
  EXPECT_EQ(document.save(), saved);
}

TEST(TextDocument, HasNoEditsAfterNothing) {
  TextDocument document = document_of("ab");
  document.insert(1, "");
  document.erase(1, 0);
  EXPECT_TRUE(document.assign("ab").empty());
  EXPECT_FALSE(document.has_edits());
  EXPECT_EQ(document.commit(), dot('A', 1));
  EXPECT_EQ(document.ops_since({}).size(), 1U);
}

TEST(TextDocument, CommitsAllEditsSinceTheLastOneAsOneOperation) {
  TextDocument document(replica('A'));
  EXPECT_EQ(document.commit(), dot('A', 0)) << "nothing yet";
  document.insert(0, "abc");
  EXPECT_TRUE(document.has_edits());
  EXPECT_TRUE(document.version().empty());
  document.erase(1, 1);
  document.insert(0, "x");
  EXPECT_EQ(document.commit(), dot('A', 1));
  EXPECT_FALSE(document.has_edits());
  EXPECT_EQ(document.version(), vector_of(dot('A', 1)));
  EXPECT_EQ(document.ops_since({}).size(), 1U);
  EXPECT_EQ(document.commit(), dot('A', 1)) << "nothing new";
  document.insert(0, "y");
  EXPECT_EQ(document.commit(), dot('A', 2));
  EXPECT_EQ(document.ops_since({}).size(), 2U);
}

TEST(TextDocument, CommitsUnderTheCallersCounter) {
  TextDocument document(replica('A'));
  document.insert(0, "a");
  EXPECT_EQ(document.commit(7), dot('A', 7));
  document.insert(1, "b");
  EXPECT_ERROR(document.commit(6), ErrorCode::invalid_argument);
  EXPECT_ERROR(document.commit(0), ErrorCode::invalid_argument);
  EXPECT_TRUE(document.has_edits());
  EXPECT_EQ(document.commit(), dot('A', 8));
  EXPECT_EQ(document.version(), vector_of(dot('A', 8)));
  EXPECT_EQ(document.op(dot('A', 7)), document.ops_since({}).front());
}

TEST(TextDocument, RefusesCountersThatNoVectorHolds) {
  TextDocument document(replica('A'));
  document.insert(0, "a");
  EXPECT_ERROR(document.commit(~std::uint64_t{0}), ErrorCode::invalid_argument);
  EXPECT_TRUE(document.has_edits());
  EXPECT_EQ(document.commit(), dot('A', 1));
}

TEST(TextDocument, MovesWithAllThatItHolds) {
  TextDocument document = document_of("moved");
  document.insert(5, "!");
  TextDocument moved = std::move(document);
  EXPECT_EQ(moved.text(), "moved!");
  EXPECT_TRUE(moved.has_edits());
  TextDocument assigned(replica('B'));
  assigned.insert(0, "gone");
  assigned = std::move(moved);
  EXPECT_EQ(assigned.commit(), dot('A', 2));
  EXPECT_EQ(assigned.text(), "moved!");
  assigned.check();
}

}  // namespace
}  // namespace rill
