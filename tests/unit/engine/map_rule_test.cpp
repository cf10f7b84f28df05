#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rill/rule.hpp"
#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::code_of;
using test::ColumnPair;
using test::exchange;
using test::stamp;
using ::testing::SizeIs;

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"k\":";
  return text + "1" + std::string(depth, '}');
}

/// What a map shows after two devices changed it, neither having seen the other.
Value merged(const char* initial, const char* by_a, std::uint64_t a_ms, const char* by_b,
             std::uint64_t b_ms) {
  ColumnPair pair(map(), initial);
  pair.a.update(by_a, a_ms);
  pair.b.update(by_b, b_ms);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), pair.b.shown());
  return pair.a.shown();
}

TEST(Map, is_kept_with_sorted_keys_as_minimal_text) {
  EXPECT_EQ(normal_form(map(), R"( { "b": [2, 1], "a": { "z": 1.0, "y": null } } )"),
            Value(R"({"a":{"y":null,"z":1.0},"b":[2,1]})"));
  EXPECT_EQ(normal_form(map(), Value()), Value("{}"));
  EXPECT_EQ(normal_form(map(), R"({"a":{},"":1})"), Value(R"({"":1,"a":{}})"));
}

TEST(Map, takes_the_last_of_duplicate_keys) {
  EXPECT_EQ(normal_form(map(), R"({"a":1,"a":2})"), Value(R"({"a":2})"));
}

TEST(Map, refuses_everything_but_objects) {
  for (const Value& value :
       {Value("[]"), Value("1"), Value("null"), Value("{"), Value("{\"a\":\"\xff\"}"), Value(""),
        Value("{} {}"), Value(1), Value(2.5), Value(Blob{}), Value(nested(65)),
        Value(std::string(1000000, '{'))}) {
    EXPECT_EQ(code_of([&] { normal_form(map(), value); }), ErrorCode::bad_value)
        << to_display(value).substr(0, 20);
  }
  EXPECT_EQ(normal_form(map(), nested(64)), Value(nested(64)));
}

TEST(Map, does_not_take_brackets_in_strings_for_depth) {
  const Value value = "{\"k\":\"\\\"" + std::string(100, '{') + "\"}";
  EXPECT_EQ(normal_form(map(), value), value);
}

TEST(Map, merges_keys_one_by_one_to_any_depth) {
  EXPECT_EQ(merged(R"({"a":{"x":1,"y":1}})", R"({"a":{"x":2,"y":1}})", 2,
                   R"({"a":{"x":1,"y":2},"b":3})", 3),
            Value(R"({"a":{"x":2,"y":2},"b":3})"));
}

TEST(Map, lets_the_last_writer_of_a_key_decide) {
  EXPECT_EQ(merged("{}", R"({"k":"a"})", 5, R"({"k":"b"})", 4), Value(R"({"k":"a"})"));
  EXPECT_EQ(merged("{}", R"({"k":"a"})", 5, R"({"k":"b"})", 5), Value(R"({"k":"b"})"));
}

TEST(Map, takes_an_array_as_one_value) {
  EXPECT_EQ(merged(R"({"k":[1]})", R"({"k":[1,2]})", 5, R"({"k":[1,3]})", 4),
            Value(R"({"k":[1,2]})"));
}

TEST(Map, keeps_a_key_set_by_one_device_and_removed_by_another) {
  EXPECT_EQ(merged(R"({"k":1,"l":1})", R"({"k":2,"l":1})", 2, R"({"l":1})", 3),
            Value(R"({"k":2,"l":1})"));
}

TEST(Map, tells_1_from_1_0) {
  EXPECT_EQ(merged(R"({"k":1})", R"({"k":1.0})", 2, R"({"k":1,"l":2})", 3),
            Value(R"({"k":1.0,"l":2})"));
}

TEST(Map, lets_the_later_write_decide_between_a_scalar_and_keys_below_it) {
  EXPECT_EQ(merged("{}", R"({"k":5})", 9, R"({"k":{"x":1}})", 8), Value(R"({"k":5})"));
  EXPECT_EQ(merged("{}", R"({"k":5})", 7, R"({"k":{"x":1}})", 8), Value(R"({"k":{"x":1}})"));
}

TEST(Map, compares_a_scalar_with_the_latest_write_below_it_at_any_depth) {
  ColumnPair pair(map(), "{}");
  pair.a.update(R"({"k":5})", 7);
  pair.b.update(R"({"k":{"x":{"y":1}}})", 5);
  pair.b.update(R"({"k":{"x":{"y":1,"z":2}}})", 8);
  exchange(pair.a, pair.b);
  EXPECT_EQ(pair.a.shown(), Value(R"({"k":{"x":{"y":1,"z":2}}})"));
}

TEST(Map, lets_an_empty_object_yield_to_keys_below_it) {
  EXPECT_EQ(merged("{}", R"({"k":{}})", 9, R"({"k":{"x":1}})", 2), Value(R"({"k":{"x":1}})"));
}

TEST(Map, does_not_bring_a_hidden_scalar_to_light_when_the_key_is_removed) {
  ColumnPair pair(map(), "{}");
  pair.a.update(R"({"k":5})", 7);
  pair.b.update(R"({"k":{"x":1,"y":2}})", 8);
  exchange(pair.a, pair.b);
  pair.a.update(R"({"k":{"y":2}})", 9);
  EXPECT_EQ(pair.a.shown(), Value(R"({"k":{"y":2}})"));
  pair.b.update("{}", 9);
  EXPECT_EQ(pair.b.shown(), Value("{}"));
}

TEST(Map, does_not_bring_hidden_keys_to_light_when_the_scalar_above_is_removed) {
  ColumnPair pair(map(), "{}");
  pair.a.update(R"({"k":5})", 9);
  pair.b.update(R"({"k":{"x":1}})", 8);
  exchange(pair.a, pair.b);
  pair.b.update(R"({"l":1})", 9);
  pair.a.receive(pair.b);
  EXPECT_EQ(pair.a.shown(), Value(R"({"l":1})"));
}

TEST(Map, shows_what_was_written_after_the_last_key_below_another_goes) {
  ColumnPair pair(map(), R"({"k":{"x":1}})");
  pair.a.update(R"({"k":{}})", 2);
  EXPECT_EQ(pair.a.shown(), Value(R"({"k":{}})"));
  pair.a.update("{}", 3);
  pair.b.receive(pair.a);
  EXPECT_EQ(pair.b.shown(), Value("{}"));
}

TEST(Map, tells_keys_apart_that_look_like_paths) {
  ColumnPair pair(map(), R"({"a":{"b":1},"a\",\"b":2,"a.b":3,"a\\":{"b":4}})");
  EXPECT_EQ(pair.b.shown(), Value(R"({"a":{"b":1},"a\",\"b":2,"a.b":3,"a\\":{"b":4}})"));
  pair.b.update(R"({"a\",\"b":2,"a.b":3,"a\\":{"b":4}})", 2);
  EXPECT_EQ(pair.b.shown(), Value(R"({"a\",\"b":2,"a.b":3,"a\\":{"b":4}})"));
  pair.b.update(R"({"a":{"b":1},"a.b":3,"a\\":5})", 3);
  EXPECT_EQ(pair.b.shown(), Value(R"({"a":{"b":1},"a.b":3,"a\\":5})"));
}

TEST(Map, keeps_one_entry_per_leaf_named_by_its_path) {
  const Entries entries = written_at_once(map(), R"({"a":{"x":"s"},"b":{}})", stamp(1, 1, 1));
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0], Entry::make(stamp(1, 1, 1), Value()));
  EXPECT_EQ(entries[1], Entry::make(stamp(1, 1, 1), "\"s\"", 1, R"(["a","x"])"));
  EXPECT_EQ(entries[2], Entry::make(stamp(1, 1, 1), "{}", 2, R"(["b"])"));
}

TEST(Map, writes_only_the_leaves_that_changed) {
  Entries entries = written_at_once(map(), R"({"a":1,"b":1})", stamp(1, 1, 1));
  record_change(map(), entries, R"({"a":1,"b":1})", R"({"a":1,"b":2})", {stamp(1, 2, 2), 0});
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0].sub_key, R"(["a"])");
  EXPECT_EQ(entries[0].id.dot, stamp(1, 1, 1).dot);
  EXPECT_EQ(entries[2].id, (EntryId{stamp(1, 2, 2).dot, 1}));
}

TEST(Map, is_whole_when_one_event_wrote_what_is_shown) {
  Entries entries = written_at_once(map(), R"({"a":{"x":1}})", stamp(1, 1, 1));
  EXPECT_TRUE(is_whole(map(), entries));
  record_change(map(), entries, R"({"a":{"x":1}})", R"({"a":{"x":1,"y":2}})", {stamp(1, 2, 2), 0});
  EXPECT_FALSE(is_whole(map(), entries));
  EXPECT_TRUE(is_whole(map(), written_at_once(map(), "{}", stamp(1, 1, 1))));
}

TEST(Map, writes_all_leaves_where_the_column_had_only_its_default) {
  Entries entries;
  record_change(map(), entries, R"({"a":1,"b":1})", R"({"a":1})", {stamp(1, 1, 1), 0});
  EXPECT_EQ(show(map(), entries, {"notes", "props", {}, Value(R"({"a":1,"b":1})")}),
            Value(R"({"a":1})"));
}

TEST(Map, passes_over_entries_that_no_map_writes) {
  Entries entries = written_at_once(map(), R"({"a":1})", stamp(1, 1, 1));
  const auto add = [&](const std::string& sub_key, const Value& value) {
    const auto ordinal = static_cast<std::uint32_t>(entries.size());
    entries.push_back(Entry::make(stamp(1, 1, 1), value, ordinal, sub_key));
  };
  add("[]", "1");
  add("[1]", "1");
  add("[ \"b\"]", "1");
  add("{}", "1");
  add("x", "1");
  add(R"(["c"])", 1);
  add(R"(["d"])", "{");
  add(R"(["e"])", R"({"x":1})");
  add(R"(["f"])", std::string(64, '[') + std::string(64, ']'));
  EXPECT_EQ(show(map(), entries, {"notes", "props", {}, Value()}), Value(R"({"a":1})"));
  EXPECT_FALSE(is_whole(map(), entries));
}

}  // namespace
}  // namespace rill
