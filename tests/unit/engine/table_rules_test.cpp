#include "rill/table_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::replica;
using test::stamp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Value joined(const Conflict& conflict) {
  std::string text;
  for (const Sibling& each : conflict.siblings) text += each.value.text();
  return text;
}

/// A table of one column per rule, and a live row without entries.
struct Table {
  explicit Table(std::vector<Rule> columns) {
    rules.name = "notes";
    for (Rule& rule : columns) {
      const std::string name = "c" + std::to_string(rules.columns.size());
      rules.columns.push_back({name, std::move(rule), Value("default"), true});
    }
    row.insert(stamp(1, 1, 1));
  }

  void add(ColumnId column, std::uint8_t number, std::uint64_t ms, const Value& value) {
    row.at(column).push_back(Entry::make(stamp(number, 2, ms), value));
  }
  [[nodiscard]] ShownRow shown() const { return show(rules, row); }

  TableRules rules;
  RowState row;
};

TEST(TableRules, show_each_column_by_its_own_rule) {
  Table table({last_writer(), minimum(), counter()});
  for (const ColumnId column : {0U, 1U, 2U}) {
    table.add(column, 1, 1, 3);
    table.add(column, 2, 2, 4);
  }
  EXPECT_TRUE(table.shown().alive);
  EXPECT_THAT(table.shown().values, ElementsAre(Value(4), Value(3), Value(7)));
}

TEST(TableRules, show_the_default_of_a_column_without_entries) {
  const Table table({last_writer()});
  EXPECT_THAT(table.shown().values, ElementsAre(Value("default")));
}

TEST(TableRules, leave_a_column_that_is_not_known_null) {
  Table table({last_writer(), last_writer()});
  table.rules.columns[0].known = false;
  table.add(0, 1, 1, "hidden");
  table.add(1, 1, 1, "shown");
  EXPECT_THAT(table.shown().values, ElementsAre(Value(), Value("shown")));
}

TEST(TableRules, show_the_image_of_a_dead_row) {
  Table table({last_writer()});
  table.add(0, 1, 1, "a");
  table.row.erase(stamp(1, 2, 2));
  EXPECT_FALSE(table.shown().alive);
  EXPECT_THAT(table.shown().values, ElementsAre(Value("a")));
}

TEST(TableRules, name_the_column_of_a_problem) {
  Table table({last_writer(), Rule(RuleKind::custom, "elsewhere", 1, add_wins, nullptr)});
  table.add(1, 1, 1, "a");
  table.add(1, 2, 2, "b");
  ASSERT_THAT(table.shown().problems, SizeIs(1));
  EXPECT_EQ(table.shown().problems[0].column, "c1");
  EXPECT_EQ(table.shown().values[1], Value("b"));
}

/// Two versions of a row, one by replica 2 and a later one by replica 3.
Table two_versions(RowFunction function) {
  Table table({last_writer(), last_writer(), counter()});
  table.rules.row_rule = row("booking", 1, std::move(function));
  table.add(0, 2, 10, "from");
  table.add(1, 2, 10, "to");
  table.add(0, 3, 20, "later");
  table.add(2, 2, 10, 1);
  table.add(2, 3, 20, 2);
  return table;
}

TEST(RowRules, see_whole_versions_in_dot_order_with_defaults_for_missing_values) {
  std::vector<std::string> columns;
  std::vector<RowSibling> siblings;
  const Table table = two_versions([&](const RowConflict& conflict) {
    EXPECT_EQ(conflict.table, "notes");
    columns.assign(conflict.columns.begin(), conflict.columns.end());
    siblings.assign(conflict.siblings.begin(), conflict.siblings.end());
    return conflict.siblings[0].values;
  });
  EXPECT_THAT(table.shown().values, ElementsAre(Value("from"), Value("to"), Value(3)));
  EXPECT_THAT(columns, ElementsAre("c0", "c1"));
  ASSERT_THAT(siblings, SizeIs(2));
  EXPECT_THAT(siblings[0].values, ElementsAre(Value("from"), Value("to")));
  EXPECT_EQ(siblings[0].replica, replica(2));
  EXPECT_THAT(siblings[1].values, ElementsAre(Value("later"), Value("default")));
  EXPECT_EQ(siblings[1].time, Timestamp::from_ms(20));
}

TEST(RowRules, are_not_asked_about_a_single_version) {
  Table table({last_writer(), last_writer()});
  table.rules.row_rule = row("booking", 1, [](const RowConflict&) -> std::vector<Value> {
    throw std::logic_error("asked without a conflict");
  });
  table.add(0, 2, 10, "a");
  table.add(1, 2, 10, "b");
  EXPECT_THAT(table.shown().values, ElementsAre(Value("a"), Value("b")));
  EXPECT_THAT(table.shown().problems, IsEmpty());
}

TEST(RowRules, that_throw_leave_last_writers_choice_of_each_column) {
  const Table table = two_versions(
      [](const RowConflict&) -> std::vector<Value> { throw std::runtime_error("overbooked"); });
  EXPECT_THAT(table.shown().values, ElementsAre(Value("later"), Value("to"), Value(3)));
  ASSERT_THAT(table.shown().problems, SizeIs(1));
  EXPECT_EQ(table.shown().problems[0].code, ErrorCode::rule_failed);
  EXPECT_THAT(table.shown().problems[0].message, HasSubstr("overbooked"));
}

TEST(RowRules, that_return_the_wrong_number_of_values_leave_last_writers_choice) {
  const Table table = two_versions([](const RowConflict&) { return std::vector<Value>{Value(1)}; });
  EXPECT_EQ(table.shown().values[0], Value("later"));
  ASSERT_THAT(table.shown().problems, SizeIs(1));
  EXPECT_THAT(table.shown().problems[0].message, HasSubstr("1 values for 2 columns"));
}

TEST(RowRules, that_are_not_registered_leave_last_writers_choice) {
  Table table = two_versions([](const RowConflict& c) { return c.siblings[0].values; });
  table.rules.row_rule = RowRule("booking", 1, nullptr);
  EXPECT_EQ(table.shown().values[0], Value("later"));
  ASSERT_THAT(table.shown().problems, SizeIs(1));
  EXPECT_EQ(table.shown().problems[0].code, ErrorCode::unknown_rule);
}

TEST(RowRules, that_are_not_pure_are_found_out_when_asked_for) {
  int calls = 0;
  const Table table = two_versions(
      [&calls](const RowConflict&) { return std::vector<Value>{Value(++calls), Value()}; });
  const ShownRow shown = show(table.rules, table.row, true);
  EXPECT_EQ(shown.values[0], Value("later"));
  ASSERT_THAT(shown.problems, SizeIs(1));
  EXPECT_THAT(shown.problems[0].message, HasSubstr("not pure"));
}

std::vector<Value> values_of(const std::vector<Sibling>& siblings) {
  std::vector<Value> values;
  values.reserve(siblings.size());
  for (const Sibling& each : siblings) values.push_back(each.value);
  return values;
}

TEST(Conflicts, list_the_losers_of_each_column_with_several_siblings) {
  Table table({last_writer(), first_writer(), last_writer()});
  for (const ColumnId column : {0U, 1U}) {
    table.add(column, 1, 10, "a");
    table.add(column, 2, 30, "b");
    table.add(column, 3, 20, "c");
  }
  table.add(2, 1, 10, "alone");
  const auto found = conflicts(table.rules, table.row);
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].column, 0U);
  EXPECT_EQ(found[0].shown, Value("b"));
  EXPECT_THAT(values_of(found[0].others), ElementsAre(Value("a"), Value("c")));
  EXPECT_EQ(found[0].others[1].replica, replica(3));
  EXPECT_EQ(found[1].shown, Value("a"));
  EXPECT_THAT(values_of(found[1].others), ElementsAre(Value("b"), Value("c")));
}

TEST(Conflicts, leave_out_the_winner_and_not_another_of_its_value) {
  Table table({last_writer()});
  table.add(0, 1, 10, "same");
  table.add(0, 2, 20, "same");
  const auto found = conflicts(table.rules, table.row);
  ASSERT_THAT(found, SizeIs(1));
  ASSERT_THAT(found[0].others, SizeIs(1));
  EXPECT_EQ(found[0].others[0].replica, replica(1));
}

TEST(Conflicts, list_all_siblings_that_differ_from_a_result_of_its_own) {
  Table table({multi_value(), custom("joined", 1, joined),
               custom("first", 1, [](const auto& c) { return c.siblings[0].value; })});
  for (const ColumnId column : {0U, 1U, 2U}) {
    table.add(column, 1, 10, "[1]");
    table.add(column, 2, 20, "[2]");
  }
  const auto found = conflicts(table.rules, table.row);
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].shown, Value("[1,2]"));
  EXPECT_THAT(found[0].others, SizeIs(2));
  EXPECT_EQ(found[1].shown, Value("[1][2]"));
  EXPECT_THAT(found[1].others, SizeIs(2));
  EXPECT_THAT(values_of(found[2].others), ElementsAre(Value("[2]")));
}

TEST(Conflicts, leave_out_columns_that_are_not_known_or_hold_no_siblings) {
  Table table({last_writer(), counter(), set()});
  table.rules.columns[0].known = false;
  for (const ColumnId column : {0U, 1U, 2U, 9U}) {
    table.add(column, 1, 10, 1);
    table.add(column, 2, 20, 2);
  }
  EXPECT_THAT(conflicts(table.rules, table.row), IsEmpty());
}

TEST(Conflicts, follow_what_a_row_rule_shows) {
  const Table table = two_versions([](const RowConflict& c) { return c.siblings[0].values; });
  const auto found = conflicts(table.rules, table.row);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].shown, Value("from"));
  EXPECT_THAT(values_of(found[0].others), ElementsAre(Value("later")));
}

}  // namespace
}  // namespace rill
