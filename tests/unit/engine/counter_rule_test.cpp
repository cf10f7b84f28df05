#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "rill/rule.hpp"
#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::code_of;
using test::ColumnPair;
using test::ColumnReplica;
using test::exchange;
using test::stamp;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

void add(ColumnReplica& replica, std::int64_t amount) {
  replica.update(replica.shown().integer() + amount, 1);
}

TEST(Counter, adds_up_concurrent_changes) {
  ColumnPair pair(counter(), 10);
  add(pair.a, 1);
  add(pair.a, 1);
  add(pair.b, 5);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(17));
  EXPECT_EQ(pair.b.shown(), Value(17));
}

TEST(Counter, adds_up_the_values_of_concurrent_inserts) {
  ColumnReplica a(1, counter());
  ColumnReplica b(2, counter());
  a.insert(2, 1);
  b.insert(3, 2);
  exchange(a, b);
  EXPECT_EQ(a.shown(), Value(5));
}

TEST(Counter, starts_anew_with_an_insert_that_saw_the_old_contributions) {
  ColumnPair pair(counter(), 10);
  add(pair.b, 1);
  pair.a.insert(0, 5);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(1));
}

TEST(Counter, folds_own_contributions_that_nobody_has_seen) {
  ColumnReplica a(1, counter());
  a.insert(1, 1);
  for (int i = 0; i < 100; ++i) add(a, 1);
  EXPECT_EQ(a.shown(), Value(101));
  EXPECT_THAT(a.entries(), SizeIs(1));
  EXPECT_TRUE(is_whole(counter(), a.entries()));
}

TEST(Counter, keeps_contributions_apart_once_a_peer_may_hold_them) {
  ColumnPair pair(counter(), 1);
  add(pair.a, 1);
  add(pair.a, 1);
  EXPECT_THAT(pair.a.entries(), SizeIs(2));
  EXPECT_FALSE(is_whole(counter(), pair.a.entries()));
}

TEST(Counter, adds_the_changes_of_one_transaction_to_one_contribution) {
  Entries entries = written_at_once(counter(), 5, stamp(1, 1, 1));
  record_change(counter(), entries, 5, 6, {stamp(1, 2, 2), 1});
  record_change(counter(), entries, 6, 9, {stamp(1, 2, 2), 1});
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[1], Entry::make(stamp(1, 2, 2), 4));
}

TEST(Counter, leaves_a_range_of_folded_contributions_alone) {
  Entries entries = {Entry::make(stamp(1, 9, 1), 5)};
  entries[0].first = 3;
  record_change(counter(), entries, 5, 6, {stamp(1, 10, 2), 0});
  EXPECT_THAT(entries, SizeIs(2));
  EXPECT_FALSE(is_whole(counter(), {entries[0]}));
}

TEST(Counter, shows_the_nearest_bound_where_integers_overflow_and_recovers) {
  ColumnPair pair(counter(), kGreatest - 1);
  add(pair.a, 1);
  add(pair.b, 1);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(kGreatest));
  ASSERT_THAT(pair.a.problems(), SizeIs(1));
  EXPECT_EQ(pair.a.problems()[0].column, "value");
  EXPECT_THAT(pair.a.problems()[0].message, HasSubstr("notes.value"));
  add(pair.a, -10);
  EXPECT_EQ(pair.a.shown(), Value(kGreatest - 9));
  EXPECT_THAT(pair.a.problems(), SizeIs(0));
}

TEST(Counter, shows_the_least_integer_where_the_sum_falls_below_it) {
  const Entries entries = {Entry::make(stamp(1, 1, 1), kLeast), Entry::make(stamp(2, 1, 1), -1)};
  EXPECT_EQ(show(counter(), entries, {"notes", "n", {}, Value()}), Value(kLeast));
}

TEST(Counter, refuses_a_change_that_does_not_fit_and_changes_nothing) {
  Entries entries = written_at_once(counter(), kLeast, stamp(1, 1, 1));
  const Entries before = entries;
  EXPECT_EQ(code_of([&] { record_change(counter(), entries, kLeast, 1, {stamp(1, 2, 2), 1}); }),
            ErrorCode::bad_value);
  EXPECT_EQ(entries, before);
}

TEST(Counter, is_real_as_soon_as_one_contribution_is) {
  ColumnPair pair(counter(), 1);
  pair.a.update(1.5, 1);
  add(pair.b, 2);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(3.5));
}

TEST(Counter, that_is_only_ones_own_holds_exactly_what_was_written) {
  ColumnReplica a(1, counter());
  a.insert(0.1, 1);
  a.update(0.3, 2);
  a.update(1e300, 3);
  a.update(0.7, 4);
  EXPECT_EQ(a.shown(), Value(0.7));
}

TEST(Counter, shows_the_greatest_real_where_a_sum_overflows) {
  const Entries entries = {Entry::make(stamp(1, 1, 1), 1.7e308),
                           Entry::make(stamp(2, 1, 1), 1.7e308)};
  std::vector<RuleProblem> problems;
  EXPECT_EQ(show(counter(), entries, {"notes", "n", {}, Value(), &problems}),
            Value(std::numeric_limits<double>::max()));
  EXPECT_THAT(problems, SizeIs(1));
}

TEST(Counter, starts_from_the_default_of_a_column_without_entries) {
  Entries entries;
  record_change(counter(), entries, 5, 6, {stamp(1, 1, 1), 0});
  EXPECT_EQ(show(counter(), entries, {"notes", "n", {}, Value(5)}), Value(6));
}

TEST(Counter, takes_null_as_zero_and_refuses_what_is_no_number) {
  EXPECT_EQ(normal_form(counter(), Value()), Value(0));
  EXPECT_EQ(normal_form(counter(), 1.5), Value(1.5));
  EXPECT_EQ(code_of([] { normal_form(counter(), "5"); }), ErrorCode::bad_value);
  EXPECT_EQ(code_of([] { normal_form(counter(), Blob{}); }), ErrorCode::bad_value);
  EXPECT_EQ(code_of([] { normal_form(counter(), -std::numeric_limits<double>::infinity()); }),
            ErrorCode::bad_value);
}

TEST(Counter, passes_over_contributions_that_are_no_numbers) {
  const Entries entries = {Entry::make(stamp(1, 1, 1), "5"), Entry::make(stamp(2, 1, 1), 3),
                           Entry::make(stamp(3, 1, 1), std::numeric_limits<double>::infinity())};
  EXPECT_EQ(show(counter(), entries, {"notes", "n", {}, Value()}), Value(3));
}

TEST(Counter, is_whole_only_as_one_event_writes_it) {
  Entries entries = written_at_once(counter(), 5, stamp(1, 1, 1));
  EXPECT_TRUE(is_whole(counter(), entries));
  entries[0].sub_key = "made up";
  EXPECT_FALSE(is_whole(counter(), entries));
  entries = written_at_once(counter(), 5, stamp(1, 1, 1));
  entries[0].id.ordinal = 1;
  EXPECT_FALSE(is_whole(counter(), entries));
}

}  // namespace
}  // namespace rill
