#include "rill/rule.hpp"

#include <gtest/gtest.h>

#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::code_of;

Value first_of(const Conflict& conflict) { return conflict.siblings.front().value; }

TEST(Rule, is_last_writer_by_default) {
  EXPECT_EQ(Rule().name(), "last_writer");
  EXPECT_EQ(Rule().kind(), RuleKind::last_writer);
  EXPECT_EQ(Rule().version(), 1U);
}

TEST(Rule, of_each_built_in_kind_is_found_by_its_name) {
  for (const Rule& rule : {last_writer(), first_writer(), multi_value(), minimum(), maximum(),
                           counter(), set(), set(remove_wins), map(), text()}) {
    const auto found = built_in_rule(rule.name());
    ASSERT_TRUE(found) << rule.name();
    EXPECT_EQ(found->kind(), rule.kind());
    EXPECT_EQ(found->bias(), rule.bias());
    EXPECT_EQ(found->name(), rule.name());
    EXPECT_EQ(found->function(), nullptr);
  }
}

TEST(Rule, names_tell_the_two_biases_of_a_set_apart) {
  EXPECT_EQ(set().name(), "set");
  EXPECT_EQ(set(remove_wins).name(), "set(remove_wins)");
}

TEST(Rule, of_an_unknown_name_is_not_built_in) {
  EXPECT_FALSE(built_in_rule("longest"));
  EXPECT_FALSE(built_in_rule(""));
}

TEST(Rule, keeps_name_version_and_function_of_a_custom_one) {
  const Rule rule = custom("longest", 7, first_of);
  EXPECT_EQ(rule.kind(), RuleKind::custom);
  EXPECT_EQ(rule.name(), "longest");
  EXPECT_EQ(rule.version(), 7U);
  EXPECT_NE(rule.function(), nullptr);
}

TEST(Rule, refuses_a_custom_one_without_a_name_of_its_own_or_a_function) {
  for (const char* name : {"", "counter", "set(remove_wins)", "text"}) {
    EXPECT_EQ(code_of([&] { custom(name, 1, first_of); }), ErrorCode::invalid_argument) << name;
  }
  EXPECT_EQ(code_of([] { custom("longest", 1, nullptr); }), ErrorCode::invalid_argument);
}

TEST(Rule, says_whether_entries_are_siblings_and_values_have_a_normal_form) {
  EXPECT_TRUE(last_writer().is_register());
  EXPECT_FALSE(last_writer().has_normal_form());
  EXPECT_TRUE(multi_value().is_register());
  EXPECT_TRUE(multi_value().has_normal_form());
  EXPECT_TRUE(custom("longest", 1, first_of).is_register());
  for (const Rule& rule : {counter(), set(), map()}) {
    EXPECT_FALSE(rule.is_register()) << rule.name();
    EXPECT_TRUE(rule.has_normal_form()) << rule.name();
  }
}

TEST(Rule, leaves_values_without_a_normal_form_as_they_are) {
  EXPECT_EQ(normal_form(last_writer(), "[ 1 ]"), Value("[ 1 ]"));
  EXPECT_EQ(normal_form(minimum(), Value()), Value());
}

TEST(Rule, shows_the_default_in_normal_form_where_a_column_has_no_entries) {
  const auto shown = [](const Rule& rule, const Value& default_value) {
    return show(rule, {}, {"notes", "value", {}, default_value});
  };
  EXPECT_EQ(shown(last_writer(), "untitled"), Value("untitled"));
  EXPECT_EQ(shown(counter(), Value()), Value(0));
  EXPECT_EQ(shown(set(), Value()), Value("[]"));
  EXPECT_EQ(shown(set(), "[2, 1]"), Value("[1,2]"));
  EXPECT_EQ(shown(map(), Value()), Value("{}"));
  EXPECT_EQ(shown(multi_value(), "x"), Value("[\"x\"]"));
}

TEST(Rule, shows_nothing_for_a_default_that_it_cannot_hold) {
  const Value default_value = "no json";
  EXPECT_EQ(show(map(), {}, {"notes", "value", {}, default_value}), Value("{}"));
}

TEST(Rule, of_text_has_siblings_and_takes_any_value_until_it_is_edited) {
  EXPECT_FALSE(text().is_register());
  EXPECT_TRUE(text().has_siblings());
  EXPECT_TRUE(text().has_normal_form());
  EXPECT_FALSE(text().is_normal_when_inserted());
  EXPECT_EQ(normal_form(text(), Value()), Value(""));
  EXPECT_EQ(normal_form(text(), "ñ"), Value("ñ"));
  EXPECT_EQ(code_of([] { normal_form(text(), 5); }), ErrorCode::bad_value);
  EXPECT_EQ(code_of([] { normal_form(text(), "\xff"); }), ErrorCode::bad_value);
}

TEST(Rule, of_text_shows_the_latest_of_the_texts_that_were_inserted) {
  const Entries births{Entry::make(test::stamp(1, 1, 1), Value()),
                       Entry::make(test::stamp(2, 1, 2), Value())};
  Entries texts{Entry::make(test::stamp(1, 1, 1), "a"), Entry::make(test::stamp(2, 1, 2), "b")};
  EXPECT_EQ(latest_sibling(texts, births), &texts[1]);
  EXPECT_EQ(show(text(), texts, {"notes", "body", births, Value()}), Value("b"));
  EXPECT_EQ(show(text(), {}, {"notes", "body", {}, Value()}), Value());
}

TEST(Rule, of_text_keeps_an_edited_one_as_an_entry) {
  Entries entries = written_at_once(text(), "a", test::stamp(1, 1, 1));
  EXPECT_TRUE(is_whole(text(), entries));
  entries[0].sub_key = "edited";
  EXPECT_FALSE(is_whole(text(), entries));
}

TEST(RowRule, keeps_name_version_and_function) {
  const RowRule rule = row(
      "booking", 3, [](const RowConflict& conflict) { return conflict.siblings.front().values; });
  EXPECT_EQ(rule.name(), "booking");
  EXPECT_EQ(rule.version(), 3U);
  EXPECT_NE(rule.function(), nullptr);
}

TEST(RowRule, without_a_function_is_an_unregistered_one_that_only_stores_make) {
  EXPECT_EQ(RowRule("booking", 3, nullptr).function(), nullptr);
  EXPECT_EQ(code_of([] { row("booking", 3, nullptr); }), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([] {
              row("", 3,
                  [](const RowConflict& conflict) { return conflict.siblings.front().values; });
            }),
            ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace rill
