#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/definitions.hpp"
#include "oracle/history.hpp"
#include "oracle/script.hpp"
#include "oracle/shape.hpp"

// Histories told by hand, with known answers: the oracle is no better than these.

namespace oracle {
namespace {

Content number(std::int64_t value) { return {value, {}, {}}; }
Content elements(std::vector<Cell> items) { return {{}, std::move(items), {}}; }
Content object(std::map<Path, std::string> leaves) { return {{}, {}, std::move(leaves)}; }

/// A table `t` of columns of one family, of which one row is told.
class Tale {
 public:
  explicit Tale(Family family, std::size_t columns = 1) {
    Table table;
    table.name = "t";
    for (std::size_t i = 0; i < columns; ++i) {
      Column column;
      column.name = "c" + std::to_string(i);
      column.family = family;
      if (is_counter(family)) column.default_content = number(0);
      table.columns.push_back(std::move(column));
    }
    shape_.tables.push_back(std::move(table));
  }

  Table& table() { return shape_.tables.front(); }

  /// `author` inserts the row at `time`, having seen `past`.
  std::size_t insert(std::uint8_t author, std::uint64_t time, const std::vector<std::size_t>& past,
                     std::vector<Content> values) {
    Operation operation{Operation::Kind::insert, 0, 0, {}};
    for (std::size_t i = 0; i < values.size(); ++i)
      operation.writes[i].value = std::move(values[i]);
    return add(author, time, past, std::move(operation));
  }
  std::size_t update(std::uint8_t author, std::uint64_t time, const std::vector<std::size_t>& past,
                     Write write, std::size_t column = 0) {
    Operation operation{Operation::Kind::update, 0, 0, {}};
    operation.writes[column] = std::move(write);
    return add(author, time, past, std::move(operation));
  }
  std::size_t set(std::uint8_t author, std::uint64_t time, const std::vector<std::size_t>& past,
                  std::int64_t value, std::size_t column = 0) {
    Write write;
    write.value = number(value);
    return update(author, time, past, std::move(write), column);
  }
  std::size_t erase(std::uint8_t author, std::uint64_t time, const std::vector<std::size_t>& past) {
    return add(author, time, past, {Operation::Kind::erase, 0, 0, {}});
  }

  RowView row() {
    EventSet all;
    for (std::size_t i = 0; i < history_.size(); ++i) all.set(i);
    return history_.row(0, 0, all);
  }
  std::string shown(std::size_t column = 0) {
    return sql_literal(cell_of(table().columns[column].family, row().columns[column].shown));
  }
  History& history() { return history_; }

 private:
  std::size_t add(std::uint8_t author, std::uint64_t time, const std::vector<std::size_t>& past,
                  Operation operation) {
    Event event;
    event.replica.fill(author);
    event.counter = history_.size() + 1;
    event.time = time << 16U;
    for (const std::size_t seen : past) event.past.set(seen);
    event.operations.push_back(std::move(operation));
    return history_.add(std::move(event));
  }

  Shape shape_;
  History history_{shape_};
};

TEST(OracleLastWriter, TakesTheLaterOfConcurrentWrites) {
  Tale tale(Family::last_writer);
  tale.insert(1, 10, {}, {number(0)});
  tale.set(1, 30, {0}, 1);
  tale.set(2, 20, {0}, 2);
  EXPECT_EQ(tale.shown(), "1");
  EXPECT_EQ(tale.row().columns[0].siblings.size(), 2U);
}

TEST(OracleLastWriter, LetsAWriteThatHasSeenAnotherWinAgainstItsClock) {
  Tale tale(Family::last_writer);
  tale.insert(1, 1000, {}, {number(0)});
  tale.set(2, 20, {0}, 2);
  EXPECT_EQ(tale.shown(), "2");
  EXPECT_EQ(tale.row().columns[0].siblings.size(), 1U);
}

TEST(OracleLastWriter, SettlesEqualTimesByReplica) {
  Tale tale(Family::last_writer);
  tale.insert(1, 10, {}, {number(0)});
  tale.set(2, 20, {0}, 2);
  tale.set(1, 20, {0}, 1);
  EXPECT_EQ(tale.shown(), "2");
}

TEST(OracleLastWriter, NeverMixesTwoInsertsOfOneKey) {
  Tale tale(Family::last_writer, 2);
  tale.insert(1, 10, {}, {number(1), number(1)});
  tale.insert(2, 20, {}, {number(2), number(2)});
  tale.set(1, 30, {0}, 3);  // has not seen the later insert
  EXPECT_EQ(tale.shown(0), "2");
  EXPECT_EQ(tale.shown(1), "2");
  tale.set(1, 5, {0, 1, 2}, 4);
  EXPECT_EQ(tale.shown(0), "4");
  EXPECT_EQ(tale.shown(1), "2");
}

TEST(OracleLastWriter, ShowsTheDefaultWhereTheLatestInsertDidNotKnowTheColumn) {
  Tale tale(Family::last_writer, 2);
  tale.table().columns[1].default_content = number(7);
  tale.insert(1, 10, {}, {number(1), number(1)});
  tale.insert(2, 20, {}, {number(2)});
  EXPECT_EQ(tale.shown(1), "7");
}

TEST(OracleRegisters, OfOtherRules) {
  const auto shown = [](Family family) {
    Tale tale(family);
    tale.insert(1, 10, {}, {number(0)});
    tale.set(3, 20, {0}, 5);
    tale.set(1, 30, {0}, 9);
    tale.set(2, 40, {0}, 7);
    return tale.shown();
  };
  EXPECT_EQ(shown(Family::first_writer), "5");
  EXPECT_EQ(shown(Family::minimum), "5");
  EXPECT_EQ(shown(Family::maximum), "9");
}

TEST(OracleRegisters, MultiValueIsInOrderOfDots) {
  Tale tale(Family::multi_value);
  tale.insert(1, 10, {}, {elements({})});
  Write first;
  first.value = elements({std::int64_t{3}});
  Write second;
  second.value = elements({"a", "b"});
  tale.update(2, 20, {0}, first);
  tale.update(1, 30, {0}, second);
  EXPECT_EQ(tale.shown(), "'[\"a\",\"b\",3]'");
}

TEST(OracleRegisters, NullIsLeastAndGreatestOnlyOfNulls) {
  for (const Family family : {Family::minimum, Family::maximum}) {
    Tale tale(family);
    tale.insert(1, 10, {}, {Content()});
    EXPECT_EQ(tale.shown(), "NULL");
    tale.insert(2, 20, {}, {number(4)});
    EXPECT_EQ(tale.shown(), "4");
  }
}

TEST(OracleCounter, AddsUpWhatNoInsertHasSeen) {
  Tale tale(Family::integer_counter);
  Write plus_three;
  plus_three.delta = std::int64_t{3};
  tale.insert(1, 10, {}, {number(5)});
  tale.update(2, 20, {0}, plus_three);
  tale.update(1, 20, {0}, plus_three);
  EXPECT_EQ(tale.shown(), "11");
  tale.insert(2, 30, {0, 1}, {number(100)});  // has not seen the last one
  EXPECT_EQ(tale.shown(), "103");
}

TEST(OracleSet, KeepsAnAdditionThatARemovalHasNotSeenOrNot) {
  for (const Family family : {Family::add_wins_set, Family::remove_wins_set}) {
    Tale tale(family);
    Write add;
    add.added = {"x"};
    Write remove;
    remove.removed = {"x"};
    tale.insert(1, 10, {}, {elements({"x", "y"})});
    tale.update(1, 20, {0}, remove);
    tale.update(1, 30, {0, 1}, add);
    tale.update(2, 40, {0}, remove);
    EXPECT_EQ(tale.shown(), family == Family::add_wins_set ? "'[\"x\",\"y\"]'" : "'[\"y\"]'");
    tale.update(2, 50, {0, 1, 2, 3}, add);
    EXPECT_EQ(tale.shown(), "'[\"x\",\"y\"]'");
  }
}

TEST(OracleMap, MergesKeyByKey) {
  Tale tale(Family::map);
  Write left;
  left.assigned[{"k", "x"}] = "1";
  left.touched = {{"k", "x"}};
  Write right;
  right.assigned[{"k", "y"}] = "2";
  right.touched = {{"k", "y"}};
  tale.insert(1, 10, {}, {object({})});
  tale.update(1, 20, {0}, left);
  tale.update(2, 30, {0}, right);
  EXPECT_EQ(tale.shown(), "'{\"k\":{\"x\":1,\"y\":2}}'");
}

TEST(OracleMap, LetsTheLaterOfAScalarAndWhatIsBelowItDecide) {
  for (const std::uint64_t time : {std::uint64_t{20}, std::uint64_t{40}}) {
    Tale tale(Family::map);
    Write scalar;
    scalar.assigned[{"k"}] = "1";
    scalar.touched = {{"k"}};
    Write below;
    below.assigned[{"k", "x"}] = "2";
    below.touched = {{"k", "x"}};
    tale.insert(1, 10, {}, {object({})});
    tale.update(1, time, {0}, scalar);
    tale.update(2, 30, {0}, below);
    EXPECT_EQ(tale.shown(), time > 30 ? "'{\"k\":1}'" : "'{\"k\":{\"x\":2}}'");
    Write remove;  // what is shown, and with it what is hidden
    remove.touched = {time > 30 ? Path{"k"} : Path{"k", "x"}};
    tale.update(2, 50, {0, 1, 2}, remove);
    EXPECT_EQ(tale.shown(), "'{}'");
  }
}

TEST(OracleExistence, FollowsThePolicyWhereADeleteMeetsAnUpdate) {
  for (const bool delete_wins : {false, true}) {
    Tale tale(Family::last_writer);
    tale.table().delete_wins = delete_wins;
    tale.insert(1, 10, {}, {number(1)});
    tale.erase(1, 20, {0});
    EXPECT_FALSE(tale.row().alive);
    tale.set(2, 15, {0}, 2);
    EXPECT_EQ(tale.row().alive, !delete_wins);
    tale.insert(1, 30, {0, 1, 2}, {number(3)});
    EXPECT_TRUE(tale.row().alive);
    EXPECT_EQ(tale.shown(), "3");
  }
}

TEST(OracleRowRule, SettlesWholeVersions) {
  Tale tale(Family::row_version, 2);
  tale.table().row_rule = true;
  tale.insert(1, 10, {}, {number(0), number(1)});
  tale.insert(2, 20, {}, {number(0), number(4)});
  EXPECT_EQ(tale.shown(0), "0");
  EXPECT_EQ(tale.shown(1), "5");
}

/// A row of a table with an INTEGER counter, a set and a register, written by SQL.
class OracleAuthor : public testing::Test {
 protected:
  OracleAuthor() {
    const auto add = [&](Family family, std::string name) {
      Column column;
      column.name = std::move(name);
      column.family = family;
      if (is_counter(family)) column.default_content = number(0);
      table().columns.push_back(std::move(column));
    };
    shape_.tables.resize(1);
    add(Family::integer_counter, "n");
    add(Family::add_wins_set, "s");
    add(Family::last_writer, "a");
  }

  Table& table() { return shape_.tables.front(); }

  Author begin() {
    Event event;
    for (std::size_t i = 0; i < history_.size(); ++i) event.past.set(i);
    event.counter = history_.size() + 1;
    return {history_, std::move(event), true};
  }

  static Statement insert(std::int64_t n, std::int64_t a) {
    Statement statement;
    statement.rows.resize(1);
    statement.rows[0].inputs[0].content = number(n);
    statement.rows[0].inputs[2].content = number(a);
    return statement;
  }
  static Statement update(std::size_t column, Content content, Input::Mode mode) {
    Statement statement;
    statement.kind = Statement::Kind::update;
    statement.keys = {0};
    statement.inputs[column].content = std::move(content);
    statement.inputs[column].mode = mode;
    return statement;
  }
  static Statement erase() {
    Statement statement;
    statement.kind = Statement::Kind::erase;
    statement.keys = {0};
    return statement;
  }

  Shape shape_;
  History history_{shape_};
};

TEST_F(OracleAuthor, TakesAnUpdateAsTheDifferenceOfOldAndNew) {
  Author first = begin();
  ASSERT_TRUE(first.run(insert(5, 1)));
  Author second = begin();
  ASSERT_TRUE(second.run(update(0, number(8), Input::Mode::literal)));
  ASSERT_TRUE(second.run(update(0, number(2), Input::Mode::add)));
  ASSERT_TRUE(second.run(update(1, elements({"b", "a", "b"}), Input::Mode::literal)));
  ASSERT_EQ(second.operations().size(), 3U);
  EXPECT_EQ(second.operations()[0].writes.at(0).delta, Cell(std::int64_t{3}));
  EXPECT_EQ(second.operations()[1].writes.at(0).delta, Cell(std::int64_t{2}));
  EXPECT_EQ(second.operations()[2].writes.at(1).added, (std::vector<Cell>{"a", "b"}));
  EXPECT_EQ(second.view(0, 0).columns[0].shown, number(10));
}

TEST_F(OracleAuthor, LeavesNothingOfWhatChangesNothing) {
  Author first = begin();
  ASSERT_TRUE(first.run(insert(5, 1)));
  Author second = begin();
  EXPECT_TRUE(second.run(update(0, number(5), Input::Mode::literal)));
  EXPECT_TRUE(second.run(update(1, elements({}), Input::Mode::literal)));
  EXPECT_TRUE(second.run(update(2, number(1), Input::Mode::literal)));
  EXPECT_TRUE(second.operations().empty());
}

TEST_F(OracleAuthor, KeepsARowMadeAndDeletedAsADeadOne) {
  Author author = begin();
  ASSERT_TRUE(author.run(insert(5, 1)));
  ASSERT_TRUE(author.run(erase()));
  EXPECT_EQ(author.operations().size(), 2U);
  EXPECT_TRUE(author.view(0, 0).exists);
  EXPECT_FALSE(author.view(0, 0).alive);
}

TEST_F(OracleAuthor, LeavesNothingOfAFailedStatement) {
  Author author = begin();
  ASSERT_TRUE(author.run(insert(5, 1)));
  EXPECT_FALSE(author.run(insert(6, 2)));
  Statement two_rows = insert(7, 3);
  two_rows.rows.push_back(two_rows.rows.front());
  two_rows.rows.front().key = 1;
  EXPECT_FALSE(author.run(two_rows));
  EXPECT_FALSE(author.run(update(0, {}, Input::Mode::bad)));
  EXPECT_EQ(author.operations().size(), 1U);
  EXPECT_FALSE(author.view(0, 1).alive);
}

TEST_F(OracleAuthor, WritesTheColumnsItKnows) {
  table().columns[0].late = true;
  Author current = begin();
  ASSERT_TRUE(current.run(insert(5, 1)));
  EXPECT_EQ(current.operations()[0].writes.size(), 3U);
  Event event;
  event.past.set(0);
  Author older(history_, std::move(event), false);
  Statement replace = insert(6, 2);
  replace.kind = Statement::Kind::insert_or_replace;
  ASSERT_TRUE(older.run(replace));
  EXPECT_EQ(older.operations()[0].writes.size(), 2U);
  EXPECT_EQ(older.view(0, 0).columns[0].shown, number(0));
}

TEST_F(OracleAuthor, MovesARowAsDeleteAndInsert) {
  Author first = begin();
  ASSERT_TRUE(first.run(insert(5, 1)));
  Author second = begin();
  Statement move = update(2, number(9), Input::Mode::literal);
  move.kind = Statement::Kind::move;
  move.target = 2;
  ASSERT_TRUE(second.run(move));
  EXPECT_FALSE(second.view(0, 0).alive);
  EXPECT_EQ(second.view(0, 2).columns[0].shown, number(5));
  EXPECT_EQ(second.view(0, 2).columns[2].shown, number(9));
}

}  // namespace
}  // namespace oracle
