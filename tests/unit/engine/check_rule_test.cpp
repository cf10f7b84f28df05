#include "rill/testing/check_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

#include "support/column_replica.hpp"

namespace rill::testing {
namespace {

using test::code_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Value digit(std::mt19937_64& random) { return random() % 5; }

Value largest(const Conflict& conflict) {
  Value best = conflict.siblings.front().value;
  for (const Sibling& each : conflict.siblings) {
    if (compare(each.value, best) > 0) best = each.value;
  }
  return best;
}

TEST(CheckRule, passes_a_pure_rule) {
  const RuleReport report = check_rule(custom("largest", 1, largest), digit);
  EXPECT_TRUE(report.ok) << report.to_string();
  EXPECT_EQ(report.to_string(), "ok");
}

TEST(CheckRule, passes_a_rule_that_is_neither_commutative_nor_associative) {
  const Rule rule = custom("difference", 1, [](const Conflict& conflict) {
    std::int64_t result = 0;
    for (const Sibling& each : conflict.siblings) result = each.value.integer() - 2 * result;
    return result;
  });
  const RuleReport report = check_rule(rule, digit);
  EXPECT_TRUE(report.ok) << report.to_string();
}

TEST(CheckRule, asks_the_rule_about_real_conflicts) {
  auto calls = std::make_shared<int>(0);
  check_rule(custom("counted", 1,
                    [calls](const Conflict& conflict) {
                      ++*calls;
                      EXPECT_GE(conflict.siblings.size(), 2U);
                      return largest(conflict);
                    }),
             digit);
  EXPECT_GT(*calls, 200);
}

TEST(CheckRule, catches_a_rule_that_keeps_state_between_calls) {
  const Rule rule = custom("alternating", 1, [calls = 0](const Conflict& conflict) mutable {
    return conflict.siblings[static_cast<std::size_t>(++calls) % 2].value;
  });
  const RuleReport report = check_rule(rule, digit);
  EXPECT_FALSE(report.ok);
  ASSERT_THAT(report.failures, SizeIs(CheckOptions{}.max_failures));
  const RuleFailure& failure = report.failures[0];
  EXPECT_EQ(failure.property, RuleProperty::deterministic);
  EXPECT_THAT(failure.siblings, SizeIs(2));
  EXPECT_NE(failure.first, failure.second);
  EXPECT_THAT(failure.message, HasSubstr("seed " + std::to_string(failure.seed)));
}

TEST(CheckRule, catches_a_rule_that_remembers_what_it_was_asked_first) {
  // Always the same answer to the same device, and so deterministic as long as one is asked alone.
  const Rule rule =
      custom("stubborn", 1, [first = std::optional<Value>()](const Conflict& conflict) mutable {
        if (!first) first = conflict.siblings.front().value;
        return *first;
      });
  const RuleReport report = check_rule(rule, digit);
  ASSERT_FALSE(report.ok);
  EXPECT_NE(report.failures[0].property, RuleProperty::completes);
  EXPECT_NE(report.failures[0].property, RuleProperty::deterministic);
}

TEST(CheckRule, catches_a_rule_that_throws_with_the_fewest_siblings) {
  const Rule rule = custom("overflowing", 1, [](const Conflict& conflict) -> Value {
    if (conflict.siblings.size() > 2) throw std::runtime_error("too many");
    return largest(conflict);
  });
  const RuleReport report = check_rule(rule, digit, {.replicas = 5, .steps = 40});
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.failures[0].property, RuleProperty::completes);
  EXPECT_THAT(report.failures[0].siblings, SizeIs(3));
  EXPECT_THAT(report.to_string(), HasSubstr("too many"));
}

TEST(CheckRule, shows_a_failure_again_from_its_seed) {
  const Rule rule = custom("moody", 1, [](const Conflict& conflict) -> Value {
    if (largest(conflict) == Value(4)) throw std::runtime_error("four");
    return largest(conflict);
  });
  const RuleReport report = check_rule(rule, digit, {.steps = 4});
  ASSERT_FALSE(report.ok);
  const RuleFailure& failure = report.failures.back();
  const RuleReport again =
      check_rule(rule, digit, {.seed = failure.seed, .histories = 1, .steps = 4});
  ASSERT_THAT(again.failures, SizeIs(1));
  EXPECT_EQ(again.failures[0].message, failure.message);
}

TEST(CheckRule, passes_every_built_in_rule) {
  const ValueGenerator array = [](std::mt19937_64& random) {
    std::string text = "[";
    for (std::uint64_t bits = random() % 16, i = 0; i < 4; ++i) {
      if ((bits >> i & 1U) != 0) text += (text.size() > 1 ? "," : "") + std::to_string(i);
    }
    return text + "]";
  };
  const ValueGenerator object = [](std::mt19937_64& random) {
    return "{\"k\":" + std::to_string(random() % 3) + "}";
  };
  for (const Rule& rule : {last_writer(), first_writer(), minimum(), maximum(), counter()}) {
    EXPECT_TRUE(check_rule(rule, digit).ok) << rule.name();
  }
  for (const Rule& rule : {set(), set(remove_wins), multi_value()}) {
    EXPECT_TRUE(check_rule(rule, array).ok) << rule.name();
  }
  EXPECT_TRUE(check_rule(map(), object).ok);
}

TEST(CheckRule, passes_on_the_refusal_of_a_generated_value) {
  EXPECT_EQ(code_of([] { check_rule(set(), digit); }), ErrorCode::bad_value);
}

TEST(CheckRule, refuses_arguments_that_make_no_sense) {
  const Rule unregistered(RuleKind::custom, "elsewhere", 1, add_wins, nullptr);
  EXPECT_EQ(code_of([&] { check_rule(unregistered, digit); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([] { check_rule(counter(), nullptr); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([] { check_rule(counter(), digit, {.replicas = 1}); }),
            ErrorCode::invalid_argument);
}

const std::vector<std::string> kColumns = {"from", "to"};

std::vector<Value> interval(std::mt19937_64& random) {
  const auto from = static_cast<std::int64_t>(random() % 5);
  return {from, from + 1};
}

TEST(CheckRowRule, passes_a_pure_rule_that_sees_whole_rows_only) {
  const RowRule rule = row("booking", 1, [](const RowConflict& conflict) {
    for (const RowSibling& each : conflict.siblings) {
      EXPECT_EQ(each.values[0].integer() + 1, each.values[1].integer());
    }
    return conflict.siblings.back().values;
  });
  const RuleReport report = check_rule(rule, kColumns, interval);
  EXPECT_TRUE(report.ok) << report.to_string();
}

TEST(CheckRowRule, catches_a_rule_that_returns_too_few_values) {
  const RowRule rule =
      row("short", 1, [](const RowConflict&) { return std::vector<Value>{Value(1)}; });
  const RuleReport report = check_rule(rule, kColumns, interval);
  ASSERT_FALSE(report.ok);
  EXPECT_EQ(report.failures[0].property, RuleProperty::completes);
  EXPECT_THAT(report.failures[0].siblings, SizeIs(2));
}

TEST(CheckRowRule, catches_a_rule_that_keeps_state_between_calls) {
  const RowRule rule = row("counting", 1, [calls = 0](const RowConflict&) mutable {
    return std::vector<Value>{Value(++calls), Value()};
  });
  EXPECT_FALSE(check_rule(rule, kColumns, interval).ok);
}

TEST(CheckRowRule, refuses_a_generator_of_other_columns) {
  const RowRule rule =
      row("booking", 1, [](const RowConflict& conflict) { return conflict.siblings[0].values; });
  EXPECT_EQ(code_of([&] {
              check_rule(rule, kColumns,
                         [](std::mt19937_64&) { return std::vector<Value>{Value(1)}; });
            }),
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace rill::testing
