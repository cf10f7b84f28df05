#include "rill/epoch.hpp"

#include <gtest/gtest.h>

#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::replica;
using test::vector_of;

Epochs epochs_of(const std::vector<Epoch>& list) {
  Epochs epochs;
  for (const Epoch& epoch : list) epochs.add(epoch);
  return epochs;
}

const Epoch kFirst{replica('A'), 1, 11};
const Epoch kSecond{replica('A'), 5, 22};
const Epoch kThird{replica('A'), 9, 33};

/// What the side with `own` epochs up to A:`counter` finds in a peer with `theirs` up to A:`peer`.
std::optional<Dot> fork(const Epochs& own, std::uint64_t counter, const Epochs& theirs,
                        std::uint64_t peer) {
  return find_fork(vector_of(dot('A', counter)), vector_of(dot('A', peer)), theirs.tips(),
                   [&](const Dot& place) { return own.look_up(place); });
}

TEST(Epochs, TellTheNewestOfEachReplicaAndAHashOfThoseBefore) {
  const Epochs epochs = epochs_of({kFirst, kSecond, {replica('B'), 3, 44}});
  const std::vector<EpochTip> tips = epochs.tips();
  ASSERT_EQ(tips.size(), 2U);
  EXPECT_EQ(tips[0], (EpochTip{kSecond, extend_history(0, kFirst)}));
  EXPECT_EQ(tips[1], (EpochTip{{replica('B'), 3, 44}, 0}));
}

TEST(Epochs, BetweenTwoVectorsAreThoseOfTheEventsThereAndOfTheLastOneKnown) {
  const Epochs epochs = epochs_of({kFirst, kSecond, kThird, {replica('B'), 3, 44}});
  EXPECT_EQ(epochs.between(vector_of(dot('A', 6)), vector_of(dot('A', 9), dot('B', 2))),
            (std::vector<Epoch>{kSecond, kThird}));
  EXPECT_EQ(epochs.between({}, vector_of(dot('A', 6))), (std::vector<Epoch>{kFirst, kSecond}));
  EXPECT_TRUE(epochs.between(vector_of(dot('A', 9)), vector_of(dot('A', 9))).empty());
}

TEST(Epochs, OneHistoryKnownToDifferentPointsIsNoFork) {
  const Epochs all = epochs_of({kFirst, kSecond, kThird});
  const Epochs some = epochs_of({kFirst, kSecond});
  EXPECT_FALSE(fork(all, 12, some, 8).has_value());
  EXPECT_FALSE(fork(some, 8, all, 12).has_value());
  EXPECT_FALSE(fork(all, 12, all, 10).has_value());
  EXPECT_FALSE(fork(epochs_of({}), 0, all, 12).has_value());
}

TEST(Epochs, BothSidesOfAForkThatWroteSeeIt) {
  const Epochs ours = epochs_of({kFirst, {replica('A'), 5, 100}});
  const Epochs theirs = epochs_of({kFirst, {replica('A'), 5, 200}});
  EXPECT_EQ(fork(ours, 7, theirs, 6), dot('A', 5));
  EXPECT_EQ(fork(theirs, 6, ours, 7), dot('A', 5));
}

TEST(Epochs, ForkFromAnOpeningThatWentOnIsSeenByBothSides) {
  // One went on in its first epoch; the copy began another at 5.
  const Epochs original = epochs_of({kFirst});
  const Epochs copy = epochs_of({kFirst, kSecond});
  EXPECT_EQ(fork(original, 6, copy, 9), dot('A', 5));
  EXPECT_EQ(fork(copy, 9, original, 6), dot('A', 5));
}

TEST(Epochs, ForkBeforeTheNewestEpochIsSeenByTheHashOrByTheSideThatKnowsMore) {
  const Epochs ours = epochs_of({kFirst, {replica('A'), 3, 7}, kThird});
  const Epochs theirs = epochs_of({kFirst, kSecond, kThird});
  EXPECT_TRUE(fork(ours, 9, theirs, 9).has_value());
  const Epochs longer = epochs_of({kFirst, kSecond, {replica('A'), 20, 7}});
  EXPECT_FALSE(fork(ours, 9, longer, 25).has_value());  // cannot tell
  EXPECT_TRUE(fork(longer, 25, ours, 9).has_value());
}

TEST(Epochs, FirstDifferenceIsTheLowestPlaceThatOnlyOneSideHasOfWhatBothHaveSeen) {
  const VersionVector all = vector_of(dot('A', 20));
  EXPECT_FALSE(first_difference({kFirst, kSecond}, {kFirst, kSecond}, all).has_value());
  EXPECT_EQ(first_difference({kFirst, kSecond}, {kFirst}, all), dot('A', 5));
  EXPECT_EQ(first_difference({kFirst}, {kFirst, kThird}, all), dot('A', 9));
  EXPECT_FALSE(first_difference({kFirst}, {kFirst, kThird}, vector_of(dot('A', 8))).has_value());
  EXPECT_EQ(first_difference({kSecond}, {kFirst, kSecond}, all), dot('A', 1));
  EXPECT_EQ(first_difference({kSecond}, {{replica('A'), 5, 0}}, all), dot('A', 5));
}

}  // namespace
}  // namespace rill
