#include <gtest/gtest.h>

#include <limits>

#include "rill/row_state.hpp"
#include "rill/rule.hpp"
#include "support/entries.hpp"
#include "support/events.hpp"

namespace rill {
namespace {

using test::dot;
using test::entry;
using test::folded;
using test::vector_of;

TEST(FoldStable, FoldsWhatEveryoneHasSeenReplicaByReplica) {
  Entries entries{entry('A', 1, 1),  entry('A', 4, 2),  entry('A', 6, 3),
                  entry('B', 2, 10), entry('B', 3, 20), entry('C', 1, 5)};
  fold_stable(entries, vector_of(dot('A', 5), dot('B', 3), dot('C', 9)));
  EXPECT_EQ(entries, (Entries{folded('A', 1, 4, 3), entry('A', 6, 3), folded('B', 2, 3, 30),
                              entry('C', 1, 5)}));
}

TEST(FoldStable, LeavesWhatIsNotStable) {
  const Entries before{entry('A', 1, 1), entry('A', 2, 2), entry('B', 1, 1)};
  Entries entries = before;
  fold_stable(entries, vector_of(dot('A', 1)));
  EXPECT_EQ(entries, before);
}

TEST(FoldStable, ARangeGrows) {
  Entries entries{folded('A', 1, 4, 3), entry('A', 6, 3)};
  fold_stable(entries, vector_of(dot('A', 6)));
  EXPECT_EQ(entries, Entries{folded('A', 1, 6, 6)});
}

TEST(FoldStable, RealsAddUpInDotOrder) {
  Entries entries{entry('A', 1, 0.1), entry('A', 2, 0.2), entry('A', 3, 0.3)};
  fold_stable(entries, vector_of(dot('A', 3)));
  EXPECT_EQ(entries, Entries{folded('A', 1, 3, 0.1 + 0.2 + 0.3)});
}

TEST(FoldStable, NeverChangesTheShownSumOfReals) {
  const Entries before{entry('A', 1, 0.1), entry('B', 1, 0.2), entry('B', 2, 0.3)};
  Entries folded = before;
  fold_stable(folded, vector_of(dot('A', 1), dot('B', 2)));
  ASSERT_EQ(folded.size(), 2U);
  const Value none;
  const ShowContext context{"t", "c", {}, none};
  EXPECT_EQ(show(counter(), folded, context), show(counter(), before, context));
}

TEST(FoldStable, IntegersAddUpExactlyUpToTheFirstReal) {
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  Entries entries{entry('A', 1, large), entry('A', 2, 1), entry('A', 3, 0.5)};
  fold_stable(entries, vector_of(dot('A', 3)));
  EXPECT_EQ(entries, Entries{folded('A', 1, 3, static_cast<double>(large + 1) + 0.5)});
}

TEST(FoldStable, LeavesWhatWouldNotAddUpExactly) {
  const Entries before{entry('A', 1, std::numeric_limits<std::int64_t>::max()),
                       entry('A', 2, 1),
                       entry('B', 1, std::numeric_limits<double>::max()),
                       entry('B', 2, std::numeric_limits<double>::max()),
                       entry('C', 1, "text"),
                       entry('C', 2, 1)};
  Entries entries = before;
  fold_stable(entries, vector_of(dot('A', 2), dot('B', 2), dot('C', 2)));
  EXPECT_EQ(entries, before);
}

}  // namespace
}  // namespace rill
