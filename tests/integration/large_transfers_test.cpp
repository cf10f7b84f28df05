#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>

#include "rill/rill.hpp"
#include "support/database_fixture.hpp"

// Memory: what does not fit it goes through it in pieces.

namespace rill {
namespace {

using testing::migrate_notes;
using testing::value_of;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

/// A line of /proc/self/status, in bytes.
std::uint64_t memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1'024;
  }
  return 0;
}

/// Makes the greatest size so far the present one.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

/// Whether sizes mean anything: a sanitizer's own memory would drown them.
bool measures_memory() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#else
  return memory("VmHWM") > 0;
#endif
}

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
  constexpr int kRows = 40'000;
  const std::string body(8'000, 'x');  // 320 MB in all, which the delta carries once
  // Each an own transaction of many rows, so that the sender's memory does not count.
  for (int row = 0; row < kRows; row += 1'000) {
    a.transaction([&] {
      for (int index = row; index < row + 1'000; ++index) {
        a.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(index), body);
      }
    });
  }
  const bool measured = measures_memory();
  forget_peak();
  const std::uint64_t before = memory("VmRSS");
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
  EXPECT_GT(bytes, 300 * kMebibyte);
  const std::uint64_t grown = memory("VmHWM") - before;
  RecordProperty("megabytes", std::to_string(grown / kMebibyte));
  if (measured) {
    EXPECT_LT(grown, 48 * kMebibyte);
  }
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM notes"), Value(kRows));
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM rill_inbox"), Value(0));
}

TEST_F(LargeTransfers, AMassOfSmallDeltasLeavesNothingBehind) {
  constexpr int kDeltas = 10'000;
  constexpr int kSettled = 2'000;
  std::uint64_t settled = 0;
  for (int delta = 0; delta < kDeltas; ++delta) {
    a.execute(
        "INSERT INTO notes(id, views) VALUES(?, 1) ON CONFLICT(id) DO UPDATE SET views = "
        "views + 1",
        std::to_string(delta % 100));
    testing::pull(b, a);
    if (delta == kSettled) settled = memory("VmRSS");
  }
  if (measures_memory()) {
    EXPECT_LT(memory("VmRSS"), settled + 2 * kMebibyte);
  }
  EXPECT_EQ(value_of(b, "SELECT sum(views) FROM notes"), Value(kDeltas));
  EXPECT_EQ(value_of(b, "SELECT count(*) FROM rill_inbox"), Value(0));
  EXPECT_LE(value_of(a, "SELECT count(*) FROM rill_mark").integer(), 64);
  EXPECT_EQ(a.digest(), b.digest());
}

}  // namespace
}  // namespace rill
