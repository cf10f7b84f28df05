#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;

/// SQL that writes, after the rows (1, one, 1) and (2, two, 2), and what both devices show then.
struct Case {
  const char* name;
  const char* sql;
  Lines shown;
};

void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

class CaptureStatements : public testing::TwoDevices, public ::testing::WithParamInterface<Case> {
 public:
  CaptureStatements() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, name TEXT, n INTEGER CHECK(n < 100));"
          "CREATE TABLE source(id, name, n);"
          "INSERT INTO source VALUES('2', 'deux', 20), ('3', 'trois', 30), ('4', 'quatre', 40)");
      schema.replicate("t");
    });
    a.db.execute("INSERT INTO t(id, name, n) VALUES('1', 'one', 1), ('2', 'two', 2)");
    exchange(a.db, b.db);
  }
};

TEST_P(CaptureStatements, ReachTheOtherDevice) {
  a.db.execute(GetParam().sql);
  EXPECT_EQ(synced("t"), GetParam().shown);
}

TEST_P(CaptureStatements, ReachTheOtherDeviceFromARawTransactionWithRecursiveTriggers) {
  a.db.execute("PRAGMA recursive_triggers = ON");
  ASSERT_EQ(raw("BEGIN"), SQLITE_OK);
  ASSERT_EQ(raw(GetParam().sql), SQLITE_OK) << sqlite3_errmsg(a.db.handle());
  ASSERT_EQ(raw("COMMIT"), SQLITE_OK);
  EXPECT_EQ(synced("t"), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Each, CaptureStatements,
    ::testing::Values(
        Case{"MultiRowInsert",
             "INSERT INTO t(id, name) VALUES('3', 'a'), ('4', 'b'), ('5', 'c')",
             {"'1'|'one'|1", "'2'|'two'|2", "'3'|'a'|NULL", "'4'|'b'|NULL", "'5'|'c'|NULL"}},
        Case{"InsertFromSelect",
             "INSERT INTO t(id, name, n) SELECT id || 'x', name, n FROM t",
             {"'1'|'one'|1", "'1x'|'one'|1", "'2'|'two'|2", "'2x'|'two'|2"}},
        Case{"InsertOrIgnore",
             "INSERT OR IGNORE INTO t(id, name, n) SELECT * FROM source",
             {"'1'|'one'|1", "'2'|'two'|2", "'3'|'trois'|30", "'4'|'quatre'|40"}},
        Case{"InsertOrReplace",
             "INSERT OR REPLACE INTO t(id, name, n) SELECT * FROM source",
             {"'1'|'one'|1", "'2'|'deux'|20", "'3'|'trois'|30", "'4'|'quatre'|40"}},
        Case{"Replace", "REPLACE INTO t(id) VALUES('2')", {"'1'|'one'|1", "'2'|NULL|NULL"}},
        Case{"UpsertThatUpdates",
             "INSERT INTO t(id, name, n) SELECT * FROM source WHERE true ON CONFLICT(id) DO UPDATE "
             "SET name = name || '/' || excluded.name, n = n + excluded.n",
             {"'1'|'one'|1", "'2'|'two/deux'|22", "'3'|'trois'|30", "'4'|'quatre'|40"}},
        Case{"UpsertThatDoesNothing",
             "INSERT INTO t(id, name, n) SELECT * FROM source WHERE true ON CONFLICT DO NOTHING",
             {"'1'|'one'|1", "'2'|'two'|2", "'3'|'trois'|30", "'4'|'quatre'|40"}},
        Case{"UpsertWithACondition",
             "INSERT INTO t(id, name) VALUES('1', 'x'), ('2', 'y') ON CONFLICT(id) DO UPDATE SET "
             "name = excluded.name WHERE n > 1",
             {"'1'|'one'|1", "'2'|'y'|2"}},
        Case{"InsertReturning",
             "INSERT INTO t(id, n) VALUES('3', 3) RETURNING id, n, _rill_seq",
             {"'1'|'one'|1", "'2'|'two'|2", "'3'|NULL|3"}},
        Case{"UpdateReturning",
             "UPDATE t SET n = n * 2 RETURNING n",
             {"'1'|'one'|2", "'2'|'two'|4"}},
        Case{"DeleteReturning", "DELETE FROM t WHERE n = 2 RETURNING *", {"'1'|'one'|1"}},
        Case{"UpdateFrom",
             "UPDATE t SET name = source.name, n = source.n FROM source WHERE t.id = source.id",
             {"'1'|'one'|1", "'2'|'deux'|20"}},
        Case{"UpdateWithSubquery",
             "UPDATE t SET (name, n) = (SELECT name, n FROM source LIMIT 1)",
             {"'1'|'deux'|20", "'2'|'deux'|20"}},
        Case{"UpdateOrIgnore",
             "UPDATE OR IGNORE t SET id = '2' WHERE id = '1'",
             {"'1'|'one'|1", "'2'|'two'|2"}},
        Case{"UpdateOrReplace", "UPDATE OR REPLACE t SET id = '2' WHERE id = '1'", {"'2'|'one'|1"}},
        Case{"UpdateOfAllKeys",
             "UPDATE t SET id = id || '0', n = n + 1",
             {"'10'|'one'|2", "'20'|'two'|3"}},
        Case{"DeleteWithoutWhere", "DELETE FROM t", {}},
        Case{"DeleteOfSome", "DELETE FROM t WHERE id IN (SELECT id FROM source)", {"'1'|'one'|1"}},
        Case{"WithBeforeAWrite",
             "WITH more(id) AS (VALUES('8'), ('9')) INSERT INTO t(id) SELECT id FROM more",
             {"'1'|'one'|1", "'2'|'two'|2", "'8'|NULL|NULL", "'9'|NULL|NULL"}}),
    [](const auto& tested) { return tested.param.name; });

class CaptureStatementsTest : public CaptureStatements {};

TEST_F(CaptureStatementsTest, ThatFailLeaveWhatTheirModeLeaves) {
  a.db.execute("INSERT INTO source VALUES('9', 'much', 900), ('91', 'after', 1)");
  EXPECT_ERROR(a.db.execute("INSERT OR ABORT INTO t(id, name, n) SELECT id || 'a', name, n FROM "
                            "source"),
               ErrorCode::constraint);
  EXPECT_ERROR(a.db.execute("INSERT OR FAIL INTO t(id, name, n) SELECT id || 'f', name, n FROM "
                            "source"),
               ErrorCode::constraint);
  EXPECT_EQ(synced("t"), (Lines{"'1'|'one'|1", "'2'|'two'|2", "'2f'|'deux'|20", "'3f'|'trois'|30",
                                "'4f'|'quatre'|40"}));
  ASSERT_EQ(raw("BEGIN; UPDATE t SET n = 50"), SQLITE_OK);
  EXPECT_NE(raw("UPDATE OR ROLLBACK t SET n = 100"), SQLITE_OK);
  EXPECT_EQ(synced("t").front(), "'1'|'one'|1");
  ASSERT_EQ(raw("BEGIN"), SQLITE_OK);
  EXPECT_NE(raw("UPDATE OR FAIL t SET n = CASE id WHEN '3f' THEN 100 ELSE 60 END"), SQLITE_OK);
  ASSERT_EQ(raw("COMMIT"), SQLITE_OK);
  EXPECT_EQ(synced("t"), (Lines{"'1'|'one'|60", "'2'|'two'|60", "'2f'|'deux'|60", "'3f'|'trois'|30",
                                "'4f'|'quatre'|40"}));
}

TEST_F(CaptureStatementsTest, UnderAnOuterConflictClauseLoseNoDelete) {
  // An outer OR IGNORE reaches into triggers: a tombstone that is there already must be replaced.
  a.db.execute("DELETE FROM t WHERE id = '1'");
  a.db.execute("INSERT INTO t(id, name) VALUES('1', 'again')");
  exchange(a.db, b.db);
  a.db.execute(
      "CREATE TRIGGER clears AFTER INSERT ON source BEGIN DELETE FROM t WHERE id = new.id; "
      "END");
  for (const char* mode : {"IGNORE", "REPLACE", "FAIL"}) {
    a.db.execute(std::string("INSERT OR ") + mode + " INTO source(id) VALUES('1')");
    EXPECT_EQ(synced("t"), Lines{"'2'|'two'|2"}) << mode;
    a.db.execute("INSERT INTO t(id) VALUES('1')");
    exchange(a.db, b.db);
  }
  a.db.execute("UPDATE OR IGNORE t SET id = '7' WHERE id = '1'");
  EXPECT_EQ(synced("t"), (Lines{"'2'|'two'|2", "'7'|NULL|NULL"}));
}

TEST_F(CaptureStatementsTest, ThatChangeNothingSpendADotAtMost) {
  const std::uint64_t before = counter();
  a.db.execute("INSERT OR IGNORE INTO t(id) VALUES('1')");
  a.db.execute("INSERT INTO t(id) VALUES('1') ON CONFLICT DO NOTHING");
  a.db.execute("UPDATE t SET name = name");
  EXPECT_LE(counter(), before + 3);
  EXPECT_EQ(testing::pull(b.db, a.db), 0U);
  EXPECT_EQ(a.db.vector(), b.db.vector());
}

TEST_F(CaptureStatementsTest, WithoutAColumnListAreExplained) {
  try {
    a.db.execute("INSERT INTO t VALUES('3', 'three', 3)");
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("_rill_seq and _rill_meta, are Rill's"), std::string::npos) << message;
    EXPECT_NE(message.find("INSERT INTO t(id, name, n) VALUES"), std::string::npos) << message;
  }
  EXPECT_ERROR(a.db.query("INSERT INTO t VALUES('3', 'three', 3) RETURNING id"), ErrorCode::sql);
  EXPECT_EQ(a.db.execute("INSERT INTO source VALUES('5', 'cinq', 5)"), 1);
  EXPECT_EQ(a.db.query("SELECT * FROM t").columns().size(), 5U);
}

TEST_F(CaptureStatementsTest, NoticeChangesOfTypeAndCaseThatCollationsHide) {
  migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE u(id TEXT PRIMARY KEY NOT NULL, x TEXT COLLATE NOCASE, y)");
    schema.replicate("u");
  });
  a.db.execute("INSERT INTO u(id, x, y) VALUES('1', 'abc', 1)");
  exchange(a.db, b.db);
  const std::vector<std::pair<std::string, std::string>> changes{
      {"x = 'ABC'", "'1'|'ABC'|1"},    {"y = 1.0", "'1'|'ABC'|1.0"},
      {"y = '1'", "'1'|'ABC'|'1'"},    {"y = x'31'", "'1'|'ABC'|X'31'"},
      {"y = NULL", "'1'|'ABC'|NULL"},  {"y = ''", "'1'|'ABC'|''"},
      {"x = 'ABC '", "'1'|'ABC '|''"}, {"y = x''", "'1'|'ABC '|X''"},
      {"y = -0.0", "'1'|'ABC '|0.0"},  {"y = 1e300", "'1'|'ABC '|1.0e+300"},
  };
  for (const auto& [assignment, line] : changes) {
    a.db.execute("UPDATE u SET " + assignment);
    EXPECT_EQ(synced("u"), Lines{line}) << assignment;
  }
}

}  // namespace
}  // namespace rill
