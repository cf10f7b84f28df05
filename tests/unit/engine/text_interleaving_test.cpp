#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"

// What concurrent insertions at one place become: each one's text in one piece, by the rules of
// FugueMax (Weidner, Gentle, Kleppmann 2023).

namespace rill {
namespace {

using test::copy_of;
using test::erased;
using test::pull;
using test::replica;
using test::type_backwards;
using test::type_forwards;
using test::typed;

/// Brings everything to everyone, and returns the text that all show.
std::string together(std::vector<TextDocument>& documents) {
  for (TextDocument& to : documents) {
    for (const TextDocument& from : documents) pull(to, from);
  }
  for (const TextDocument& document : documents) {
    EXPECT_EQ(document.text(), documents.front().text());
    document.check();
  }
  return documents.front().text();
}

/// Documents of as many authors as names, which all hold `text`.
std::vector<TextDocument> group(std::string_view names, std::string_view text) {
  TextDocument first(replica('0'));
  if (!text.empty()) typed(first, 0, text);
  std::vector<TextDocument> documents;
  for (const char name : names) documents.push_back(copy_of(first, replica(name)));
  return documents;
}

TEST(TextInterleaving, IsNotWithinWordsTypedForwards) {
  for (const std::string_view names : {"AB", "BA"}) {
    auto documents = group(names, "[]");
    type_forwards(documents[0], 1, "milk");
    type_forwards(documents[1], 1, "eggs");
    const std::string text = together(documents);
    EXPECT_EQ(text, names == "AB" ? "[milkeggs]" : "[eggsmilk]") << "in the order of names";
  }
}

TEST(TextInterleaving, IsNotWithinWordsTypedBackwards) {
  for (const std::string_view names : {"AB", "BA"}) {
    auto documents = group(names, "[]");
    type_backwards(documents[0], 1, "milk");
    type_backwards(documents[1], 1, "eggs");
    const std::string text = together(documents);
    EXPECT_EQ(text, names == "AB" ? "[milkeggs]" : "[eggsmilk]");
  }
}

TEST(TextInterleaving, IsNotBetweenForwardsAndBackwards) {
  for (const std::string_view names : {"AB", "BA"}) {
    for (const std::string_view around : {"", "[]"}) {
      auto documents = group(names, around);
      type_forwards(documents[0], around.size() / 2, "milk");
      type_backwards(documents[1], around.size() / 2, "eggs");
      const std::string text = together(documents);
      EXPECT_NE(text.find("milk"), std::string::npos) << text;
      EXPECT_NE(text.find("eggs"), std::string::npos) << text;
    }
  }
}

// Typing that goes on at both ends, as someone does who writes a line, and then the one above.
TEST(TextInterleaving, IsNotWithinLinesWrittenFromTheMiddle) {
  for (const std::string_view names : {"AB", "BA"}) {
    auto documents = group(names, "");
    for (std::size_t index = 0; index < 2; ++index) {
      const std::string mark = index == 0 ? "x" : "y";
      typed(documents[index], 0, mark + "2\n");
      typed(documents[index], 3, mark + "3\n");
      typed(documents[index], 0, mark + "1\n");
      typed(documents[index], 3, "-");
    }
    const std::string text = together(documents);
    EXPECT_NE(text.find("x1\n-x2\nx3\n"), std::string::npos) << text;
    EXPECT_NE(text.find("y1\n-y2\ny3\n"), std::string::npos) << text;
  }
}

TEST(TextInterleaving, IsNotBetweenThreeInAnyOrderOfNames) {
  std::string names = "ABC";
  do {
    auto documents = group(names, "<>");
    type_forwards(documents[0], 1, "one");
    type_backwards(documents[1], 1, "two");
    type_forwards(documents[2], 1, "th");
    type_backwards(documents[2], 3, "ree");
    const std::string text = together(documents);
    for (const std::string_view word : {"one", "two", "three"}) {
      EXPECT_NE(text.find(word), std::string::npos) << names << ": " << text;
    }
  } while (std::next_permutation(names.begin(), names.end()));
}

// Words are erased and typed anew at one place: what is gone keeps no one's letters apart.
TEST(TextInterleaving, IsNotWithinWordsTypedOverErasedOnes) {
  for (const std::string_view names : {"AB", "BA"}) {
    auto documents = group(names, "the old word");
    for (std::size_t index = 0; index < 2; ++index) {
      erased(documents[index], 4, 3);
      type_forwards(documents[index], 4, index == 0 ? "new" : "young");
    }
    const std::string text = together(documents);
    EXPECT_EQ(text, names == "AB" ? "the newyoung word" : "the youngnew word");
  }
}

// The case that sets FugueMax apart from Fugue. X and Y were typed at the same time. Knowing only
// X, someone goes on behind it; knowing both, someone else types in front of Y. The latter stays
// with Y, whichever names the two have.
TEST(TextInterleaving, DoesNotSeparateWhatWasTypedInFrontFromWhatFollows) {
  for (const std::string_view names : {"ABCD", "ABDC"}) {
    auto documents = group(names, "");
    TextDocument& behind = documents[2];
    TextDocument& front = documents[3];
    typed(documents[0], 0, "X");
    typed(documents[1], 0, "Y");
    pull(behind, documents[0]);
    type_forwards(behind, 1, "123");
    pull(front, documents[0]);
    pull(front, documents[1]);
    ASSERT_EQ(front.text(), "XY");
    type_backwards(front, 1, "abc");
    EXPECT_EQ(together(documents), "X123abcY");
  }
}

// Three at one place who know different parts of what follows: the one who knows least stands
// first, as theirs reaches furthest.
TEST(TextInterleaving, OrdersByHowFarEachReaches) {
  std::string names = "DEF";
  do {
    auto documents = group("ABC" + names, "");
    typed(documents[0], 0, "X");
    typed(documents[1], 0, "Y");
    typed(documents[2], 0, "Z");
    TextDocument& knows_x = documents[3];
    TextDocument& knows_x_and_z = documents[4];
    TextDocument& knows_all = documents[5];
    pull(knows_x, documents[0]);
    typed(knows_x, 1, "1");
    pull(knows_x_and_z, documents[0]);
    pull(knows_x_and_z, documents[2]);
    typed(knows_x_and_z, 1, "2");
    for (std::size_t index = 0; index < 3; ++index) pull(knows_all, documents[index]);
    ASSERT_EQ(knows_all.text(), "XYZ");
    typed(knows_all, 1, "3");
    EXPECT_EQ(together(documents), "X123YZ");
  } while (std::next_permutation(names.begin(), names.end()));
}

TEST(TextInterleaving, IsDecidedByIdsWhereNothingElseDecides) {
  auto documents = group("CAB", "()");
  for (std::size_t index = 0; index < 3; ++index) {
    typed(documents[index], 1, std::string(1, static_cast<char>('1' + index)));
  }
  EXPECT_EQ(together(documents), "(231)");
}

}  // namespace
}  // namespace rill
