#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;

class CaptureTransactions : public testing::TwoDevices {
 public:
  CaptureTransactions() {
    migrate(1, [](Schema& schema) {
      schema.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, x CHECK(x <> 'bad'))");
      schema.replicate("t");
    });
  }

  std::int64_t file() { return testing::value_of(a.db, "SELECT file FROM rill_file").integer(); }
};

TEST_F(CaptureTransactions, SpendOneDotEachWhetherTheAppTakesTheHooksOrNot) {
  int commits = 0;
  int rollbacks = 0;
  int updates = 0;
  const auto count = [](void* counted) { return ++*static_cast<int*>(counted), 0; };
  const auto count_void = [](void* counted) { ++*static_cast<int*>(counted); };
  const auto count_update = [](void* counted, int, const char*, const char*, sqlite3_int64) {
    ++*static_cast<int*>(counted);
  };
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(1)"), SQLITE_OK);
  sqlite3_commit_hook(a.db.handle(), count, &commits);
  sqlite3_rollback_hook(a.db.handle(), count_void, &rollbacks);
  sqlite3_update_hook(a.db.handle(), count_update, &updates);
  ASSERT_EQ(raw("BEGIN; INSERT INTO t(id) VALUES(2); UPDATE t SET x = 1; COMMIT"), SQLITE_OK);
  ASSERT_EQ(raw("BEGIN; INSERT INTO t(id) VALUES(3); ROLLBACK"), SQLITE_OK);
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(4)"), SQLITE_OK);
  EXPECT_EQ(counter(), 3U);
  EXPECT_EQ(commits, 2);
  EXPECT_EQ(rollbacks, 1);
  EXPECT_GE(updates, 4);
  EXPECT_EQ(synced("t"), (Lines{"1|1", "2|1", "4|NULL"}));
}

TEST_F(CaptureTransactions, ThatTheAppsCommitHookRefusesSpendNone) {
  const auto refuse = [](void*) { return 1; };
  sqlite3_commit_hook(a.db.handle(), refuse, nullptr);
  EXPECT_NE(raw("INSERT INTO t(id) VALUES(1)"), SQLITE_OK);
  sqlite3_commit_hook(a.db.handle(), nullptr, nullptr);
  EXPECT_EQ(counter(), 0U);
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(2)"), SQLITE_OK);
  EXPECT_EQ(synced("t"), Lines{"2|NULL"});
}

TEST_F(CaptureTransactions, KeepTheirDotThroughSavepointsThatAreUndone) {
  ASSERT_EQ(raw("BEGIN; SAVEPOINT p; INSERT INTO t(id) VALUES(1); ROLLBACK TO p; INSERT INTO t(id) "
                "VALUES(2); SAVEPOINT q; UPDATE t SET x = 'undone'; ROLLBACK TO q; RELEASE p; "
                "COMMIT"),
            SQLITE_OK);
  EXPECT_EQ(counter(), 1U);
  EXPECT_EQ(synced("t"), Lines{"2|NULL"});
  // A savepoint outside a transaction is one.
  ASSERT_EQ(raw("SAVEPOINT p; INSERT INTO t(id) VALUES(3); RELEASE p"), SQLITE_OK);
  ASSERT_EQ(raw("SAVEPOINT p; INSERT INTO t(id) VALUES(4); ROLLBACK TO p; RELEASE p"), SQLITE_OK);
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(5)"), SQLITE_OK);
  EXPECT_EQ(synced("t"), (Lines{"2|NULL", "3|NULL", "5|NULL"}));
}

TEST_F(CaptureTransactions, UseNoDotTwiceAfterAStatementThatFailed) {
  ASSERT_EQ(raw("BEGIN; INSERT INTO t(id) VALUES(1)"), SQLITE_OK);
  EXPECT_NE(raw("INSERT INTO t(id, x) VALUES(2, 'good'), (3, 'bad')"), SQLITE_OK);
  EXPECT_NE(raw("UPDATE t SET x = 'bad'"), SQLITE_OK);
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(4); COMMIT"), SQLITE_OK);
  EXPECT_EQ(counter(), 1U);
  EXPECT_NE(raw("INSERT INTO t(id, x) VALUES(5, 'bad')"), SQLITE_OK);
  ASSERT_EQ(raw("INSERT INTO t(id) VALUES(6)"), SQLITE_OK);
  EXPECT_EQ(counter(), 2U);
  EXPECT_EQ(synced("t"), (Lines{"1|NULL", "4|NULL", "6|NULL"}));
}

TEST_F(CaptureTransactions, AreNotBegunByCallingRillsFunctions) {
  const std::string call = "rill_next_seq(" + std::to_string(file()) + ")";
  EXPECT_NE(raw("SELECT " + call), SQLITE_OK);
  EXPECT_NE(raw("BEGIN; SELECT " + call), SQLITE_OK);
  ASSERT_EQ(raw("ROLLBACK"), SQLITE_OK);
  EXPECT_ERROR(a.db.query("SELECT " + call), ErrorCode::sql);
  EXPECT_NE(raw("INSERT INTO rill_txn VALUES(1)"), SQLITE_OK);
  EXPECT_EQ(counter(), 0U);
}

TEST_F(CaptureTransactions, ThatFindTheFileLockedCanBeTriedAgain) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(a.db.path().c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(a.db.handle(), 10);
  ASSERT_EQ(testing::run(other, "BEGIN IMMEDIATE"), SQLITE_OK);
  EXPECT_ERROR(a.db.execute("INSERT INTO t(id) VALUES(1)"), ErrorCode::busy);
  EXPECT_ERROR(a.db.transaction([&] { a.db.execute("INSERT INTO t(id) VALUES(1)"); }),
               ErrorCode::busy);
  // A transaction that has read cannot write over what another committed since.
  ASSERT_EQ(raw("BEGIN; SELECT * FROM t"), SQLITE_OK);
  ASSERT_EQ(testing::run(other, "CREATE TABLE other(x); COMMIT"), SQLITE_OK);
  EXPECT_EQ(raw("INSERT INTO t(id) VALUES(2)") & 0xFF, SQLITE_BUSY);
  ASSERT_EQ(raw("ROLLBACK"), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_EQ(counter(), 0U);
  a.db.execute("INSERT INTO t(id) VALUES(3)");
  EXPECT_EQ(counter(), 1U);
  EXPECT_EQ(synced("t"), Lines{"3|NULL"});
}

TEST_F(CaptureTransactions, ThatAreInterruptedLeaveNothing) {
  a.db.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO "
      "t(id) SELECT i FROM n");
  exchange(a.db, b.db);
  const auto stop = [](void*) { return 1; };
  sqlite3_progress_handler(a.db.handle(), 20'000, stop, nullptr);
  EXPECT_ERROR(a.db.execute("UPDATE t SET x = 'x'"), ErrorCode::interrupted);
  EXPECT_NE(raw("BEGIN; UPDATE t SET x = 'y'"), SQLITE_OK);
  EXPECT_NE(sqlite3_get_autocommit(a.db.handle()), 0);
  sqlite3_progress_handler(a.db.handle(), 0, nullptr, nullptr);
  EXPECT_EQ(counter(), 1U);
  a.db.execute("DELETE FROM t WHERE id > 1");
  EXPECT_EQ(synced("t"), Lines{"1|NULL"});
}

TEST_F(CaptureTransactions, AreRefusedWhereTheAppMayOnlyRead) {
  a.db.execute("PRAGMA query_only = ON");
  EXPECT_ERROR(a.db.execute("INSERT INTO t(id) VALUES(1)"), ErrorCode::read_only);
  EXPECT_TRUE(a.db.query("SELECT * FROM t").empty());
  a.db.execute("PRAGMA query_only = OFF");
  a.db.execute("INSERT INTO t(id) VALUES(2)");
  EXPECT_EQ(synced("t"), Lines{"2|NULL"});
}

}  // namespace
}  // namespace rill
