#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

/// A table that replicate() refuses, and a word of the reason.
struct Refusal {
  const char* name;
  const char* sql;
  ErrorCode code;
  const char* reason;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class ReplicateRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(ReplicateRefuses, WithTheReasonAndLeavesNothingBehind) {
  const testing::TemporaryFolder folder;
  Device device{folder / "a.db"};
  const auto migrate = [&] {
    device.db.migrate(1, [](Schema& schema) {
      schema.execute(GetParam().sql);
      schema.replicate("t");
    });
  };
  try {
    migrate();
    FAIL() << "nothing was refused";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(GetParam().code));
    EXPECT_NE(std::string(error.what()).find(GetParam().reason), std::string::npos) << error.what();
  }
  EXPECT_EQ(device.db.schema_version(), 0U);
  EXPECT_TRUE(device.db.query("SELECT 1 FROM sqlite_schema WHERE name = 't'").empty());
  testing::migrate_notes(device.db);
  device.db.execute("INSERT INTO notes(id) VALUES('n')");
}

INSTANTIATE_TEST_SUITE_P(
    EachReason, ReplicateRefuses,
    ::testing::Values(
        Refusal{"NoTable", "SELECT 1", ErrorCode::unknown_table, "no table"},
        Refusal{"View", "CREATE VIEW t AS SELECT 1 AS id", ErrorCode::cannot_replicate, "view"},
        Refusal{"VirtualTable", "CREATE VIRTUAL TABLE t USING fts5(x)", ErrorCode::cannot_replicate,
                "virtual"},
        Refusal{"NoKey", "CREATE TABLE t(x)", ErrorCode::cannot_replicate, "PRIMARY KEY"},
        Refusal{"NullableKey", "CREATE TABLE t(id TEXT PRIMARY KEY)", ErrorCode::cannot_replicate,
                "NOT NULL"},
        Refusal{"Unique", "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, x UNIQUE)",
                ErrorCode::cannot_replicate, "UNIQUE"},
        Refusal{"Autoincrement", "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL)",
                ErrorCode::cannot_replicate, "new_integer_id"},
        Refusal{"RealKey", "CREATE TABLE t(id REAL PRIMARY KEY NOT NULL)",
                ErrorCode::cannot_replicate, "REAL"},
        Refusal{"UntypedKey", "CREATE TABLE t(id PRIMARY KEY NOT NULL)",
                ErrorCode::cannot_replicate, "type"},
        Refusal{"CaseFoldingKey", "CREATE TABLE t(id TEXT COLLATE NOCASE PRIMARY KEY NOT NULL)",
                ErrorCode::cannot_replicate, "NOCASE"}),
    [](const auto& tested) { return tested.param.name; });

class ReplicateTest : public ::testing::Test {
 public:
  testing::TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
};

TEST_F(ReplicateTest, RefusesRulesForColumnsThatCannotHaveThem) {
  const auto migrate = [&](const char* column, const TableOptions& options = {}) {
    a.db.migrate(1, [&](Schema& schema) {
      schema.execute("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, x, g AS (x || 'g'))");
      schema.replicate("t", {{column, last_writer()}}, options);
    });
  };
  EXPECT_ERROR(migrate("y"), ErrorCode::unknown_column);
  EXPECT_ERROR(migrate("id"), ErrorCode::cannot_replicate);
  EXPECT_ERROR(migrate("g"), ErrorCode::cannot_replicate);
  const RowFunction first = [](const RowConflict& conflict) { return conflict.siblings[0].values; };
  EXPECT_ERROR(migrate("x", {.row_rule = row("first", 1, first)}), ErrorCode::cannot_replicate);
  EXPECT_NO_THROW(migrate("x"));
}

TEST_F(ReplicateTest, RefusesToChangeTheKindOfARule) {
  testing::migrate_notes(a.db);
  EXPECT_ERROR(
      a.db.migrate(2, [](Schema& schema) { schema.replicate("notes", {{"views", set()}}); }),
      ErrorCode::rule_changed);
  EXPECT_EQ(a.db.schema_version(), 1U);
}

TEST_F(ReplicateTest, KeepsRowsIndexesTriggersAndFullTextOfAFilledTable) {
  a.db.migrate(1, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, x TEXT, tags TEXT);"
        "CREATE INDEX by_x ON t(x); CREATE TABLE log(what TEXT);"
        "CREATE TRIGGER logged AFTER INSERT ON t BEGIN INSERT INTO log VALUES(new.x); END;"
        "CREATE VIRTUAL TABLE words USING fts5(x, content='t');"
        "INSERT INTO t(rowid, id, x, tags) VALUES(7, 'a', 'milk', '[\"b\", \"a\"]');"
        "INSERT INTO words(rowid, x) SELECT rowid, x FROM t");
    schema.replicate("t", {{"tags", set()}});
  });
  EXPECT_EQ(value_of(a.db, "SELECT rowid FROM t"), Value(7));
  EXPECT_EQ(value_of(a.db, "SELECT tags FROM t"), Value("[\"a\",\"b\"]"));
  EXPECT_EQ(value_of(a.db, "SELECT x FROM words WHERE words MATCH 'milk'"), Value("milk"));
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('by_x', 'logged')"),
            Value(2));
  a.db.execute("INSERT INTO t(id, x) VALUES('b', 'tea')");
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM log"), Value(2));
  EXPECT_EQ(value_of(a.db, "PRAGMA integrity_check"), Value("ok"));
}

TEST_F(ReplicateTest, RefusesAFilledTableWithAValueThatItsRuleCannotHold) {
  EXPECT_ERROR(a.db.migrate(1,
                            [](Schema& schema) {
                              schema.execute(
                                  "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, tags TEXT);"
                                  "INSERT INTO t VALUES('a', 'no json')");
                              schema.replicate("t", {{"tags", set()}});
                            }),
               ErrorCode::bad_value);
}

TEST_F(ReplicateTest, MergesByKeyWhatTwoDevicesHeldBefore) {
  for (Device* device : {&a, &b}) {
    device->db.migrate(1, [&](Schema& schema) {
      schema.execute("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, x TEXT)");
      schema.execute(device == &a ? "INSERT INTO t VALUES('both', 'a'), ('a', 'a')"
                                  : "INSERT INTO t VALUES('both', 'b'), ('b', 'b')");
      schema.replicate("t");
    });
  }
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(a.db, "SELECT group_concat(id) FROM (SELECT id FROM t ORDER BY id)"),
            Value("a,b,both"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(ReplicateTest, GoesOnCapturingAfterColumnsCameAndWent) {
  for (Device* device : {&a, &b}) {
    testing::migrate_notes(device->db);
    device->db.migrate(2, [](Schema& schema) {
      schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT");
      schema.execute("ALTER TABLE notes DROP COLUMN body");
    });
  }
  a.db.execute("INSERT INTO notes(id, title, colour) VALUES('n', 'Milk', 'white')");
  a.db.execute("UPDATE notes SET colour = 'blue'");
  pull(b.db, a.db);
  EXPECT_EQ(value_of(b.db, "SELECT title || colour FROM notes"), Value("Milkblue"));
}

TEST_F(ReplicateTest, RunsEachMigrationOnce) {
  int runs = 0;
  for (int round = 0; round < 2; ++round) {
    a.db.migrate(1, [&](Schema&) { ++runs; });
    a.db.migrate(2, [&](Schema&) { ++runs; });
  }
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(a.db.schema_version(), 2U);
}

TEST_F(ReplicateTest, CapturesTablesOfEveryShape) {
  std::string wide = "CREATE TABLE wide(a TEXT NOT NULL, b BLOB NOT NULL";
  for (int column = 0; column < 120; ++column) wide += ", c" + std::to_string(column);
  wide += ", PRIMARY KEY(a, b)) WITHOUT ROWID";
  for (Device* device : {&a, &b}) {
    device->db.migrate(1, [&](Schema& schema) {
      schema.execute(wide);
      schema.execute(
          "CREATE TABLE strict(id INTEGER PRIMARY KEY NOT NULL, n INTEGER, "
          "twice INTEGER AS (n * 2)) STRICT");
      schema.replicate("wide");
      schema.replicate("strict");
    });
  }
  a.db.execute("INSERT INTO wide(a, b, c0, c119) VALUES('k', x'00ff', 1, 'last')");
  a.db.execute("INSERT INTO strict(id, n) VALUES(5, 21)");
  pull(b.db, a.db);
  b.db.execute("UPDATE wide SET c119 = 1.0, c60 = x'01'");
  b.db.execute("UPDATE strict SET n = 22");
  pull(a.db, b.db);
  EXPECT_EQ(value_of(a.db, "SELECT typeof(c119) || hex(c60) || c0 FROM wide"), Value("real011"));
  EXPECT_EQ(value_of(a.db, "SELECT twice FROM strict"), Value(44));
  b.db.execute("DELETE FROM wide");
  pull(a.db, b.db);
  EXPECT_TRUE(a.db.query("SELECT 1 FROM wide").empty());
  a.db.execute("INSERT INTO wide(a, b) VALUES('k', x'00ff')");
  exchange(a.db, b.db);
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(ReplicateTest, AnIntegerKeyMustBeGiven) {
  a.db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE t(id INTEGER PRIMARY KEY NOT NULL, x)");
    schema.replicate("t");
  });
  EXPECT_THROW(a.db.execute("INSERT INTO t(x) VALUES(1)"), Error);
  a.db.execute("INSERT INTO t(id, x) VALUES(?, 1)", a.db.new_integer_id());
  EXPECT_EQ(a.db.query("SELECT 1 FROM t").size(), 1U);
}

TEST_F(ReplicateTest, CascadesAreCapturedAndNotDoubledAtTheReceiver) {
  for (Device* device : {&a, &b}) {
    device->db.execute("PRAGMA foreign_keys = ON");
    device->db.migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL);"
          "CREATE TABLE items(id TEXT PRIMARY KEY NOT NULL, list TEXT REFERENCES "
          "lists(id) ON DELETE CASCADE)");
      schema.replicate("lists");
      schema.replicate("items");
    });
  }
  a.db.execute("INSERT INTO lists(id) VALUES('l')");
  a.db.execute("INSERT INTO items(id, list) VALUES('i', 'l'), ('j', 'l')");
  pull(b.db, a.db);
  a.db.execute("DELETE FROM lists");
  pull(b.db, a.db);
  EXPECT_TRUE(b.db.query("SELECT 1 FROM items").empty());
  EXPECT_EQ(b.db.vector()[b.db.id()], 0U);
}

}  // namespace
}  // namespace rill
