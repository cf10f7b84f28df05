#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

// Two copies of one author: two editors of one text on one device.

namespace rill {
namespace {

using test::changed;
using test::copy_of;
using test::dot;
using test::pull;
using test::replica;
using test::typed;

class TextRebase : public testing::Test {
 protected:
  TextRebase() : one_(replica('A')) {
    typed(one_, 0, "Milk and bread");
    other_ = TextDocument(replica('A'), one_.save());
  }

  /// What `other_` did, made again in a copy of `one_`; expects that the changes tell of it.
  TextDocument rebased() {
    const TextOp op = other_.op(other_.commit());
    TextDocument copy(replica('A'), one_.save());
    const std::string before = copy.text();
    const std::vector<TextChange> changes = copy.rebase(op);
    EXPECT_EQ(changed(before, changes), copy.text());
    EXPECT_TRUE(copy.has_edits());
    copy.commit();
    copy.check();
    return copy;
  }

  TextDocument one_;
  TextDocument other_{replica('A')};
};

TEST_F(TextRebase, KeepsWhatBothTyped) {
  typed(one_, 0, "Buy: ");
  other_.insert(14, " and eggs");
  EXPECT_EQ(rebased().text(), "Buy: Milk and bread and eggs");
}

TEST_F(TextRebase, KeepsWhatWasTypedIntoOnesOwnWords) {
  typed(one_, 4, "shake");
  other_.insert(9, "brown ");
  other_.insert(11, "OW");
  other_.erase(13, 2);
  other_.insert(9, "<");
  const std::string there = other_.text();
  EXPECT_EQ(there, "Milk and <brOWn bread");
  EXPECT_EQ(rebased().text(), "Milkshake and <brOWn bread");
}

TEST_F(TextRebase, ErasesWhatStillStands) {
  one_.erase(0, 9);
  one_.commit();
  other_.erase(4, 10);
  EXPECT_EQ(rebased().text(), "");
}

TEST_F(TextRebase, ErasesNothingThatTookTheNameOfWhatWasErased) {
  typed(one_, 14, "!?");
  other_.insert(14, "xy");
  other_.erase(12, 3);  // "ad" and "x", in one stretch of names
  EXPECT_EQ(rebased().text(), "Milk and bre!?y");
}

TEST_F(TextRebase, GivesNamesThatOthersTake) {
  TextDocument far = copy_of(one_, replica('B'));
  typed(one_, 0, "Buy: ");
  pull(far, one_);
  other_.insert(14, "!");
  const TextDocument both = rebased();
  pull(far, both);
  EXPECT_EQ(far.text(), "Buy: Milk and bread!");
}

TEST_F(TextRebase, CarriesEditsOverToAnotherAuthor) {
  other_.insert(4, "y");
  other_.erase(0, 1);
  const TextOp op = other_.op(other_.commit());
  TextDocument renamed(replica('C'), one_.save());
  renamed.rebase(op);
  EXPECT_EQ(renamed.commit().replica, replica('C'));
  EXPECT_EQ(renamed.text(), "ilky and bread");
}

TEST_F(TextRebase, RefusesWhatBuildsOnCharactersThatAreNotThere) {
  other_ = TextDocument(replica('B'), one_.save());
  typed(other_, 0, "x");
  other_.insert(1, "y");
  const TextOp op = other_.op(other_.commit());
  const std::string before = one_.save();
  EXPECT_ERROR(one_.rebase(op), ErrorCode::causality_gap);
  EXPECT_FALSE(one_.has_edits());
  EXPECT_EQ(one_.save(), before);
}

TEST_F(TextRebase, RefusesWhatIsMalformed) {
  EXPECT_ERROR(one_.rebase({dot('A', 1), "x"}), ErrorCode::malformed);
  EXPECT_ERROR(one_.rebase({dot('B', 1), std::string("\0\0", 2)}), ErrorCode::malformed);
  EXPECT_FALSE(one_.has_edits());
}

TEST(TextCommit, UnderTheLastCounterExtendsTheOperation) {
  TextDocument document(replica('A'));
  typed(document, 0, "a");
  typed(document, 1, "b");
  document.insert(2, "c");
  EXPECT_EQ(document.commit(2), dot('A', 2));
  document.erase(0, 1);
  EXPECT_EQ(document.commit(2), dot('A', 2));
  const std::vector<TextOp> ops = document.ops_since({});
  ASSERT_EQ(ops.size(), 2U);
  EXPECT_EQ(document.op(dot('A', 2)), ops[1]);
  EXPECT_EQ(copy_of(document, replica('B')).text(), "bc");
}

TEST(TextCommit, DoesNotExtendAnOperationThatOthersCameAfter) {
  TextDocument document(replica('A'));
  typed(document, 0, "a");
  TextDocument other = copy_of(document, replica('B'));
  typed(other, 1, "b");
  pull(document, other);
  document.insert(0, "c");
  EXPECT_ERROR(document.commit(1), ErrorCode::invalid_argument);
  EXPECT_EQ(document.commit(2), dot('A', 2));
}

}  // namespace
}  // namespace rill
