#include "rill/row_state.hpp"

#include <gtest/gtest.h>

#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::stamp;

constexpr auto kUpdateWins = DeletePolicy::update_wins;
constexpr auto kDeleteWins = DeletePolicy::delete_wins;

TEST(RowState, HoldsNothingAndIsNotAliveAtFirst) {
  const RowState row;
  EXPECT_FALSE(row.alive(kUpdateWins));
  EXPECT_FALSE(row.alive(kDeleteWins));
  EXPECT_EQ(row.latest_birth(), nullptr);
  EXPECT_EQ(row.find(0), nullptr);
}

TEST(RowState, AnEntryIsMadeOfOneEvent) {
  const Entry entry = Entry::make(stamp('A', 3, 10), "x", 2, "key");
  EXPECT_EQ(entry.id, (EntryId{dot('A', 3), 2}));
  EXPECT_EQ(entry.first, 3U);
  EXPECT_EQ(entry.stamp(), stamp('A', 3, 10));
  EXPECT_EQ(entry.sub_key, "key");
  EXPECT_EQ(entry.value, Value("x"));
  EXPECT_TRUE(entry.unseen_births.empty());
}

TEST(RowState, AnInsertOverwritesEverythingOfTheRow) {
  RowState row;
  row.insert(stamp('A', 1));
  row.at(7).push_back(Entry::make(stamp('A', 1), "old"));
  row.insert(stamp('B', 1));
  EXPECT_EQ(row.births, Entries{Entry::make(stamp('B', 1), {})});
  EXPECT_EQ(row.existence, Entries{Entry::make(stamp('B', 1), 1)});
  EXPECT_TRUE(row.columns.empty());
}

TEST(RowState, ATouchOverwritesOnlyTheMarksOfExistence) {
  RowState row;
  row.insert(stamp('A', 1));
  row.at(0).push_back(Entry::make(stamp('A', 1), "x"));
  RowState touched = row;
  touched.touch(stamp('B', 1));
  EXPECT_EQ(touched.existence, Entries{Entry::make(stamp('B', 1), 1)});
  EXPECT_EQ(touched.births, row.births);
  EXPECT_EQ(touched.columns, row.columns);
}

TEST(RowState, ADeletedRowKeepsItsColumnsAndBirths) {
  RowState row;
  row.insert(stamp('A', 1));
  row.at(0).push_back(Entry::make(stamp('A', 1), "x"));
  RowState erased = row;
  erased.erase(stamp('A', 2));
  EXPECT_FALSE(erased.alive(kUpdateWins));
  EXPECT_FALSE(erased.alive(kDeleteWins));
  EXPECT_EQ(erased.births, row.births);
  EXPECT_EQ(erased.columns, row.columns);
}

TEST(RowState, ThePolicyDecidesBetweenAnUpdateAndAConcurrentDelete) {
  RowState row;
  row.existence = {Entry::make(stamp('A', 2), 0), Entry::make(stamp('B', 1), 1)};
  EXPECT_TRUE(row.alive(kUpdateWins));
  EXPECT_FALSE(row.alive(kDeleteWins));
}

TEST(RowState, ColumnsStayInTheOrderOfTheirIds) {
  RowState row;
  for (const ColumnId id : {5U, 1U, 3U}) row.at(id).push_back(Entry::make(stamp('A', 1), id));
  ASSERT_EQ(row.columns.size(), 3U);
  EXPECT_EQ(row.columns[0].id, 1U);
  EXPECT_EQ(row.columns[2].id, 5U);
  ASSERT_NE(row.find(3), nullptr);
  EXPECT_EQ(row.find(3)->front().value, Value(3));
  EXPECT_EQ(row.find(2), nullptr);
}

TEST(RowState, EmptyColumnsCanBeDropped) {
  RowState row;
  row.at(1);
  row.at(2).push_back(Entry::make(stamp('A', 1), "x"));
  row.drop_empty_columns();
  ASSERT_EQ(row.columns.size(), 1U);
  EXPECT_EQ(row.columns[0].id, 2U);
}

TEST(RowState, TheLatestBirthIsTheOneOfTheLatestTime) {
  RowState row;
  row.births = {Entry::make(stamp('A', 1, 20), {}), Entry::make(stamp('B', 1, 10), {})};
  EXPECT_EQ(row.latest_birth(), &row.births[0]);
  row.births[1].time = row.births[0].time;
  EXPECT_EQ(row.latest_birth(), &row.births[1]) << "the dot breaks the tie";
}

}  // namespace
}  // namespace rill
