#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

// Forgetting erased characters, here and there.

namespace rill {
namespace {

using test::copy_of;
using test::dot;
using test::erased;
using test::exchange;
using test::pull;
using test::replica;
using test::typed;
using test::vector_of;

/// Two who have seen the same, of which much is erased.
class TextCompaction : public testing::Test {
 protected:
  TextCompaction() : a_(replica('A')), b_(replica('B')) {
    for (int count = 0; count < 100; ++count) {
      typed(a_, count % 2 == 0 ? 0 : a_.length() / 2, "some words that will not stay");
      erased(a_, 3, 24);
    }
    pull(b_, a_);
    typed(b_, 7, "kept");
    erased(b_, 1, 3);
    exchange(a_, b_);
    stable_ = a_.version();
  }

  void seal() {
    a_.seal(stable_);
    b_.seal(stable_);
  }

  TextDocument a_;
  TextDocument b_;
  VersionVector stable_;
};

TEST_F(TextCompaction, ShowsTheSameInFewerBytes) {
  const std::string text = a_.text();
  const std::size_t before = a_.save().size();
  seal();
  a_.compact(stable_);
  a_.check();
  EXPECT_EQ(a_.text(), text);
  EXPECT_EQ(a_.version(), stable_);
  EXPECT_LT(a_.save().size(), before);
  EXPECT_EQ(TextDocument(replica('C'), a_.save()).text(), text);
}

TEST_F(TextCompaction, GoesOnWithOneWhoHasNotForgotten) {
  seal();
  a_.compact(stable_);
  for (int round = 0; round < 50; ++round) {
    const auto place = [&](const TextDocument& document, std::size_t factor) {
      return static_cast<std::size_t>(round) * factor % document.length();
    };
    typed(a_, place(a_, 7), "a1");
    typed(b_, place(b_, 11), "b1");
    typed(a_, place(a_, 13), "a2");
    erased(b_, place(b_, 5) / 2, 2);
    exchange(a_, b_);
    ASSERT_EQ(a_.text(), b_.text());
  }
  a_.check();
  b_.check();
  b_.compact(stable_);
  b_.check();
  EXPECT_EQ(a_.text(), b_.text());
}

TEST_F(TextCompaction, PlacesConcurrentWordsAlike) {
  seal();
  for (std::size_t position = 0; position <= 8; ++position) {
    TextDocument first(replica('C'), a_.save());
    TextDocument second(replica('D'), a_.save());
    first.seal(stable_);
    second.seal(stable_);
    second.compact(stable_);
    test::type_forwards(first, position, "one");
    test::type_backwards(second, position, "two");
    for (const bool forgets : {false, true}) {
      TextDocument third(replica('E'), a_.save());
      third.seal(stable_);
      if (forgets) third.compact(stable_);
      typed(third, position, "three");
      pull(third, second);
      pull(third, first);
      TextDocument fourth(replica('F'), b_.save());
      fourth.seal(stable_);
      if (!forgets) fourth.compact(stable_);
      pull(fourth, third);
      EXPECT_EQ(third.text(), fourth.text());
      for (const std::string_view word : {"one", "two", "three"}) {
        EXPECT_NE(third.text().find(word), std::string::npos) << third.text();
      }
    }
  }
}

TEST_F(TextCompaction, KeepsWhatWasErasedLater) {
  seal();
  erased(b_, 0, 3);
  a_.compact(stable_);
  b_.compact(stable_);
  typed(a_, 2, "X");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), b_.text());
  EXPECT_EQ(a_.text().substr(0, 1), "X") << "between erased characters";
}

TEST_F(TextCompaction, WaitsForWhatItShouldForget) {
  typed(b_, 0, "x");
  b_.seal(b_.version());
  EXPECT_ERROR(a_.compact(b_.version()), ErrorCode::causality_gap);
  EXPECT_ERROR(a_.compact(vector_of(dot('Z', 1))), ErrorCode::causality_gap);
  EXPECT_EQ(a_.version(), stable_);
  a_.check();
}

// A promise that not all have given yet forgets nothing.
TEST_F(TextCompaction, ForgetsNothingThatWasErasedLater) {
  seal();
  erased(a_, 2, 6);
  pull(b_, a_);
  a_.seal(a_.version());
  a_.compact(stable_);
  typed(b_, 2, "beside");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), b_.text());
  a_.check();
}

TEST_F(TextCompaction, TwiceForgetsNothingMore) {
  seal();
  a_.compact(stable_);
  const std::string saved = a_.save();
  a_.compact(stable_);
  a_.compact({});
  EXPECT_EQ(a_.save(), saved);
}

TEST_F(TextCompaction, KeepsPlacesBesideWhatStays) {
  const TextAnchor kept = a_.anchor(5);
  seal();
  a_.compact(stable_);
  EXPECT_EQ(a_.position_of(kept), 5U);
  typed(a_, 0, "12");
  EXPECT_EQ(a_.position_of(kept), 7U);
}

TEST_F(TextCompaction, StillHandsOutWhatCameAfter) {
  seal();
  a_.compact(stable_);
  const TextOp op = typed(a_, 1, "new");
  const std::vector<TextOp> ops = a_.ops_since(stable_);
  ASSERT_EQ(ops.size(), 1U);
  EXPECT_EQ(ops.front().dot, op.dot);
  b_.apply(ops.front());
  EXPECT_EQ(a_.text(), b_.text());
}

TEST_F(TextCompaction, MergesBothWays) {
  seal();
  a_.compact(stable_);
  typed(a_, 4, "of a");
  typed(b_, 4, "of b");
  erased(b_, 0, 2);
  TextDocument into_full(replica('C'), b_.save());
  into_full.merge(a_.save());
  into_full.check();
  TextDocument into_compact(replica('D'), a_.save());
  into_compact.merge(b_.save());
  into_compact.check();
  exchange(a_, b_);
  EXPECT_EQ(into_full.text(), a_.text());
  EXPECT_EQ(into_compact.text(), a_.text());
  EXPECT_EQ(b_.text(), a_.text());
}

TEST_F(TextCompaction, OfAllTextLeavesNothingBehind) {
  erased(a_, 0, a_.length());
  pull(b_, a_);
  stable_ = a_.version();
  seal();
  a_.compact(stable_);
  EXPECT_LT(a_.save().size(), 200U);
  typed(a_, 0, "a");
  typed(b_, 0, "b");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "ab");
  EXPECT_EQ(b_.text(), "ab");
}

TEST_F(TextCompaction, AgainAndAgainComesToTheSame) {
  for (int round = 0; round < 10; ++round) {
    seal();
    (round % 2 == 0 ? a_ : b_).compact(stable_);
    typed(a_, a_.length() / 3, "first");
    typed(b_, b_.length() / 3, "second");
    erased(a_, 0, 4);
    erased(b_, 2, 4);
    exchange(a_, b_);
    ASSERT_EQ(a_.text(), b_.text());
    a_.check();
    b_.check();
    stable_ = a_.version();
  }
}

}  // namespace
}  // namespace rill
