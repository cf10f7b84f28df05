#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "rill/rule.hpp"
#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::code_of;
using test::ColumnPair;
using test::ColumnReplica;
using test::exchange;
using test::stamp;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// What a rule shows after two devices wrote one value each, neither having seen the other.
Value settled(const Rule& rule, const Value& by_a, std::uint64_t a_ms, const Value& by_b,
              std::uint64_t b_ms) {
  ColumnPair pair(rule, "start");
  pair.a.update(by_a, a_ms);
  pair.b.update(by_b, b_ms);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), pair.b.shown());
  return pair.a.shown();
}

TEST(LastWriter, shows_the_later_of_concurrent_writes) {
  EXPECT_EQ(settled(last_writer(), "a", 20, "b", 10), Value("a"));
  EXPECT_EQ(settled(last_writer(), "a", 10, "b", 20), Value("b"));
}

TEST(LastWriter, breaks_a_tie_of_time_by_replica) {
  EXPECT_EQ(settled(last_writer(), "a", 10, "b", 10), Value("b"));
}

TEST(LastWriter, shows_a_write_that_saw_the_other_whatever_the_clocks_say) {
  ColumnPair pair(last_writer(), "start");
  pair.a.update("from the year 2099", 99999);
  pair.b.receive(pair.a);
  pair.b.update("now", 10);
  pair.a.receive(pair.b);
  EXPECT_EQ(pair.a.shown(), Value("now"));
  EXPECT_THAT(pair.a.entries(), SizeIs(1));
}

TEST(LastWriter, follows_the_latest_of_two_concurrent_inserts) {
  ColumnReplica a(1, last_writer());
  ColumnReplica b(2, last_writer());
  a.insert("a", 10);
  b.insert("b", 20);
  a.update("a, edited later", 30);
  exchange(a, b);
  EXPECT_EQ(a.shown(), Value("b"));
  EXPECT_EQ(b.shown(), Value("b"));
}

TEST(LastWriter, shows_the_default_where_no_sibling_saw_the_latest_birth) {
  const Entries births = {Entry::make(stamp(1, 1, 10), 1), Entry::make(stamp(2, 1, 20), 1)};
  Entries entries = {Entry::make(stamp(1, 1, 10), "old")};
  entries[0].unseen_births = {births[1].id.dot};
  const Value untitled = "untitled";
  EXPECT_EQ(show(last_writer(), entries, {"notes", "title", births, untitled}), untitled);
}

TEST(FirstWriter, shows_the_earlier_of_concurrent_writes) {
  EXPECT_EQ(settled(first_writer(), "a", 20, "b", 10), Value("b"));
  EXPECT_EQ(settled(first_writer(), "a", 10, "b", 10), Value("a"));
}

TEST(FirstWriter, lets_a_later_write_that_saw_the_first_replace_it) {
  ColumnPair pair(first_writer(), "start");
  pair.b.update("next", 5);
  pair.a.receive(pair.b);
  EXPECT_EQ(pair.a.shown(), Value("next"));
}

TEST(Minimum, shows_the_least_in_sqlite_order) {
  EXPECT_EQ(settled(minimum(), 7, 1, 3, 2), Value(3));
  EXPECT_EQ(settled(minimum(), "a", 1, 9, 2), Value(9));
}

TEST(Minimum, counts_null_only_where_all_are_null) {
  EXPECT_EQ(settled(minimum(), Value(), 1, 3, 2), Value(3));
  EXPECT_EQ(settled(minimum(), 3, 1, Value(), 2), Value(3));
  EXPECT_EQ(settled(minimum(), Value(), 1, Value(), 2), Value());
}

TEST(Maximum, shows_the_greatest_in_sqlite_order) {
  EXPECT_EQ(settled(maximum(), 7, 1, 3, 2), Value(7));
  EXPECT_EQ(settled(maximum(), "a", 1, 9, 2), Value("a"));
  EXPECT_EQ(settled(maximum(), Value(), 2, -1, 1), Value(-1));
}

TEST(MinimumAndMaximum, show_the_first_in_dot_order_of_numbers_that_compare_equal) {
  EXPECT_EQ(settled(minimum(), 1, 9, 1.0, 1), Value(1));
  EXPECT_EQ(settled(maximum(), 1, 1, 1.0, 9), Value(1));
  EXPECT_EQ(settled(maximum(), 1.0, 1, 1, 9), Value(1.0));
}

TEST(MultiValue, keeps_the_elements_of_all_siblings_in_dot_order) {
  EXPECT_EQ(settled(multi_value(), R"(["x","y"])", 20, R"([1])", 10), Value(R"(["x","y",1])"));
}

TEST(MultiValue, keeps_equal_elements_of_several_siblings) {
  EXPECT_EQ(settled(multi_value(), "x", 1, "x", 2), Value(R"(["x","x"])"));
}

TEST(MultiValue, shows_exactly_what_was_written_after_the_siblings_were_seen) {
  ColumnPair pair(multi_value(), "start");
  pair.a.update("x", 5);
  pair.b.update("y", 6);
  exchange(pair.a, pair.b);
  pair.a.update("[\"y\"]", 7);
  pair.b.receive(pair.a);
  EXPECT_EQ(pair.b.shown(), Value("[\"y\"]"));
}

TEST(MultiValue, takes_any_other_value_as_an_array_of_one) {
  const Rule rule = multi_value();
  EXPECT_EQ(normal_form(rule, Value()), Value("[]"));
  EXPECT_EQ(normal_form(rule, 3), Value("[3]"));
  EXPECT_EQ(normal_form(rule, 0.5), Value("[0.5]"));
  EXPECT_EQ(normal_form(rule, "[broken"), Value("[\"[broken\"]"));
  EXPECT_EQ(normal_form(rule, "say \"hi\""), Value(R"(["say \"hi\""])"));
  EXPECT_EQ(normal_form(rule, " [ 1, {\"b\": 2, \"a\": 1} ] "), Value(R"([1,{"a":1,"b":2}])"));
}

TEST(MultiValue, refuses_what_json_cannot_hold) {
  const Rule rule = multi_value();
  EXPECT_EQ(code_of([&] { normal_form(rule, Blob{}); }), ErrorCode::bad_value);
  EXPECT_EQ(code_of([&] { normal_form(rule, "\xff"); }), ErrorCode::bad_value);
  EXPECT_EQ(code_of([&] { normal_form(rule, std::numeric_limits<double>::infinity()); }),
            ErrorCode::bad_value);
  EXPECT_EQ(code_of([&] { normal_form(rule, std::string(65, '[') + std::string(65, ']')); }),
            ErrorCode::bad_value);
}

TEST(MultiValue, passes_over_siblings_that_are_not_arrays) {
  const Entries entries = {Entry::make(stamp(1, 1, 1), "{}"), Entry::make(stamp(2, 1, 1), "[1]"),
                           Entry::make(stamp(3, 1, 1), 5)};
  EXPECT_EQ(show(multi_value(), entries, {"notes", "value", {}, Value()}), Value("[1]"));
}

TEST(Registers, are_whole_while_one_sibling_stands_that_saw_every_birth) {
  Entries entries = written_at_once(last_writer(), "a", stamp(1, 1, 1));
  EXPECT_TRUE(is_whole(last_writer(), entries));
  entries[0].unseen_births.push_back(stamp(2, 1, 1).dot);
  EXPECT_FALSE(is_whole(last_writer(), entries));
  entries = {Entry::make(stamp(1, 1, 1), "a"), Entry::make(stamp(2, 1, 1), "b")};
  EXPECT_FALSE(is_whole(minimum(), entries));
  entries = {Entry::make(stamp(1, 2, 1), "a")};
  entries[0].first = 1;
  EXPECT_FALSE(is_whole(last_writer(), entries)) << "a range of a peer's, who makes it up";
  EXPECT_FALSE(is_whole(last_writer(), {}));
}

TEST(CustomRule, is_asked_with_the_siblings_in_dot_order) {
  const Rule rule = custom("joined", 1, [](const Conflict& conflict) {
    std::string text = std::string(conflict.table) + "." + std::string(conflict.column) + ":";
    for (const Sibling& each : conflict.siblings) {
      text += " " + each.value.text() + "@" + std::to_string(each.time.ms()) + "/" +
              std::to_string(each.replica.bytes.front());
    }
    return text;
  });
  EXPECT_EQ(settled(rule, "a", 20, "b", 10), Value("notes.value: a@20/1 b@10/2"));
}

TEST(CustomRule, is_not_asked_about_a_single_value) {
  const Rule rule = custom("never", 1, [](const Conflict&) -> Value {
    throw std::logic_error("asked without a conflict");
  });
  ColumnPair pair(rule, "start");
  pair.a.update("a", 2);
  EXPECT_EQ(pair.a.shown(), Value("a"));
  EXPECT_THAT(pair.a.problems(), SizeIs(0));
}

/// Two siblings, `b` being last_writer's choice, and what came of them.
struct Settlement {
  explicit Settlement(const Rule& rule, bool check_purity = false) {
    const Entries entries = {Entry::make(stamp(1, 1, 1), "a"), Entry::make(stamp(2, 1, 2), "b")};
    shown = show(rule, entries, {"notes", "title", {}, Value(), &problems, check_purity});
  }
  Value shown;
  std::vector<RuleProblem> problems;
};

TEST(CustomRule, that_throws_leaves_last_writers_choice_and_a_problem) {
  const Settlement settlement(custom(
      "broken", 1, [](const Conflict&) -> Value { throw std::runtime_error("no currency"); }));
  EXPECT_EQ(settlement.shown, Value("b"));
  ASSERT_THAT(settlement.problems, SizeIs(1));
  EXPECT_EQ(settlement.problems[0].code, ErrorCode::rule_failed);
  EXPECT_EQ(settlement.problems[0].column, "title");
  EXPECT_THAT(settlement.problems[0].message, HasSubstr("'broken' of notes.title threw: no curr"));
}

TEST(CustomRule, may_throw_anything) {
  const Settlement settlement(custom("broken", 1, [](const Conflict&) -> Value { throw 5; }));
  EXPECT_EQ(settlement.shown, Value("b"));
  EXPECT_THAT(settlement.problems, SizeIs(1));
}

TEST(CustomRule, that_is_not_registered_leaves_last_writers_choice_and_a_problem) {
  const Settlement settlement(Rule(RuleKind::custom, "elsewhere", 1, add_wins, nullptr));
  EXPECT_EQ(settlement.shown, Value("b"));
  ASSERT_THAT(settlement.problems, SizeIs(1));
  EXPECT_EQ(settlement.problems[0].code, ErrorCode::unknown_rule);
}

TEST(CustomRule, that_is_not_pure_is_found_out_when_asked_for) {
  int calls = 0;
  const Rule rule = custom("counting", 1, [&calls](const Conflict&) { return ++calls; });
  EXPECT_EQ(Settlement(rule).shown, Value(1));
  const Settlement checked(rule, true);
  EXPECT_EQ(checked.shown, Value("b"));
  ASSERT_THAT(checked.problems, SizeIs(1));
  EXPECT_THAT(checked.problems[0].message, HasSubstr("not pure"));
}

TEST(CustomRule, that_is_pure_passes_the_check) {
  const Settlement checked(
      custom("first", 1, [](const Conflict& conflict) { return conflict.siblings[0].value; }),
      true);
  EXPECT_EQ(checked.shown, Value("a"));
  EXPECT_THAT(checked.problems, SizeIs(0));
}

}  // namespace
}  // namespace rill
