#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "rill/delta.hpp"
#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

// What travels between replicas, operation by operation.

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

class TextOperations : public testing::Test {
 protected:
  TextOperations() : a_(replica('A')), b_(replica('B')), c_(replica('C')) {}

  TextDocument a_;
  TextDocument b_;
  TextDocument c_;
};

TEST_F(TextOperations, BringTheSameTextToAnother) {
  typed(a_, 0, "Milk");
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "Milk");
  EXPECT_EQ(b_.version(), a_.version());
  typed(b_, 4, " and bread");
  pull(a_, b_);
  EXPECT_EQ(a_.text(), "Milk and bread");
  EXPECT_EQ(a_.version(), vector_of(dot('A', 1), dot('B', 1)));
  a_.check();
  b_.check();
}

TEST_F(TextOperations, KeepBothOfTwoConcurrentEdits) {
  typed(a_, 0, "The fox jumps over the dog");
  pull(b_, a_);
  typed(a_, 4, "quick brown ");
  test::erased(b_, 22, 4);
  typed(b_, 22, " lazy cat");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "The quick brown fox jumps over the lazy cat");
  EXPECT_EQ(b_.text(), a_.text());
}

TEST_F(TextOperations, KeepWhatIsTypedIntoAnErasedPart) {
  typed(a_, 0, "abcdef");
  pull(b_, a_);
  erased(a_, 1, 4);
  typed(b_, 3, "X");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "aXf");
  EXPECT_EQ(b_.text(), "aXf");
}

TEST_F(TextOperations, EraseOnceWhatTwoErased) {
  typed(a_, 0, "abcdef");
  pull(b_, a_);
  erased(a_, 1, 3);
  erased(b_, 2, 3);
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "af");
  EXPECT_EQ(b_.text(), "af");
  EXPECT_EQ(a_.length(), 2U);
}

TEST_F(TextOperations, ChangeNothingTheSecondTime) {
  const TextOp first = typed(a_, 0, "abc");
  const TextOp second = erased(a_, 1, 1);
  b_.apply(first);
  b_.apply(second);
  const std::string saved = b_.save();
  for (const TextOp& op : {first, second}) {
    std::vector<TextChange> changes;
    b_.apply(op, &changes);
    EXPECT_TRUE(changes.empty());
    b_.apply(op.dot, op.content, &changes);
    EXPECT_TRUE(changes.empty());
  }
  EXPECT_EQ(b_.save(), saved);
  a_.apply(first);
  EXPECT_EQ(a_.text(), "ac") << "one's own";
}

TEST_F(TextOperations, SinceAVectorAreThoseBeyondIt) {
  typed(a_, 0, "a");
  typed(a_, 1, "b");
  pull(b_, a_);
  typed(b_, 2, "c");
  typed(a_, 2, "d");
  pull(a_, b_);
  const auto dots_since = [&](const VersionVector& known) {
    std::vector<Dot> dots;
    for (const TextOp& op : a_.ops_since(known)) dots.push_back(op.dot);
    std::sort(dots.begin(), dots.end());
    return dots;
  };
  using Dots = std::vector<Dot>;
  EXPECT_EQ(dots_since({}), (Dots{dot('A', 1), dot('A', 2), dot('A', 3), dot('B', 1)}));
  EXPECT_EQ(dots_since(vector_of(dot('A', 2))), (Dots{dot('A', 3), dot('B', 1)}));
  EXPECT_EQ(dots_since(vector_of(dot('A', 2), dot('B', 9))), (Dots{dot('A', 3)}));
  EXPECT_EQ(dots_since(vector_of(dot('A', 3), dot('B', 1), dot('Z', 4))), Dots{});
}

TEST_F(TextOperations, ComeAfterThoseTheyDependOn) {
  typed(b_, 0, "b");
  pull(a_, b_);
  typed(a_, 1, "a");
  pull(c_, a_);
  typed(c_, 1, "c");
  pull(b_, c_);
  typed(b_, 3, "b");
  const std::vector<TextOp> ops = b_.ops_since({});
  ASSERT_EQ(ops.size(), 4U);
  EXPECT_EQ(ops[0].dot, dot('B', 1));
  EXPECT_EQ(ops[1].dot, dot('A', 1));
  EXPECT_EQ(ops[2].dot, dot('C', 1));
  EXPECT_EQ(ops[3].dot, dot('B', 2));
}

TEST_F(TextOperations, ComeAsWellFromARelay) {
  a_.insert(0, "ab");
  const TextOp first = a_.op(a_.commit());
  a_.erase(0, 1);
  a_.insert(0, "x");
  a_.insert(2, "y");
  const TextOp second = a_.op(a_.commit());
  b_.apply(first);
  b_.apply(second);
  c_.apply(b_.op(first.dot));
  c_.apply(b_.op(second.dot));
  EXPECT_EQ(c_.text(), "xby");
  TextDocument partly(replica('D'));
  partly.apply(first);
  partly.apply(c_.op(second.dot));
  EXPECT_EQ(partly.text(), "xby");
  EXPECT_EQ(partly.version(), a_.version());
}

TEST_F(TextOperations, TellNothingOfWhatErasedCharactersWere) {
  typed(a_, 0, "the secret word");
  erased(a_, 4, 7);
  for (const TextOp& op : a_.ops_since({})) {
    EXPECT_EQ(op.content.find("secret"), std::string::npos);
    EXPECT_EQ(a_.op(op.dot), op);
    b_.apply(op);
  }
  EXPECT_EQ(b_.text(), "the word");
  typed(b_, 4, "last ");
  exchange(a_, b_);
  EXPECT_EQ(a_.text(), "the last word");
  EXPECT_EQ(a_.text(), b_.text());
}

TEST_F(TextOperations, AreNotReadWhileEditsAreNotCommitted) {
  const TextOp op = typed(a_, 0, "abcdef");
  a_.erase(1, 2);
  a_.insert(4, "X");
  EXPECT_ERROR(a_.ops_since({}), ErrorCode::invalid_argument);
  EXPECT_ERROR(a_.op(op.dot), ErrorCode::invalid_argument);
  EXPECT_EQ(a_.text(), "adefX");
  a_.commit();
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "adefX");
}

TEST_F(TextOperations, AreAppliedBetweenEditsThatAreNotCommitted) {
  typed(a_, 0, "abc");
  pull(b_, a_);
  a_.insert(3, "D");
  typed(b_, 0, "0");
  erased(b_, 2, 1);
  pull(a_, b_);
  EXPECT_EQ(a_.text(), "0acD");
  EXPECT_TRUE(a_.has_edits());
  a_.insert(4, "E");
  a_.commit();
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "0acDE");
  EXPECT_EQ(a_.ops_since({}).size(), 4U);
}

TEST_F(TextOperations, AreFoundByTheirDots) {
  const TextOp op = typed(a_, 0, "a");
  EXPECT_EQ(op.dot, dot('A', 1));
  EXPECT_EQ(a_.op(dot('A', 1)), op);
  EXPECT_ERROR(a_.op(dot('A', 2)), ErrorCode::not_found);
  EXPECT_ERROR(a_.op(dot('A', 0)), ErrorCode::not_found);
  EXPECT_ERROR(a_.op(dot('B', 1)), ErrorCode::not_found);
}

TEST_F(TextOperations, AreRefusedBeforeThoseTheyBuildUpon) {
  typed(a_, 0, "ab");
  pull(b_, a_);
  const TextOp between = typed(a_, 1, "x");
  const TextOp erasure = erased(a_, 0, 1);
  pull(b_, a_);
  const TextOp behind = typed(b_, 1, "y");
  for (const TextOp& op : {between, erasure, behind}) {
    EXPECT_ERROR(c_.apply(op), ErrorCode::causality_gap);
  }
  EXPECT_EQ(c_.text(), "");
  EXPECT_TRUE(c_.version().empty());
  c_.check();
  pull(c_, b_);
  EXPECT_EQ(c_.text(), b_.text());
}

TEST_F(TextOperations, AreRefusedWhenCutShortOrContinued) {
  typed(a_, 0, "añ漢😀");
  const TextDocument before = copy_of(a_, replica('X'));
  a_.insert(1, "xyz");
  a_.erase(5, 2);
  a_.insert(0, "😀");
  const TextOp op = a_.op(a_.commit());
  // Parts have lengths, the whole has none: what ends with a part is an operation of its own.
  std::size_t whole = 0;
  for (std::size_t length = 0; length < op.content.size(); ++length) {
    TextDocument copy = copy_of(before, replica('B'));
    try {
      copy.apply({op.dot, op.content.substr(0, length)});
      ++whole;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::malformed) << error.what();
      EXPECT_EQ(copy.text(), before.text());
      EXPECT_EQ(copy.version(), before.version());
    }
    copy.check();
  }
  EXPECT_LE(whole, 2U);
  pull(b_, before);
  EXPECT_ERROR(b_.apply(op.dot, op.content + '\0'), ErrorCode::malformed);
  EXPECT_ERROR(b_.apply(op.dot, std::string(100, '\xff')), ErrorCode::malformed);
  EXPECT_ERROR(b_.apply(op.dot, ""), ErrorCode::malformed);
  b_.apply(op);
  EXPECT_EQ(b_.text(), a_.text());
}

TEST_F(TextOperations, OfAWrongDotAreRefused) {
  const TextOp op = typed(a_, 0, "a");
  EXPECT_ERROR(b_.apply(dot('A', 0), op.content), ErrorCode::malformed);
  EXPECT_ERROR(b_.apply(dot('A', kMaxCounter + 1), op.content), ErrorCode::malformed);
  EXPECT_EQ(b_.text(), "");
  EXPECT_TRUE(b_.version().empty());
}

TEST_F(TextOperations, OfMoreThanTheLimitAreRefused) {
  EXPECT_ERROR(b_.apply(dot('A', 1), std::string(kMaxTextOpBytes + 1, '\0')),
               ErrorCode::limit_exceeded);
}

TEST_F(TextOperations, MayTakeAnyCounterThatIsGreater) {
  a_.insert(0, "a");
  a_.commit(5);
  a_.insert(1, "b");
  a_.commit(900);
  pull(b_, a_);
  EXPECT_EQ(b_.text(), "ab");
  EXPECT_EQ(b_.version(), vector_of(dot('A', 900)));
}

}  // namespace
}  // namespace rill
