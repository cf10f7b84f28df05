#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/history.hpp"
#include "oracle/shared_text.hpp"

// What the oracle makes of a text column, in histories with known answers.

namespace oracle {
namespace {

using Events = std::vector<std::size_t>;

/// One row with one text, written by several.
class OracleText : public testing::Test {
 protected:
  OracleText() {
    shape_.tables.resize(1);
    shape_.tables.front().columns.push_back({"body", Family::text, {}, {}, false});
  }

  /// `author` runs statements at the time of its event's number, having seen `past`.
  std::size_t run(std::uint8_t author, const Events& past,
                  const std::vector<Statement>& statements) {
    Event event;
    event.replica.back() = author;
    event.counter = history_.size() + 1;
    event.time = history_.size() + 1;
    for (const std::size_t each : past) event.past.set(each);
    Author writer(history_, std::move(event), true);
    for (const Statement& statement : statements) refused_ = !writer.run(statement);
    return writer.event();
  }

  static Statement insert(Cell text) {
    Statement statement;
    statement.kind = Statement::Kind::insert_or_replace;
    statement.rows.resize(1);
    statement.rows[0].inputs[0].content.scalar = std::move(text);
    return statement;
  }
  static Statement update(Cell text) {
    Statement statement;
    statement.kind = Statement::Kind::update;
    statement.keys = {0};
    statement.inputs[0].content.scalar = std::move(text);
    return statement;
  }
  static Statement splice(std::size_t position, std::size_t erased, const char* inserted) {
    Statement statement = update(inserted);
    Input& input = statement.inputs[0];
    input.mode = Input::Mode::splice;
    input.position = position;
    input.erased = erased;
    return statement;
  }

  ColumnView view(const Events& seen) {
    EventSet set;
    for (const std::size_t each : seen) set.set(each);
    return history_.row(0, 0, set).columns.front();
  }
  Cell shown(const Events& seen) { return view(seen).shown.scalar; }

  Shape shape_;
  History history_{shape_};
  bool refused_ = false;
};

TEST_F(OracleText, KeepsBothOfTwoEdits) {
  run(1, {}, {insert("the fox \xf0\x9f\xa6\x8a jumps")});
  run(1, {0}, {splice(4, 0, "quick ")});
  run(2, {0}, {splice(8, 1, "\xc3\xb1"), splice(15, 0, "!")});
  EXPECT_EQ(shown({0, 1}), Cell("the quick fox \xf0\x9f\xa6\x8a jumps"));
  EXPECT_EQ(shown({0, 2}), Cell("the fox \xc3\xb1 jumps!"));
  EXPECT_EQ(shown({0, 1, 2}), Cell("the quick fox \xc3\xb1 jumps!"));
}

TEST_F(OracleText, PutsWordsTypedAtOnePlaceInTheOrderOfTheirAuthors) {
  run(1, {}, {insert("()")});
  run(3, {0}, {splice(1, 0, "cc")});
  run(2, {0}, {splice(1, 0, "bb")});
  EXPECT_EQ(shown({0, 1, 2}), Cell("(bbcc)"));
}

TEST_F(OracleText, TakesFromATransactionOneDifference) {
  run(1, {}, {insert("one two")});
  run(1, {0}, {update("1 two"), update("all of it"), update("one 2")});
  run(2, {0}, {splice(0, 3, "1")});
  EXPECT_EQ(shown({0, 1, 2}), Cell("1 2"));
}

TEST_F(OracleText, TakesARewrittenInsertForAnInsert) {
  run(1, {}, {insert("draft"), update("copy")});
  EXPECT_TRUE(view({0}).siblings.front().text.operations.empty());
  EXPECT_EQ(shown({0}), Cell("copy"));
}

TEST_F(OracleText, TakesNullForNoTextToEdit) {
  run(1, {}, {insert({})});
  EXPECT_EQ(shown({0}), Cell());
  run(1, {0}, {update("a")});
  run(2, {0}, {update("b")});
  EXPECT_EQ(shown({0, 1, 2}), Cell("ab"));
  run(1, {0, 1, 2}, {update({})});
  EXPECT_EQ(shown({0, 1, 2, 3}), Cell(""));
}

TEST_F(OracleText, BeginsATextWhereNoneIsShown) {
  run(1, {}, {insert(std::int64_t{7})});
  run(1, {0}, {update("a")});
  run(2, {0}, {update("b")});
  EXPECT_EQ(view({0, 1, 2}).siblings.size(), 2U);
  EXPECT_EQ(shown({0, 1, 2}), Cell("b"));
}

TEST_F(OracleText, RefusesWhatIsNoText) {
  run(1, {}, {insert("text")});
  for (const Cell& other : {Cell(std::int64_t{7}), Cell(Bytes{"text"}), Cell("\xff")}) {
    const std::size_t event = run(1, {0}, {update(other)});
    EXPECT_TRUE(refused_);
    EXPECT_TRUE(history_.event(event).operations.empty());
  }
}

TEST_F(OracleText, LosesEditsOfATextThatWasReplaced) {
  run(1, {}, {insert("first")});
  run(2, {0}, {splice(5, 0, " edit")});
  run(1, {0}, {insert("second")});
  EXPECT_EQ(shown({0, 1, 2}), Cell("second"));
}

TEST_F(OracleText, OverwritesByAnEditTheTextsBesideItForGood) {
  run(1, {}, {insert("of 1")});
  run(2, {}, {insert("of 2")});
  EXPECT_EQ(view({0, 1}).siblings.size(), 2U);
  run(3, {0, 1}, {splice(4, 0, "!")});
  EXPECT_EQ(view({0, 1, 2}).siblings.size(), 1U);
  EXPECT_EQ(shown({0, 1, 2}), Cell("of 2!"));
  run(2, {1}, {insert("of 2, anew")});
  EXPECT_EQ(view({0, 1, 2, 3}).siblings.size(), 1U);
  EXPECT_EQ(shown({0, 1, 2, 3}), Cell("of 2, anew"));
}

TEST(OracleTexts, AreToldFromOtherValues) {
  for (const char* text : {"", "a\xc3\xb1\xf0\x9f\xa6\x8a", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_text(Cell(text))) << text;
  }
  EXPECT_TRUE(is_text(Cell()));
  for (const char* other :
       {"\x80", "\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(is_text(Cell(other))) << other;
  }
  EXPECT_FALSE(is_text(Cell(Bytes{"a"})));
  EXPECT_FALSE(is_text(Cell(std::int64_t{1})));
}

}  // namespace
}  // namespace oracle
