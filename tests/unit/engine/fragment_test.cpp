#include <gtest/gtest.h>

#include "rill/delta.hpp"
#include "rill/row_state.hpp"
#include "support/entries.hpp"
#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::entry;
using test::stamp;
using test::vector_of;

/// Inserted by A:1, column 1 written by B:1, a set of two elements in column 2, changed by A:2.
RowState row() {
  RowState row;
  row.insert(stamp('A', 1));
  row.at(0) = {entry('A', 1)};
  row.at(1) = {entry('B', 1)};
  row.touch(stamp('A', 2));
  row.at(2) = {Entry::make(stamp('A', 1), 1, 1, "x"), Entry::make(stamp('A', 2), {}),
               Entry::make(stamp('A', 2), 1, 1, "y")};
  return row;
}

TEST(FragmentBeyond, SaysNothingWhereThereIsNoNews) {
  const VersionVector known = vector_of(dot('A', 2), dot('B', 1));
  EXPECT_FALSE(has_news(row(), known));
  EXPECT_EQ(fragment_beyond(row(), known), RowFragment());
}

TEST(FragmentBeyond, CarriesOnlyColumnsWithNews) {
  const VersionVector known = vector_of(dot('A', 2));
  EXPECT_TRUE(has_news(row(), known));
  const RowFragment fragment = fragment_beyond(row(), known);
  EXPECT_FALSE(fragment.complete);
  EXPECT_FALSE(fragment.births);
  EXPECT_FALSE(fragment.existence);
  ASSERT_EQ(fragment.columns.size(), 1U);
  EXPECT_EQ(fragment.columns[0].first, 1U);
  EXPECT_EQ(fragment.columns[0].second, (ColumnFragment{.fresh = {entry('B', 1)}, .kept = {}}));
}

TEST(FragmentBeyond, NamesTheEntriesThatThePeerKnows) {
  const RowFragment fragment = fragment_beyond(row(), vector_of(dot('A', 1), dot('B', 1)));
  ASSERT_EQ(fragment.columns.size(), 1U);
  EXPECT_EQ(fragment.columns[0].second.fresh.size(), 2U);
  EXPECT_EQ(fragment.columns[0].second.kept, (std::vector{EntryId{dot('A', 1), 1}}));
}

TEST(FragmentBeyond, IsCompleteWhereABirthIsNews) {
  const RowFragment fragment = fragment_beyond(row(), vector_of(dot('B', 1)));
  EXPECT_TRUE(fragment.complete);
  ASSERT_TRUE(fragment.births);
  EXPECT_EQ(fragment.births->fresh, row().births);
  ASSERT_EQ(fragment.columns.size(), 3U) << "columns without news are named, too";
  EXPECT_EQ(fragment.columns[1].second, (ColumnFragment{.fresh = {}, .kept = {{dot('B', 1), 0}}}));
}

TEST(FragmentBeyond, CarriesAFoldedRangeInFull) {
  RowState counter;
  counter.insert(stamp('A', 1));
  Entry range = Entry::make(stamp('A', 5), 9);
  range.first = 2;
  counter.at(0) = {range, Entry::make(stamp('A', 6), 1)};
  const RowFragment fragment = fragment_beyond(counter, vector_of(dot('A', 5)));
  ASSERT_EQ(fragment.columns.size(), 1U);
  EXPECT_EQ(fragment.columns[0].second.fresh, *counter.find(0));
  EXPECT_TRUE(fragment.columns[0].second.kept.empty());
}

TEST(FragmentBeyond, CountsWhatItTakesOfADelta) {
  EXPECT_EQ(entry_count(RowFragment()), 0U);
  EXPECT_EQ(entry_count(fragment_beyond(row(), {})), 7U);
  EXPECT_EQ(entry_count(fragment_beyond(row(), vector_of(dot('A', 1), dot('B', 1)))), 4U);
}

}  // namespace
}  // namespace rill
