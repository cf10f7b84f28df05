#include <gtest/gtest.h>

#include "rill/row_state.hpp"
#include "support/entries.hpp"
#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::entry;
using test::folded;
using test::stamp;
using test::vector_of;

TEST(Join, KeepsWhatBothHave) {
  Entries mine{entry('A', 1)};
  EXPECT_FALSE(join(mine, vector_of(dot('A', 1)), {.fresh = {}, .kept = {{dot('A', 1), 0}}},
                    vector_of(dot('A', 1))));
  EXPECT_FALSE(join(mine, vector_of(dot('A', 1)), {.fresh = {entry('A', 1)}, .kept = {}},
                    vector_of(dot('A', 1))));
  EXPECT_EQ(mine, Entries{entry('A', 1)});
}

TEST(Join, KeepsWhatThePeerHasNotSeen) {
  Entries mine{entry('A', 2)};
  EXPECT_FALSE(join(mine, vector_of(dot('A', 2)), {}, vector_of(dot('A', 1))));
  EXPECT_EQ(mine, Entries{entry('A', 2)});
}

TEST(Join, DropsWhatThePeerHasSeenAndNoLongerHolds) {
  Entries mine{entry('A', 1), entry('A', 2)};
  EXPECT_TRUE(join(mine, vector_of(dot('A', 2)), {}, vector_of(dot('A', 1), dot('B', 1))));
  EXPECT_EQ(mine, Entries{entry('A', 2)});
}

TEST(Join, TakesWhatIsNew) {
  Entries mine{entry('A', 1), entry('C', 1)};
  EXPECT_TRUE(join(mine, vector_of(dot('A', 1), dot('C', 1)),
                   {.fresh = {entry('B', 1), entry('D', 1)}, .kept = {}},
                   vector_of(dot('B', 1), dot('D', 1))));
  EXPECT_EQ(mine, (Entries{entry('A', 1), entry('B', 1), entry('C', 1), entry('D', 1)}));
}

TEST(Join, DoesNotTakeBackWhatWasOverwrittenHere) {
  Entries mine{entry('B', 1)};
  EXPECT_FALSE(join(mine, vector_of(dot('A', 1), dot('B', 1)),
                    {.fresh = {entry('A', 1)}, .kept = {}}, vector_of(dot('A', 1))));
  EXPECT_EQ(mine, Entries{entry('B', 1)});
}

TEST(Join, TellsEntriesOfOneEventApartByOrdinal) {
  const Entry first = Entry::make(stamp('A', 1), 1, 1, "x");
  const Entry second = Entry::make(stamp('A', 1), 1, 2, "y");
  Entries mine{first, second};
  EXPECT_TRUE(join(mine, vector_of(dot('A', 1)), {.fresh = {}, .kept = {{dot('A', 1), 2}}},
                   vector_of(dot('A', 1), dot('B', 1))));
  EXPECT_EQ(mine, Entries{second});
}

// Ranges ------------------------------------------------------------------------------------------

TEST(Join, ARangeReplacesItsPartsWhereAPeerHasFoldedThem) {
  Entries mine{entry('A', 1, 1), entry('A', 3, 2), entry('A', 5, 7), entry('B', 1, 9)};
  const VersionVector both = vector_of(dot('A', 5), dot('B', 1));
  EXPECT_TRUE(join(mine, both,
                   {.fresh = {folded('A', 1, 3, 3)}, .kept = {{dot('A', 5), 0}, {dot('B', 1), 0}}},
                   both));
  EXPECT_EQ(mine, (Entries{folded('A', 1, 3, 3), entry('A', 5, 7), entry('B', 1, 9)}));
}

TEST(Join, ARangeStaysWhereAPeerStillHoldsTheParts) {
  Entries mine{folded('A', 1, 3, 3)};
  EXPECT_FALSE(join(mine, vector_of(dot('A', 3)),
                    {.fresh = {}, .kept = {{dot('A', 1), 0}, {dot('A', 3), 0}}},
                    vector_of(dot('A', 3))));
  EXPECT_EQ(mine, Entries{folded('A', 1, 3, 3)});
}

TEST(Join, TheWiderOfTwoRangesStands) {
  const VersionVector both = vector_of(dot('A', 5));
  Entries narrow{folded('A', 1, 3, 3), entry('A', 5, 7)};
  EXPECT_TRUE(join(narrow, both, {.fresh = {folded('A', 1, 5, 10)}, .kept = {}}, both));
  EXPECT_EQ(narrow, Entries{folded('A', 1, 5, 10)});
  Entries wide{folded('A', 1, 5, 10)};
  EXPECT_FALSE(
      join(wide, both, {.fresh = {folded('A', 1, 3, 3)}, .kept = {{dot('A', 5), 0}}}, both));
  EXPECT_EQ(wide, Entries{folded('A', 1, 5, 10)});
}

TEST(Join, AnOverwrittenRangeGoesAndDoesNotComeBack) {
  Entries mine{folded('A', 1, 3, 3)};
  const VersionVector after = vector_of(dot('A', 3), dot('B', 1));
  EXPECT_TRUE(join(mine, vector_of(dot('A', 3)), {.fresh = {entry('B', 1, 0)}, .kept = {}}, after));
  EXPECT_EQ(mine, Entries{entry('B', 1, 0)});
  EXPECT_FALSE(
      join(mine, after, {.fresh = {folded('A', 1, 3, 3)}, .kept = {}}, vector_of(dot('A', 3))));
  EXPECT_EQ(mine, Entries{entry('B', 1, 0)});
}

TEST(Join, ARangeOfAnotherReplicaIsNoUnitOfMine) {
  Entries mine{entry('B', 2, 1)};
  const VersionVector both = vector_of(dot('A', 3), dot('B', 2));
  EXPECT_TRUE(join(mine, vector_of(dot('B', 2)),
                   {.fresh = {folded('A', 1, 3, 3)}, .kept = {{dot('B', 2), 0}}}, both));
  EXPECT_EQ(mine, (Entries{folded('A', 1, 3, 3), entry('B', 2, 1)}));
}

// Rows --------------------------------------------------------------------------------------------

/// A device with one row, which it sends whole or from what the other knows.
struct Device {
  RowState row;
  VersionVector seen;

  void insert(const Stamp& stamp, const Value& value) {
    seen.raise(stamp.dot);
    row.insert(stamp);
    row.at(0).push_back(Entry::make(stamp, value));
  }
  void update(const Stamp& stamp, ColumnId column, const Value& value) {
    seen.raise(stamp.dot);
    row.touch(stamp);
    row.at(column) = {Entry::make(stamp, value)};
  }
  bool receive(const Device& other) {
    const VersionVector known = seen;
    const bool changed = join(row, seen, fragment_beyond(other.row, known), {known, other.seen});
    seen.merge(other.seen);
    return changed;
  }
};

TEST(Join, ARowReceivedTwiceChangesNothing) {
  Device a;
  Device b;
  a.insert(stamp('A', 1), "x");
  EXPECT_TRUE(b.receive(a));
  EXPECT_FALSE(b.receive(a));
  EXPECT_EQ(b.row, a.row);
}

TEST(Join, EachOfTwoConcurrentInsertsHasNotSeenTheOther) {
  Device a;
  Device b;
  a.insert(stamp('A', 1), "a");
  b.insert(stamp('B', 1), "b");
  a.receive(b);
  b.receive(a);
  EXPECT_EQ(a.row, b.row);
  ASSERT_EQ(a.row.births.size(), 2U);
  const Entries& siblings = *a.row.find(0);
  ASSERT_EQ(siblings.size(), 2U);
  EXPECT_EQ(siblings[0].unseen_births, std::vector{dot('B', 1)});
  EXPECT_EQ(siblings[1].unseen_births, std::vector{dot('A', 1)});
}

TEST(Join, AWriteThatSawBothBirthsNamesNone) {
  Device a;
  Device b;
  a.insert(stamp('A', 1), "a");
  b.insert(stamp('B', 1), "b");
  a.receive(b);
  a.update(stamp('A', 2), 1, "later");
  b.receive(a);
  EXPECT_TRUE(b.row.find(1)->front().unseen_births.empty());
  EXPECT_EQ(a.row, b.row);
}

TEST(Join, AnUpdateMadeBeforeABirthWasKnownNamesIt) {
  Device a;
  Device b;
  a.insert(stamp('A', 1), "a");
  Device c = a;
  b.insert(stamp('B', 1), "b");
  b.receive(a);                     // b holds both births
  c.update(stamp('C', 1), 0, "c");  // c knows only the one of A
  b.receive(c);                     // births do not travel: they are no news
  ASSERT_EQ(b.row.find(0)->size(), 2U);
  const Entry& update = b.row.find(0)->back();
  EXPECT_EQ(update.id.dot, dot('C', 1));
  EXPECT_EQ(update.unseen_births, std::vector{dot('B', 1)});
}

TEST(Join, ABirthThatWasOverwrittenIsNoLongerNamed) {
  Device a;
  Device b;
  a.insert(stamp('A', 1), "a");
  b.insert(stamp('B', 1), "b");
  Device c = a;
  c.update(stamp('C', 1), 1, "c");
  b.receive(a);
  Device d = b;
  d.insert(stamp('D', 1), "d");  // has seen both births, not C's update
  b.receive(c);
  b.receive(d);
  ASSERT_NE(b.row.find(1), nullptr) << "nobody who saw C's update has overwritten it";
  EXPECT_EQ(b.row.find(1)->front().unseen_births, std::vector{dot('D', 1)});
  EXPECT_EQ(b.row.births.size(), 1U);
}

TEST(Join, AnInsertDropsColumnsThatItsDeviceCannotName) {
  Device a;
  a.insert(stamp('A', 1), "x");
  a.update(stamp('A', 2), 9, "of a newer schema");
  Device b;
  b.receive(a);
  b.insert(stamp('B', 1), "y");
  EXPECT_TRUE(a.receive(b));
  EXPECT_EQ(a.row.find(9), nullptr);
  EXPECT_EQ(a.row, b.row);
}

TEST(Join, AnInsertKeepsAColumnThatWasWrittenConcurrently) {
  Device a;
  a.insert(stamp('A', 1), "x");
  Device b = a;
  a.update(stamp('A', 2), 9, "concurrent");
  b.insert(stamp('B', 1), "y");
  a.receive(b);
  ASSERT_NE(a.row.find(9), nullptr);
  EXPECT_EQ(a.row.find(9)->front().unseen_births, std::vector{dot('B', 1)});
}

}  // namespace
}  // namespace rill
