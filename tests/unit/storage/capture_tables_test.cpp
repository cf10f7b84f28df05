#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;
using testing::value_of;

class CaptureTables : public testing::TwoDevices {
 public:
  void create(const std::string& sql, const std::string& table = "t") {
    migrate(1, [&](Schema& schema) {
      schema.execute(sql);
      schema.replicate(table);
    });
  }
  void write(const std::string& sql) { a.db.execute(sql); }
};

TEST_F(CaptureTables, WithoutRowids) {
  create("CREATE TABLE t(id TEXT PRIMARY KEY, x) WITHOUT ROWID");
  write("INSERT INTO t(id, x) VALUES('1', 'a'), ('2', 'b'), ('3', 'c')");
  EXPECT_EQ(synced("t").size(), 3U);
  write("UPDATE t SET x = x || '!' WHERE id > '1'");
  write("UPDATE t SET id = '9' WHERE id = '3'");
  write("DELETE FROM t WHERE id = '1'");
  write("REPLACE INTO t(id, x) VALUES('2', 'new')");
  EXPECT_EQ(synced("t"), (Lines{"'2'|'new'", "'9'|'c!'"}));
}

TEST_F(CaptureTables, ThatAreStrict) {
  create("CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT, y ANY, z BLOB, r REAL) STRICT");
  write("INSERT INTO t(id, x, y, z, r) VALUES(1, 'a', 1.5, x'00', 1)");
  EXPECT_EQ(synced("t"), Lines{"1|'a'|1.5|X'00'|1.0"});
  write("UPDATE t SET y = 'text', r = 2, z = NULL");
  EXPECT_EQ(synced("t"), Lines{"1|'a'|'text'|NULL|2.0"});
  EXPECT_ERROR(a.db.execute("UPDATE t SET z = 'text'"), ErrorCode::constraint);
  write("DELETE FROM t");
  EXPECT_EQ(synced("t"), Lines{});
}

TEST_F(CaptureTables, WithColumnsOfNumbersThatHoldSomethingElse) {
  migrate(1, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, at DATETIME, tags JSON, n INTEGER, r REAL)");
    schema.replicate("t", {{"tags", set()}});
  });
  write("INSERT INTO t(id, at, tags, n, r) VALUES('1', '2024-05-01 10:00', '[1,2]', '', x'00')");
  EXPECT_EQ(synced("t"), Lines{"'1'|'2024-05-01 10:00'|'[1,2]'|''|X'00'"});
  write("UPDATE t SET at = '1e', n = '-', r = '1 2', tags = '[2]'");
  EXPECT_EQ(synced("t"), Lines{"'1'|'1e'|'[2]'|'-'|'1 2'"});
  write("UPDATE t SET at = ' +.5e1 ', n = '7', r = '1'");
  EXPECT_EQ(synced("t"), Lines{"'1'|5|'[2]'|7|1.0"});
}

TEST_F(CaptureTables, WithGeneratedColumns) {
  create(
      "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, n INTEGER, twice INTEGER AS (n * 2), x TEXT, "
      "label TEXT AS (x || ':' || n) STORED)");
  write("INSERT INTO t(id, n, x) VALUES('1', 3, 'a')");
  EXPECT_EQ(synced("t"), Lines{"'1'|3|6|'a'|'a:3'"});
  write("UPDATE t SET n = 4");
  write("UPDATE t SET x = 'b' WHERE twice = 8");
  EXPECT_EQ(synced("t"), Lines{"'1'|4|8|'b'|'b:4'"});
}

TEST_F(CaptureTables, WithCompositeKeys) {
  create(
      "CREATE TABLE t(x, year INTEGER NOT NULL, name TEXT NOT NULL, code BLOB NOT NULL, PRIMARY "
      "KEY(name, code, year))");
  write(
      "INSERT INTO t(x, year, name, code) VALUES('a', 1, 'n', x'00ff'), ('b', 1, 'n', x'00'), "
      "('c', 2, 'n', x'00')");
  EXPECT_EQ(synced("t").size(), 3U);
  write("UPDATE t SET x = 'B' WHERE year = 1 AND code = x'00'");
  write("UPDATE t SET year = 3 WHERE x = 'c'");
  write("DELETE FROM t WHERE code = x'00ff'");
  EXPECT_EQ(synced("t"), (Lines{"'B'|1|'n'|X'00'", "'c'|3|'n'|X'00'"}));
}

TEST_F(CaptureTables, WithBlobKeys) {
  create("CREATE TABLE t(id BLOB PRIMARY KEY NOT NULL, x)");
  write("INSERT INTO t(id, x) VALUES(x'', 0), (x'00', 1), (x'0000', 2), (x'ff', 3)");
  EXPECT_EQ(synced("t").size(), 4U);
  write("UPDATE t SET x = x + 10 WHERE id >= x'0000'");
  write("DELETE FROM t WHERE id = x''");
  EXPECT_EQ(synced("t"), (Lines{"X'00'|1", "X'0000'|12", "X'FF'|13"}));
}

TEST_F(CaptureTables, WithKeysOnly) {
  create("CREATE TABLE t(x TEXT NOT NULL, y TEXT NOT NULL, PRIMARY KEY(x, y))");
  write("INSERT INTO t(x, y) VALUES('a', 'b'), ('a', 'c'), ('d', 'e')");
  write("UPDATE t SET y = 'B' WHERE y = 'b'");
  write("DELETE FROM t WHERE x = 'd'");
  write("UPDATE t SET x = x");
  EXPECT_EQ(synced("t"), (Lines{"'a'|'B'", "'a'|'c'"}));
}

TEST_F(CaptureTables, WithMoreColumnsThanOneFunctionCallTakes) {
  std::string sql = "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL";
  for (int column = 0; column < 200; ++column) sql += ", c" + std::to_string(column);
  create(sql + ")");
  write("INSERT INTO t(id, c0, c62, c63, c199) VALUES('1', 'a', 'b', 'c', 'd')");
  exchange(a.db, b.db);
  for (const int column : {0, 1, 44, 45, 62, 63, 89, 90, 126, 199}) {
    const std::string name = "c" + std::to_string(column);
    write("UPDATE t SET " + name + " = 'new" + name + "'");
    exchange(a.db, b.db);
    EXPECT_EQ(value_of(b.db, "SELECT " + name + " FROM t"), Value("new" + name));
  }
  write("DELETE FROM t");
  EXPECT_EQ(synced("t"), Lines{});
}

TEST_F(CaptureTables, WithIntegerKeysThatMustBeGiven) {
  create("CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  for (const char* sql :
       {"INSERT INTO t(x) VALUES(1)", "INSERT INTO t(id, x) VALUES(NULL, 1)",
        "INSERT OR REPLACE INTO t(x) VALUES(1)", "INSERT OR IGNORE INTO t(x) VALUES(1)"}) {
    try {
      a.db.execute(sql);
      ADD_FAILURE() << sql;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("new_integer_id"), std::string::npos)
          << error.what();
    }
  }
  write("INSERT INTO t(id, x) VALUES(5, 'five'), (-7, 'minus'), (0, 'zero')");
  EXPECT_EQ(synced("t"), (Lines{"-7|'minus'", "0|'zero'", "5|'five'"}));
}

TEST_F(CaptureTables, WhoseIntegerKeyIsChangedUnderAnyOfItsNames) {
  create("CREATE TABLE t(id INTEGER PRIMARY KEY, x)");
  write("INSERT INTO t(id, x) VALUES(1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
  exchange(a.db, b.db);
  write("UPDATE t SET id = 10 WHERE id = 1");
  write("UPDATE t SET rowid = 20 WHERE id = 2");
  write("UPDATE t SET oid = 30 WHERE id = 3");
  write("UPDATE t SET _rowid_ = 40 WHERE id = 4");
  EXPECT_EQ(synced("t"), (Lines{"10|'a'", "20|'b'", "30|'c'", "40|'d'"}));
}

TEST_F(CaptureTables, WhoseRowidChangesWithoutTheKey) {
  create("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, x)");
  write("INSERT INTO t(id, x) VALUES('1', 'a')");
  exchange(a.db, b.db);
  write("UPDATE t SET rowid = 77");
  write("UPDATE t SET rowid = 78, x = 'b'");
  EXPECT_EQ(synced("t"), Lines{"'1'|'b'"});
  EXPECT_EQ(value_of(a.db, "SELECT rowid FROM t"), Value(78));
}

TEST_F(CaptureTables, WithNamesThatNeedQuotes) {
  create(
      "CREATE TABLE \"it's a \"\"table\"\"\"(\"the key\" TEXT PRIMARY KEY NOT NULL, \"a,b\" TEXT, "
      "\"select\" INTEGER)",
      "it's a \"table\"");
  const std::string name = "\"it's a \"\"table\"\"\"";
  write("INSERT INTO " + name + "(\"the key\", \"a,b\") VALUES('1', 'x')");
  write("UPDATE " + name + " SET \"select\" = 1");
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(b.db, "SELECT \"a,b\" || \"select\" FROM " + name), Value("x1"));
  EXPECT_EQ(testing::findings(b.db), "");
}

}  // namespace
}  // namespace rill
