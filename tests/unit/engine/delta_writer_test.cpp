#include "rill/delta_writer.hpp"

#include <gmock/gmock.h>

#include "rill/delta_reader.hpp"
#include "support/events.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using test::replica;
using test::stamp;
using ::testing::ElementsAre;

Delta header() {
  Delta delta;
  delta.sender = replica(1);
  delta.sender_vector.raise({replica(1), 9});
  delta.sender_vector.raise({replica(2), 9});
  return delta;
}

std::string key(std::string_view text) { return encode_key(std::vector<Value>{text}); }

/// A row that one event inserted whole, with columns 0 and 1.
RowFragment inserted_row(const Stamp& by, std::string_view name) {
  InsertedRow row;
  row.key = name;
  row.stamp = by;
  row.columns = {0, 1};
  row.values = {ValueView{Value::Type::integer, 70, 0, {}}, ValueView{}};
  return row.fragment();
}

RowFragment updated_row(const Stamp& by, std::string_view name) {
  RowFragment row;
  row.key = name;
  row.existence = ColumnFragment{{Entry::make(by, 1)}, {}};
  row.columns.push_back({1, {{Entry::make(by, "new")}, {}}});
  return row;
}

void write_inserted(DeltaWriter& writer, const Stamp& by, std::string_view name,
                    const std::vector<ColumnId>& columns) {
  writer.begin_inserted(0, by, columns);
  writer.bytes().value(name);
  writer.end_key();
  writer.bytes().value(70);
  writer.bytes().value(nullptr);
  writer.end_inserted();
}

struct DeltaWriterTest : ::testing::Test {
  const std::vector<ColumnId> columns{0, 1};
  const std::string first_key = key("first");
  const std::string second_key = key("second");
  const std::string third_key = key("third");

  void list_table(DeltaWriter& writer) const {
    EXPECT_EQ(writer.table("notes"), 0U);
    EXPECT_EQ(writer.column(0, {"stars", RuleKind::last_writer}), 0U);
    EXPECT_EQ(writer.column(0, {"title", RuleKind::last_writer}), 1U);
    EXPECT_EQ(writer.column(0, {"stars", RuleKind::last_writer}), 0U);
  }
  [[nodiscard]] Delta delta_of(std::vector<RowFragment> rows) const {
    Delta delta = header();
    delta.tables = {
        {"notes", {{"stars", RuleKind::last_writer}, {"title", RuleKind::last_writer}}}};
    delta.rows = std::move(rows);
    return delta;
  }
};

TEST_F(DeltaWriterTest, WritesTheBytesThatTheWholeDeltaIsEncodedTo) {
  DeltaWriter writer(header());
  list_table(writer);
  write_inserted(writer, stamp(1, 3), "first", columns);
  writer.add(updated_row(stamp(2, 5), second_key));
  write_inserted(writer, stamp(1, 2), "third", columns);
  const Delta whole =
      delta_of({inserted_row(stamp(1, 3), first_key), updated_row(stamp(2, 5), second_key),
                inserted_row(stamp(1, 2), third_key)});
  EXPECT_EQ(writer.finish(), encode(whole));
}

TEST_F(DeltaWriterTest, ListsTheColumnsOfAnInsertedRowWhereTheTableHasMore) {
  DeltaWriter writer(header());
  list_table(writer);
  write_inserted(writer, stamp(1, 3), "first", columns);
  EXPECT_EQ(writer.column(0, {"body", RuleKind::last_writer}), 2U);
  Delta whole = delta_of({inserted_row(stamp(1, 3), first_key)});
  whole.tables[0].columns.push_back({"body", RuleKind::last_writer});
  EXPECT_EQ(writer.finish(), encode(whole));
}

TEST_F(DeltaWriterTest, KeepsTheColumnsOfARowWhenTheCallerLetsGoOfThem) {
  DeltaWriter writer(header());
  list_table(writer);
  {
    std::vector<ColumnId> gone{0, 1};
    write_inserted(writer, stamp(1, 3), "first", gone);
    gone = {7, 7};
  }
  EXPECT_EQ(writer.finish(), encode(delta_of({inserted_row(stamp(1, 3), first_key)})));
}

TEST_F(DeltaWriterTest, ARowTakenBackLeavesNothing) {
  DeltaWriter writer(header());
  list_table(writer);
  write_inserted(writer, stamp(1, 3), "first", columns);
  writer.begin_inserted(0, stamp(1, 8), columns);
  writer.bytes().value("second");
  writer.cancel_inserted();
  EXPECT_EQ(writer.finish(), encode(delta_of({inserted_row(stamp(1, 3), first_key)})));
}

TEST_F(DeltaWriterTest, WhatIsWrittenIsReadRowByRow) {
  const std::string bytes = encode(
      delta_of({inserted_row(stamp(1, 3), first_key), updated_row(stamp(2, 5), second_key)}));
  DeltaReader reader(bytes);
  EXPECT_EQ(reader.header(), delta_of({}));
  ASSERT_TRUE(reader.next());
  ASSERT_NE(reader.inserted(), nullptr);
  EXPECT_EQ(reader.inserted()->key, first_key);
  EXPECT_THAT(reader.inserted()->columns, ElementsAre(0, 1));
  EXPECT_EQ(reader.inserted()->values[0].copy(), Value(70));
  EXPECT_EQ(reader.take(), inserted_row(stamp(1, 3), first_key));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.inserted(), nullptr);
  EXPECT_EQ(reader.take(), updated_row(stamp(2, 5), second_key));
  EXPECT_FALSE(reader.next());
}

TEST_F(DeltaWriterTest, BytesLeftOverAreRefusedAtTheEnd) {
  const std::string bytes = encode(delta_of({inserted_row(stamp(1, 3), first_key)})) + "x";
  DeltaReader reader(bytes);
  ASSERT_TRUE(reader.next());
  EXPECT_ERROR(reader.next(), ErrorCode::malformed);
}

}  // namespace
}  // namespace rill
