#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rill/text_document.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"

namespace rill {
namespace {

using test::erased;
using test::pull;
using test::replica;
using test::typed;

class TextAnchors : public testing::Test {
 protected:
  TextAnchors() : a_(replica('A')), b_(replica('B')) {
    typed(a_, 0, "Hello world");
    pull(b_, a_);
  }

  TextDocument a_;
  TextDocument b_;
};

TEST_F(TextAnchors, NameTheCharacterBefore) {
  EXPECT_EQ(a_.anchor(0).after, std::nullopt);
  EXPECT_EQ(a_.anchor(1).after, (TextId{replica('A'), 1}));
  EXPECT_EQ(a_.anchor(11).after, (TextId{replica('A'), 11}));
}

TEST_F(TextAnchors, AreWhereTheyWereSet) {
  for (std::size_t position = 0; position <= 11; ++position) {
    EXPECT_EQ(a_.position_of(a_.anchor(position)), position);
    EXPECT_EQ(b_.position_of(a_.anchor(position)), position) << "at another replica";
  }
}

TEST_F(TextAnchors, MoveWithTheirCharacter) {
  const TextAnchor middle = a_.anchor(5);
  typed(a_, 0, "Oh: ");
  EXPECT_EQ(a_.position_of(middle), 9U);
  typed(a_, 9, ",");
  EXPECT_EQ(a_.position_of(middle), 9U) << "what comes behind moves nothing";
  erased(a_, 0, 2);
  EXPECT_EQ(a_.position_of(middle), 7U);
  typed(b_, 0, "> ");
  pull(a_, b_);
  EXPECT_EQ(a_.position_of(middle), a_.text().find(','));
}

TEST_F(TextAnchors, OfTheBeginningStayThere) {
  const TextAnchor begin = a_.anchor(0);
  typed(a_, 0, "Oh: ");
  EXPECT_EQ(a_.position_of(begin), 0U);
  erased(a_, 0, 10);
  EXPECT_EQ(a_.position_of(begin), 0U);
}

TEST_F(TextAnchors, StayWhereAnErasedCharacterWas) {
  const TextAnchor middle = a_.anchor(5);
  erased(a_, 3, 5);
  ASSERT_EQ(a_.text(), "Helrld");
  EXPECT_EQ(a_.position_of(middle), 3U);
  typed(b_, 5, " there");
  typed(b_, 0, "1");
  pull(a_, b_);
  EXPECT_EQ(a_.text(), "1Hel thererld");
  EXPECT_EQ(a_.position_of(middle), 4U);
  erased(a_, 0, a_.length());
  EXPECT_EQ(a_.position_of(middle), 0U);
}

TEST_F(TextAnchors, OfUnknownCharactersAreNotFound) {
  typed(b_, 0, "x");
  EXPECT_ERROR(a_.position_of(b_.anchor(1)), ErrorCode::not_found);
  EXPECT_ERROR(a_.position_of({TextId{replica('A'), 12}}), ErrorCode::not_found);
  EXPECT_ERROR(a_.position_of({TextId{replica('A'), 0}}), ErrorCode::not_found);
  EXPECT_ERROR(a_.position_of({TextId{replica('Z'), 1}}), ErrorCode::not_found);
}

TEST_F(TextAnchors, WorkOnEditsThatAreNotCommitted) {
  a_.insert(5, "!!!");
  const TextAnchor inside = a_.anchor(6);
  a_.insert(0, "12");
  EXPECT_EQ(a_.position_of(inside), 8U);
  a_.commit();
  pull(b_, a_);
  EXPECT_EQ(b_.position_of(inside), 8U);
}

TEST_F(TextAnchors, OutliveACheckpoint) {
  const TextAnchor kept = a_.anchor(5);
  const TextAnchor gone = a_.anchor(8);
  erased(a_, 6, 3);
  const TextDocument loaded(replica('C'), a_.save());
  EXPECT_EQ(loaded.position_of(kept), 5U);
  EXPECT_EQ(loaded.position_of(gone), 6U);
  EXPECT_EQ(loaded.anchor(5), kept);
}

}  // namespace
}  // namespace rill
