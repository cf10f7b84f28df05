#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

constexpr std::uint64_t kYearMs = 365ULL * 24 * 60 * 60 * 1000;

class TwoDevices : public ::testing::Test {
 public:
  testing::TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
};

// Constraints ------------------------------------------------------------------------------------

/// Folders and the files in them; a quota that may not fall below 0.
class MergeAgainst : public TwoDevices {
 public:
  MergeAgainst() {
    for (Device* device : {&a, &b}) {
      device->db.execute("PRAGMA foreign_keys = ON");
      device->db.migrate(1, [](Schema& schema) {
        schema.execute(
            "CREATE TABLE folders(id TEXT PRIMARY KEY NOT NULL, "
            "quota INTEGER NOT NULL DEFAULT 1 CHECK(quota >= 0))");
        schema.execute(
            "CREATE TABLE files(id TEXT PRIMARY KEY NOT NULL, "
            "folder TEXT NOT NULL REFERENCES folders(id) ON DELETE CASCADE)");
        schema.replicate("folders", {{"quota", counter()}});
        schema.replicate("files", {});
      });
    }
    a.db.execute("INSERT INTO folders(id) VALUES('f')");
    exchange(a.db, b.db);
  }
};

TEST_F(MergeAgainst, AForeignKeyDoesNotFailAndTheAppsOwnWritesAreStillChecked) {
  a.db.execute("DELETE FROM folders");
  b.db.execute("INSERT INTO files(id, folder) VALUES('x', 'f')");
  exchange(a.db, b.db);
  for (Device* device : {&a, &b}) {
    EXPECT_EQ(value_of(device->db, "SELECT group_concat(id) FROM files"), Value("x"));
    EXPECT_EQ(value_of(device->db, "SELECT count(*) FROM folders"), Value(0));
    EXPECT_ERROR(device->db.execute("INSERT INTO files(id, folder) VALUES('y', 'nowhere')"),
                 ErrorCode::constraint);
  }
  EXPECT_EQ(a.db.digest(), b.db.digest());
  // The app's way out: the folder comes back, or the file goes.
  a.db.execute("INSERT INTO folders(id) VALUES('f')");
  exchange(a.db, b.db);
  EXPECT_TRUE(b.db.query("PRAGMA foreign_key_check").empty());
}

TEST_F(MergeAgainst, ACheckDoesNotFailAndTheAppsOwnWritesAreStillChecked) {
  a.db.execute("UPDATE folders SET quota = quota - 1");
  b.db.execute("UPDATE folders SET quota = quota - 1");
  exchange(a.db, b.db);
  for (Device* device : {&a, &b}) {
    EXPECT_EQ(value_of(device->db, "SELECT quota FROM folders"), Value(-1));
    EXPECT_ERROR(device->db.execute("UPDATE folders SET quota = quota - 1"), ErrorCode::constraint);
    EXPECT_ERROR(device->db.execute("INSERT INTO folders(id, quota) VALUES('g', -5)"),
                 ErrorCode::constraint);
  }
  b.db.execute("UPDATE folders SET quota = quota + 1");
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(a.db, "SELECT quota FROM folders"), Value(0));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

// Rules ------------------------------------------------------------------------------------------

// Events come from a thread of the database's own.
TEST(ImpureRuleThreads, IsReportedAndLastWritersChoiceIsShown) {
  const testing::TemporaryFolder folder;
  std::atomic<int> calls = 0;
  const Rule dice = custom("dice", 1, [&](const Conflict& /*conflict*/) { return Value(++calls); });
  std::mutex mutex;
  std::condition_variable reported;
  std::vector<DatabaseEvent> events;
  DatabaseOptions options;
  options.check_rule_purity = true;
  auto clock = std::make_shared<testing::ManualClock>();
  options.clock = clock;
  options.witness = witness_files(folder / "witness");
  Database a(folder / "a.db", options);
  Database b(folder / "b.db", options);
  for (Database* db : {&a, &b}) {
    db->migrate(1, [&](Schema& schema) {
      schema.execute("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, n INTEGER)");
      schema.replicate("t", {{"n", dice}});
    });
  }
  const Subscription subscription = b.on_event([&](const DatabaseEvent& event) {
    const std::lock_guard lock(mutex);
    events.push_back(event);
    reported.notify_all();
  });
  a.execute("INSERT INTO t(id, n) VALUES('k', 100)");
  exchange(a, b);
  a.execute("UPDATE t SET n = 101");
  clock->advance(10);
  b.execute("UPDATE t SET n = 102");
  exchange(a, b);
  EXPECT_GT(calls, 0);
  for (Database* db : {&a, &b}) EXPECT_EQ(value_of(*db, "SELECT n FROM t"), Value(102));
  EXPECT_EQ(a.digest(), b.digest());
  a.execute("UPDATE t SET n = 103");
  exchange(a, b);
  EXPECT_EQ(value_of(b, "SELECT n FROM t"), Value(103));
  std::unique_lock lock(mutex);
  ASSERT_TRUE(reported.wait_for(lock, std::chrono::seconds(20), [&] { return !events.empty(); }));
  EXPECT_EQ(events[0].kind, DatabaseEvent::Kind::rule_problem);
  EXPECT_EQ(to_string(events[0].code), to_string(ErrorCode::rule_failed));
  EXPECT_EQ(events[0].column, "n");
}

// Clocks -----------------------------------------------------------------------------------------

class ClockMovedByYears : public TwoDevices {
 public:
  ClockMovedByYears() {
    for (Device* device : {&a, &b}) testing::migrate_notes(device->db);
    a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'first')");
    exchange(a.db, b.db);
  }

  void write(Device& device, const char* title) {
    device.db.execute("UPDATE notes SET title = ?", title);
  }
  Value title(Device& device) { return value_of(device.db, "SELECT title FROM notes"); }
  /// The hybrid clock of the file, in milliseconds.
  std::uint64_t time_ms(Device& device) {
    return static_cast<std::uint64_t>(
               value_of(device.db, "SELECT time FROM rill_clock").integer()) >>
           16U;
  }

  const std::uint64_t now = a.clock->now_ms();
};

TEST_F(ClockMovedByYears, AheadWinsTiesOnlyAndDragsNobodyAlong) {
  a.clock->set(now + 75 * kYearMs);
  write(a, "from the future");
  write(b, "at the same time");
  exchange(a.db, b.db);
  EXPECT_EQ(title(b), Value("from the future"));
  EXPECT_LE(time_ms(b), now + 5ULL * 60 * 1000);
  write(b, "seen and replaced");
  exchange(a.db, b.db);
  EXPECT_EQ(title(a), Value("seen and replaced"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
  EXPECT_TRUE(a.db.conflicts().empty());
}

TEST_F(ClockMovedByYears, BackAndForthLeavesTheOrderToDots) {
  const std::int64_t years[] = {30, -20, 0, 75, -22, 1, -1};
  int number = 0;
  for (const std::int64_t moved : years) {
    for (Device* device : {&a, &b}) {
      Device& other = device == &a ? b : a;
      device->clock->set(now + static_cast<std::uint64_t>(moved) * kYearMs);
      const std::string written = "write " + std::to_string(++number);
      write(*device, written.c_str());
      exchange(a.db, b.db);
      // It has seen all before it, so it replaces them whatever the clocks say.
      EXPECT_EQ(title(other), Value(written));
      EXPECT_EQ(a.db.digest(), b.db.digest());
    }
  }
  EXPECT_TRUE(a.db.conflicts().empty());
}

TEST_F(ClockMovedByYears, BackKeepsAFilesOwnTimeAscending) {
  a.clock->set(now + 10 * kYearMs);
  write(a, "ahead");
  const std::uint64_t ahead = time_ms(a);
  a.clock->set(now - 10 * kYearMs);
  write(a, "back");
  EXPECT_GE(time_ms(a), ahead);
  pull(b.db, a.db);
  EXPECT_EQ(title(b), Value("back"));
}

}  // namespace
}  // namespace rill
