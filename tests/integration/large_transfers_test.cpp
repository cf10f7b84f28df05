#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "rill/rill.hpp"
#include "support/database_fixture.hpp"
#include "support/effort.hpp"
#include "support/process_memory.hpp"

// Memory: what does not fit it goes through it in pieces.

namespace rill {
namespace {

using testing::kMebibyte;
using testing::migrate_notes;
using testing::process_memory;
using testing::value_of;

class LargeTransfers : public ::testing::Test {
 public:
  LargeTransfers()
      : a(folder / "a.db", testing::options_beside(folder / "a.db")),
        b(folder / "b.db", testing::options_beside(folder / "b.db")) {
    migrate_notes(a);
    migrate_notes(b);
  }

  testing::TemporaryFolder folder;
  Database a;
  Database b;
};

TEST_F(LargeTransfers, ATransferLargerThanItsMemoryIsAppliedInOneTransaction) {
  constexpr int kRows = static_cast<int>(testing::scaled(40)) * 1'000;
  const std::string body(8'000, 'x');  // 320 MB in all, which the delta carries once
  // Each an own transaction of many rows, so that the sender's memory does not count.
  for (int row = 0; row < kRows; row += 1'000) {
    a.transaction([&] {
      for (int index = row; index < row + 1'000; ++index) {
        a.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(index), body);
      }
    });
  }
  const testing::MemoryPeak peak;
  const auto changes = a.changes_since(b.vector());
  std::uint64_t bytes = 0;
  ReceiveResult result;
  while (const auto chunk = changes->next(65'536)) {
    EXPECT_FALSE(result.applied);
    bytes += chunk->size();
    result = b.receive(*chunk);
  }
  EXPECT_TRUE(result.applied);
  EXPECT_EQ(result.rows_changed, std::uint64_t{kRows});
  EXPECT_GT(bytes, std::uint64_t{kRows} * body.size() * 97 / 100);
  RecordProperty("megabytes", std::to_string(peak.grown() / kMebibyte));
  EXPECT_LT(peak.grown(), 48 * kMebibyte);
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM notes"), Value(kRows));
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM rill_inbox"), Value(0));
}

TEST_F(LargeTransfers, AMassOfSmallDeltasLeavesNothingBehind) {
  constexpr int kDeltas = static_cast<int>(testing::scaled(10'000));
  constexpr int kSettled = kDeltas / 5;
  std::uint64_t settled = 0;
  for (int delta = 0; delta < kDeltas; ++delta) {
    a.execute(
        "INSERT INTO notes(id, views) VALUES(?, 1) ON CONFLICT(id) DO UPDATE SET views = "
        "views + 1",
        std::to_string(delta % 100));
    testing::pull(b, a);
    if (delta == kSettled) settled = process_memory("VmRSS");
  }
  if (testing::MemoryPeak().measures()) {
    EXPECT_LT(process_memory("VmRSS"), settled + 2 * kMebibyte);
  }
  EXPECT_EQ(value_of(b, "SELECT sum(views) FROM notes"), Value(kDeltas));
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM rill_inbox"), Value(0));
  EXPECT_LE(value_of(a, "SELECT count(*) FROM rill_mark").integer(), 64);
  EXPECT_EQ(a.digest(), b.digest());
}

}  // namespace
}  // namespace rill
