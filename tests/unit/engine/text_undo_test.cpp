#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/texts.hpp"

namespace rill {
namespace {

using test::changed;
using test::erased;
using test::exchange;
using test::pull;
using test::replica;
using test::typed;

/// An author with an editor, and somebody else.
class TextUndo : public testing::Test {
 protected:
  TextUndo() : a_(replica('A')), b_(replica('B')) {
    typed(a_, 0, "one two three");
    pull(b_, a_);
    a_.begin_undo_step();
  }

  /// Whether something was undone; what it reports must be what it did.
  bool undo() {
    return take([&] { return a_.undo(); });
  }
  bool redo() {
    return take([&] { return a_.redo(); });
  }

  template <typename Step>
  bool take(const Step& step) {
    const std::string before = a_.text();
    const std::vector<TextChange> changes = step();
    EXPECT_EQ(changed(before, changes), a_.text());
    a_.check();
    return !changes.empty();
  }

  /// All is committed and exchanged, and both show the same.
  void expect_both_show(const std::string& text) {
    a_.commit();
    b_.commit();
    exchange(a_, b_);
    EXPECT_EQ(a_.text(), text);
    EXPECT_EQ(b_.text(), text);
    EXPECT_EQ(TextDocument(replica('C'), a_.save()).text(), text);
  }

  TextDocument a_;
  TextDocument b_;
};

TEST_F(TextUndo, OfNothingDoesNothing) {
  EXPECT_FALSE(undo());
  EXPECT_FALSE(redo());
  EXPECT_EQ(a_.text(), "one two three");
  EXPECT_FALSE(a_.has_edits());
  TextDocument fresh(replica('C'));
  EXPECT_TRUE(fresh.undo().empty());
  EXPECT_TRUE(fresh.redo().empty());
}

TEST_F(TextUndo, KeepsNoStepsBeforeTheFirstOne) {
  TextDocument document(replica('C'));
  document.insert(0, "before");
  document.begin_undo_step();
  EXPECT_TRUE(document.undo().empty());
  EXPECT_EQ(document.text(), "before");
}

TEST_F(TextUndo, TakesBackAnInsertion) {
  a_.insert(3, " and");
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three");
  EXPECT_TRUE(redo());
  EXPECT_EQ(a_.text(), "one and two three");
  expect_both_show("one and two three");
}

TEST_F(TextUndo, TakesBackAnErasure) {
  a_.erase(3, 4);
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three");
  EXPECT_TRUE(redo());
  EXPECT_EQ(a_.text(), "one three");
  EXPECT_TRUE(undo());
  expect_both_show("one two three");
}

TEST_F(TextUndo, TakesBackAWholeStep) {
  a_.erase(4, 3);
  a_.insert(4, "2");
  a_.insert(0, "zero ");
  a_.erase(a_.length() - 5, 5);
  ASSERT_EQ(a_.text(), "zero one 2 ");
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three");
  EXPECT_TRUE(redo());
  EXPECT_EQ(a_.text(), "zero one 2 ");
  EXPECT_TRUE(undo());
  EXPECT_TRUE(redo());
  EXPECT_TRUE(undo());
  expect_both_show("one two three");
}

TEST_F(TextUndo, ForgetsWhatAStepInsertedAndErasedItself) {
  a_.insert(0, "typo");
  a_.erase(1, 3);
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three");
  EXPECT_TRUE(redo());
  EXPECT_EQ(a_.text(), "tone two three");
}

TEST_F(TextUndo, GoesBackStepByStepAndForwardAgain) {
  const std::vector<std::string> texts{"one two three", "ONE two three", "ONE TWO three",
                                       "ONE TWO THREE"};
  for (std::size_t step = 1; step < texts.size(); ++step) {
    a_.begin_undo_step();
    a_.assign(texts[step]);
    if (step % 2 == 0) a_.commit();
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t step = texts.size() - 1; step > 0; --step) {
      EXPECT_TRUE(undo());
      EXPECT_EQ(a_.text(), texts[step - 1]);
    }
    EXPECT_FALSE(undo());
    for (std::size_t step = 1; step < texts.size(); ++step) {
      EXPECT_TRUE(redo());
      EXPECT_EQ(a_.text(), texts[step]);
    }
    EXPECT_FALSE(redo());
  }
  expect_both_show(texts.back());
}

TEST_F(TextUndo, IsNotRedoneOnceSomethingElseWasTyped) {
  a_.insert(0, "x");
  EXPECT_TRUE(undo());
  a_.begin_undo_step();
  a_.insert(0, "y");
  EXPECT_FALSE(redo());
  EXPECT_EQ(a_.text(), "yone two three");
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three");
}

TEST_F(TextUndo, LeavesWhatOthersTypedIntoAnInsertion) {
  a_.insert(13, ", four, five");
  a_.commit();
  pull(b_, a_);
  typed(b_, 19, " (!)");
  pull(a_, b_);
  ASSERT_EQ(a_.text(), "one two three, four (!), five");
  EXPECT_TRUE(undo());
  EXPECT_EQ(a_.text(), "one two three (!)");
  expect_both_show("one two three (!)");
  EXPECT_TRUE(redo());
  expect_both_show("one two three, four (!), five");
}

TEST_F(TextUndo, LeavesWhatOthersTypedIntoAnErasure) {
  a_.erase(4, 4);
  a_.commit();
  typed(b_, 6, "XX");
  pull(a_, b_);
  ASSERT_EQ(a_.text(), "one XXthree");
  EXPECT_TRUE(undo());
  a_.commit();
  pull(b_, a_);
  EXPECT_EQ(a_.text(), b_.text());
  // Where the others' characters stand among those that come back, is not said; that all are there
  // is.
  std::string rest = a_.text();
  const std::size_t theirs = rest.find("XX");
  ASSERT_NE(theirs, std::string::npos);
  EXPECT_EQ(rest.erase(theirs, 2), "one two three");
}

TEST_F(TextUndo, TakesBackNothingOfOthers) {
  typed(b_, 0, "theirs ");
  erased(b_, b_.length() - 6, 6);
  pull(a_, b_);
  EXPECT_FALSE(undo());
  expect_both_show("theirs one two");
}

TEST_F(TextUndo, SkipsWhatOthersErasedAlready) {
  a_.insert(13, ", four");
  a_.commit();
  pull(b_, a_);
  erased(b_, 13, 6);
  pull(a_, b_);
  ASSERT_EQ(a_.text(), "one two three");
  undo();
  expect_both_show("one two three");
}

TEST_F(TextUndo, WorksAroundRemoteEditsBeforeIt) {
  a_.erase(8, 5);
  a_.insert(8, "3");
  a_.commit();
  typed(b_, 0, "0 ");
  erased(b_, 2, 4);
  pull(a_, b_);
  ASSERT_EQ(a_.text(), "0 two 3");
  EXPECT_TRUE(undo());
  expect_both_show("0 two three");
  EXPECT_TRUE(redo());
  expect_both_show("0 two 3");
}

TEST_F(TextUndo, IsAnEditLikeAnyOther) {
  a_.insert(0, "x");
  a_.commit();
  const VersionVector before = a_.version();
  EXPECT_TRUE(undo());
  EXPECT_TRUE(a_.has_edits());
  a_.commit();
  EXPECT_GT(a_.version(), before);
  EXPECT_EQ(a_.ops_since(before).size(), 1U);
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "one two three");
}

TEST_F(TextUndo, BringsBackWholeCodePoints) {
  a_.assign("one 😀 e\u0301 שלום");
  a_.begin_undo_step();
  a_.erase(4, 4);
  EXPECT_TRUE(undo());
  expect_both_show("one 😀 e\u0301 שלום");
}

TEST_F(TextUndo, ComesTogetherWhereBothUndo) {
  b_.begin_undo_step();
  a_.assign("one 2 three");
  b_.assign("1 two three");
  a_.commit();
  b_.commit();
  exchange(a_, b_);
  ASSERT_EQ(a_.text(), "1 2 three");
  EXPECT_TRUE(undo());
  b_.undo();
  expect_both_show("one two three");
}

}  // namespace
}  // namespace rill
