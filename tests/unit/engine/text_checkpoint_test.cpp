#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

// Saving, loading, merging.

namespace rill {
namespace {

using test::changed;
using test::copy_of;
using test::dot;
using test::erased;
using test::exchange;
using test::pull;
using test::replica;
using test::typed;
using test::vector_of;

/// Copies that are as one take each other's next edits.
void exchange_after(TextDocument& left, TextDocument& right) {
  for (int round = 0; round < 3; ++round) {
    typed(left, left.length() / 2, "left");
    typed(right, right.length() / 2, "right");
    erased(left, left.length() / 3, 2);
    exchange(left, right);
    EXPECT_EQ(left.text(), right.text());
  }
}

/// A text that two have written and erased in turns, and at the same time.
class TextCheckpoint : public testing::Test {
 protected:
  TextCheckpoint() : a_(replica('A')), b_(replica('B')) {
    typed(a_, 0, "The fox 🦊 jümps");
    pull(b_, a_);
    typed(a_, 4, "brown ");
    typed(b_, 4, "quick ");
    erased(b_, 0, 4);
    exchange(a_, b_);
    typed(a_, 0, "A ");
  }

  TextDocument a_;
  TextDocument b_;
};

TEST_F(TextCheckpoint, HoldsTheCommittedState) {
  TextDocument loaded(replica('A'), a_.save());
  loaded.check();
  EXPECT_EQ(loaded.text(), a_.text());
  EXPECT_EQ(loaded.version(), a_.version());
  EXPECT_EQ(loaded.history_begin(), a_.version());
  EXPECT_EQ(loaded.author(), replica('A'));
  EXPECT_EQ(loaded.save(), a_.save());
  EXPECT_FALSE(loaded.has_edits());
}

TEST_F(TextCheckpoint, OfNothingHoldsNothing) {
  const TextDocument loaded(replica('A'), TextDocument(replica('B')).save());
  EXPECT_EQ(loaded.text(), "");
  EXPECT_TRUE(loaded.version().empty());
  EXPECT_TRUE(loaded.history_begin().empty());
}

TEST_F(TextCheckpoint, HoldsNoErasedText) {
  typed(a_, 0, "password");
  erased(a_, 0, 8);
  EXPECT_EQ(a_.save().find("password"), std::string::npos);
}

TEST_F(TextCheckpoint, IsNotOfEditsThatAreNotCommitted) {
  const std::string theirs = b_.save();
  a_.erase(0, 5);
  const std::string text = a_.text();
  EXPECT_ERROR(a_.save(), ErrorCode::invalid_argument);
  EXPECT_ERROR(a_.merge(theirs), ErrorCode::invalid_argument);
  EXPECT_EQ(a_.text(), text);
  a_.commit();
  a_.merge(theirs);
  EXPECT_EQ(TextDocument(replica('C'), a_.save()).text(), text);
}

TEST_F(TextCheckpoint, IsEditedOnByItsAuthor) {
  TextDocument loaded(replica('A'), a_.save());
  loaded.insert(2, "very ");
  EXPECT_EQ(loaded.commit(), dot('A', 4)) << "counters go on";
  pull(b_, a_);
  pull(b_, loaded);
  b_.check();
  EXPECT_EQ(b_.text(), loaded.text()) << "the names of characters go on as well";
}

TEST_F(TextCheckpoint, IsEditedOnByAnyoneElse) {
  TextDocument loaded(replica('C'), a_.save());
  typed(loaded, 0, "Once: ");
  typed(b_, b_.length(), "!");
  pull(loaded, b_);
  a_.apply(loaded.op(dot('C', 1)));
  pull(a_, b_);
  EXPECT_EQ(loaded.text(), a_.text());
}

TEST_F(TextCheckpoint, BoundsTheHistory) {
  TextDocument loaded(replica('C'), a_.save());
  typed(loaded, 0, "x");
  EXPECT_EQ(loaded.ops_since(loaded.history_begin()).size(), 1U);
  EXPECT_EQ(loaded.ops_since(a_.version()).size(), 1U);
  EXPECT_ERROR(loaded.ops_since({}), ErrorCode::causality_gap);
  EXPECT_ERROR(loaded.ops_since(b_.version()), ErrorCode::causality_gap);
  EXPECT_ERROR(loaded.op(dot('A', 1)), ErrorCode::not_found);
  EXPECT_EQ(loaded.op(dot('C', 1)).dot, dot('C', 1));
}

TEST_F(TextCheckpoint, MergesIntoAnEmptyDocument) {
  TextDocument empty(replica('C'));
  std::vector<TextChange> changes;
  empty.merge(a_.save(), &changes);
  empty.check();
  EXPECT_EQ(empty.text(), a_.text());
  EXPECT_EQ(changed("", changes), a_.text());
  EXPECT_EQ(empty.version(), a_.version());
  EXPECT_EQ(empty.history_begin(), a_.version());
}

TEST_F(TextCheckpoint, MergesWhatBothSidesDidMeanwhile) {
  typed(a_, 2, "small ");
  erased(a_, a_.length() - 2, 2);
  typed(b_, b_.length(), " high");
  erased(b_, 0, 6);
  const std::string before = b_.text();
  std::vector<TextChange> changes;
  b_.merge(a_.save(), &changes);
  b_.check();
  EXPECT_EQ(changed(before, changes), b_.text());
  a_.merge(b_.save());
  EXPECT_EQ(a_.text(), b_.text());
  EXPECT_EQ(a_.version(), b_.version());
  TextDocument told(replica('C'), a_.save());
  EXPECT_EQ(told.text(), b_.text());
}

TEST_F(TextCheckpoint, MergesAndOperationsComeToTheSame) {
  typed(a_, 2, "small ");
  erased(a_, 0, 1);
  typed(b_, 3, "...");
  TextDocument by_merge = TextDocument(replica('C'), b_.save());
  TextDocument by_operations = TextDocument(replica('D'), b_.save());
  by_merge.merge(a_.save());
  pull(by_operations, a_);
  EXPECT_EQ(by_merge.text(), by_operations.text());
  EXPECT_EQ(by_merge.version(), by_operations.version());
  by_operations.check();
  exchange_after(by_merge, by_operations);
}

TEST_F(TextCheckpoint, ChangesNothingWhereItHoldsNothingNew) {
  const std::string old = b_.save();
  pull(b_, a_);
  const std::string text = b_.text();
  const VersionVector version = b_.version();
  for (const std::string& checkpoint : {old, b_.save(), TextDocument(replica('Z')).save()}) {
    std::vector<TextChange> changes;
    b_.merge(checkpoint, &changes);
    b_.check();
    EXPECT_TRUE(changes.empty());
    EXPECT_EQ(b_.text(), text);
    EXPECT_EQ(b_.version(), version);
    EXPECT_FALSE(b_.has_edits());
  }
}

TEST_F(TextCheckpoint, BoundsTheHistoryOfWhatItIsMergedInto) {
  typed(a_, 0, "more ");
  b_.merge(a_.save());
  EXPECT_EQ(b_.history_begin(), a_.version());
  const TextOp op = typed(b_, 0, "x");
  EXPECT_EQ(b_.ops_since(a_.version()), std::vector<TextOp>{op});
  EXPECT_ERROR(b_.ops_since({}), ErrorCode::causality_gap);
  pull(a_, b_);
  EXPECT_EQ(a_.text(), b_.text());
}

TEST_F(TextCheckpoint, CutShortIsRefused) {
  const std::string whole = a_.save();
  TextDocument other(replica('C'));
  typed(other, 0, "other");
  const std::string saved = other.save();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string part = whole.substr(0, length);
    EXPECT_ERROR(TextDocument(replica('D'), part), ErrorCode::malformed);
    EXPECT_ERROR(other.merge(part), ErrorCode::malformed);
  }
  EXPECT_ERROR(TextDocument(replica('D'), whole + '\0'), ErrorCode::malformed);
  EXPECT_ERROR(other.merge(whole + '\0'), ErrorCode::malformed);
  EXPECT_EQ(other.save(), saved);
  other.check();
}

TEST_F(TextCheckpoint, WithAnyByteChangedIsRefusedOrHoldsTogether) {
  const std::string whole = a_.save();
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (const unsigned flip : {0x01U, 0x02U, 0x10U, 0x80U, 0xffU}) {
      std::string damaged = whole;
      damaged[place] = static_cast<char>(static_cast<unsigned char>(damaged[place]) ^ flip);
      try {
        TextDocument loaded(replica('D'), damaged);
        loaded.check();
        loaded.insert(loaded.length() / 2, "x");
        loaded.commit();
        loaded.check();
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::malformed ||
                    error.code() == ErrorCode::newer_format || error.code() == ErrorCode::too_large)
            << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace rill
