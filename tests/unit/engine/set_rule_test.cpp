#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rill/rule.hpp"
#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::code_of;
using test::ColumnPair;
using test::ColumnReplica;
using test::exchange;
using test::stamp;
using ::testing::SizeIs;

TEST(Set, is_kept_sorted_without_duplicates_as_minimal_text) {
  EXPECT_EQ(normal_form(set(), R"( [ "b", "a", 10, 9, "a", true, false, null ] )"),
            Value(R"([null,false,true,9,10,"a","b"])"));
  EXPECT_EQ(normal_form(set(), Value()), Value("[]"));
  EXPECT_EQ(normal_form(set(), "[]"), Value("[]"));
}

TEST(Set, orders_numbers_by_exact_value) {
  EXPECT_EQ(normal_form(set(), "[9007199254740993,9007199254740992.0,9007199254740992]"),
            Value("[9007199254740992,9.007199254740992e+15,9007199254740993]"));
  EXPECT_EQ(normal_form(set(), "[18446744073709551615,1e30,-1e30,-9223372036854775808,0.5,0]"),
            Value("[-1e+30,-9223372036854775808,0,0.5,18446744073709551615,1e+30]"));
  EXPECT_EQ(normal_form(set(), "[2.5,2,3,-2.5,-2,-3]"), Value("[-3,-2.5,-2,2,2.5,3]"));
}

TEST(Set, orders_strings_by_bytes_not_by_their_escapes) {
  EXPECT_EQ(normal_form(set(), R"(["é","z","\"","A"])"), Value(R"(["\"","A","z","é"])"));
}

TEST(Set, takes_different_spellings_of_a_string_as_one_element) {
  EXPECT_EQ(normal_form(set(), R"(["\u0061","a"])"), Value(R"(["a"])"));
}

TEST(Set, refuses_everything_but_arrays_of_scalars) {
  for (const Value& value :
       {Value("[[1]]"), Value("[{}]"), Value("{}"), Value("1"), Value("[1"), Value("[\"\xff\"]"),
        Value(""), Value("[1e999]"), Value("[1] x"), Value(1), Value(1.5), Value(Blob{}),
        Value(std::string(100000, '['))}) {
    EXPECT_EQ(code_of([&] { normal_form(set(), value); }), ErrorCode::bad_value)
        << to_display(value).substr(0, 20);
  }
}

class AnySet : public ::testing::TestWithParam<SetBias> {
 protected:
  static Rule rule() { return set(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Biases, AnySet, ::testing::Values(add_wins, remove_wins),
                         [](const auto& each) {
                           return each.param == add_wins ? "add_wins" : "remove_wins";
                         });

TEST_P(AnySet, unites_what_devices_added) {
  ColumnPair pair(rule(), R"(["red"])");
  pair.a.update(R"(["red","green"])", 2);
  pair.b.update(R"(["blue","red"])", 3);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(R"(["blue","green","red"])"));
  EXPECT_EQ(pair.b.shown(), pair.a.shown());
}

TEST_P(AnySet, drops_what_any_device_removed) {
  ColumnPair pair(rule(), R"(["blue","green","red"])");
  pair.a.update(R"(["blue","red"])", 2);
  pair.b.update(R"(["green","red"])", 3);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(R"(["red"])"));
  EXPECT_EQ(pair.b.shown(), pair.a.shown());
}

TEST_P(AnySet, settles_a_remove_against_a_concurrent_add_by_its_bias) {
  ColumnPair pair(rule(), "[1]");
  pair.a.update("[]", 2);
  pair.b.update("[]", 3);
  pair.b.update("[1]", 4);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), GetParam() == add_wins ? Value("[1]") : Value("[]"));
  EXPECT_EQ(pair.b.shown(), pair.a.shown());
}

TEST_P(AnySet, lets_an_element_come_back_once_the_remove_was_seen) {
  ColumnPair pair(rule(), "[1]");
  pair.a.update("[]", 2);
  pair.b.receive(pair.a);
  pair.b.update("[1]", 3);
  pair.a.receive(pair.b);
  EXPECT_EQ(pair.a.shown(), Value("[1]"));
}

TEST_P(AnySet, tells_peers_of_an_operation_that_only_removed) {
  ColumnPair pair(rule(), "[1,2]");
  pair.a.update("[2]", 2);
  pair.b.receive(pair.a);
  EXPECT_EQ(pair.b.shown(), Value("[2]"));
}

TEST_P(AnySet, is_whole_when_one_event_wrote_what_is_shown) {
  Entries entries = written_at_once(rule(), "[1,2]", stamp(1, 1, 1));
  EXPECT_THAT(entries, SizeIs(3));
  EXPECT_TRUE(is_whole(rule(), entries));
  record_change(rule(), entries, "[1,2]", "[1,2,3]", {stamp(1, 1, 1), 0});
  EXPECT_TRUE(is_whole(rule(), entries));
  record_change(rule(), entries, "[1,2,3]", "[1,2,3,4]", {stamp(1, 2, 2), 0});
  EXPECT_FALSE(is_whole(rule(), entries));
  EXPECT_TRUE(is_whole(rule(), written_at_once(rule(), "[]", stamp(1, 1, 1))));
}

TEST_P(AnySet, writes_all_elements_where_the_column_had_only_its_default) {
  Entries entries;
  record_change(rule(), entries, "[1,2]", "[2,3]", {stamp(1, 1, 1), 0});
  EXPECT_EQ(show(rule(), entries, {"notes", "tags", {}, Value("[1,2]")}), Value("[2,3]"));
}

TEST_P(AnySet, passes_over_entries_that_no_set_writes) {
  Entries entries = written_at_once(rule(), "[1]", stamp(1, 1, 1));
  std::uint32_t ordinal = 2;
  for (const char* sub_key : {"+", "+[1]", "+ 2", "+x", "2", "=2", "-", "-x", "+2.50"}) {
    entries.push_back(Entry::make(stamp(1, 1, 1), Value(), ordinal++, sub_key));
  }
  EXPECT_EQ(show(rule(), entries, {"notes", "tags", {}, Value()}), Value("[1]"));
  EXPECT_FALSE(is_whole(rule(), entries));
}

TEST(Set, names_elements_by_their_text_so_that_entries_mean_the_same_everywhere) {
  const Entries entries = written_at_once(set(), R"([1,"a"])", stamp(1, 1, 1));
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0], Entry::make(stamp(1, 1, 1), Value()));
  EXPECT_EQ(entries[1], Entry::make(stamp(1, 1, 1), Value(), 1, "+1"));
  EXPECT_EQ(entries[2], Entry::make(stamp(1, 1, 1), Value(), 2, "+\"a\""));
}

TEST(Set, continues_the_ordinals_of_one_transaction_and_keeps_entries_sorted) {
  Entries entries = written_at_once(set(), "[5]", stamp(2, 1, 1));
  record_change(set(), entries, "[5]", "[3,5]", {stamp(1, 7, 2), 0});
  record_change(set(), entries, "[3,5]", "[2,3,5]", {stamp(1, 7, 2), 0});
  ASSERT_THAT(entries, SizeIs(4));
  EXPECT_EQ(entries[0].id, (EntryId{stamp(1, 7, 2).dot, 0}));
  EXPECT_EQ(entries[1].sub_key, "+3");
  EXPECT_EQ(entries[2].id, (EntryId{stamp(1, 7, 2).dot, 2}));
  EXPECT_EQ(entries[2].sub_key, "+2");
  EXPECT_EQ(entries[3].id, (EntryId{stamp(2, 1, 1).dot, 1}));
}

TEST(SetWithAddWins, neither_keeps_nor_heeds_marks_of_what_was_removed) {
  Entries entries = written_at_once(set(), "[1]", stamp(1, 1, 1));
  record_change(set(), entries, "[1]", "[]", {stamp(1, 2, 2), 0});
  EXPECT_THAT(entries, SizeIs(1));
  EXPECT_TRUE(is_whole(set(), entries));

  entries = written_at_once(set(), "[1]", stamp(1, 1, 1));
  entries.push_back(Entry::make(stamp(2, 1, 1), Value(), 1, "-1"));
  EXPECT_EQ(show(set(), entries, {"notes", "tags", {}, Value()}), Value("[1]"));
}

TEST(SetWithRemoveWins, keeps_a_mark_of_what_was_removed) {
  Entries entries = written_at_once(set(remove_wins), "[1]", stamp(1, 1, 1));
  record_change(set(remove_wins), entries, "[1]", "[]", {stamp(1, 2, 2), 0});
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[1].sub_key, "-1");
  EXPECT_FALSE(is_whole(set(remove_wins), entries));
}

}  // namespace
}  // namespace rill
