#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::pull;
using testing::value_of;

/// Two devices with the usual table.
class CaptureTest : public ::testing::Test {
 public:
  CaptureTest() {
    testing::migrate_notes(a.db);
    testing::migrate_notes(b.db);
  }

  std::uint64_t counter() { return a.db.vector()[a.db.id()]; }

  testing::TemporaryFolder folder;
  testing::Device a{folder / "a.db"};
  testing::Device b{folder / "b.db"};
};

TEST_F(CaptureTest, AnInsertReachesTheOtherDevice) {
  a.db.execute("INSERT INTO notes(id, title, tags) VALUES('n', 'Milk', '[\"shop\"]')");
  EXPECT_EQ(pull(b.db, a.db), 1U);
  const Row row = b.db.query("SELECT title, body, tags, views FROM notes").front();
  EXPECT_EQ(row.get<std::string>("title"), "Milk");
  EXPECT_EQ(row.get<std::string>("body"), "empty");
  EXPECT_EQ(row.get<std::string>("tags"), "[\"shop\"]");
  EXPECT_EQ(row.get<int>("views"), 0);
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(CaptureTest, ConcurrentUpdatesMergeByTheRulesOfTheirColumns) {
  a.db.execute("INSERT INTO notes(id, title, tags) VALUES('n', 'Milk', '[\"shop\"]')");
  pull(b.db, a.db);
  a.db.execute("UPDATE notes SET title = 'Oat milk', views = views + 1, tags = '[\"shop\",\"a\"]'");
  b.clock->advance(10);
  b.db.execute("UPDATE notes SET title = 'Soy milk', views = views + 2, tags = '[\"b\"]'");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_EQ(value_of(*db, "SELECT title FROM notes"), Value("Soy milk"));
    EXPECT_EQ(value_of(*db, "SELECT views FROM notes"), Value(3));
    EXPECT_EQ(value_of(*db, "SELECT tags FROM notes"), Value("[\"a\",\"b\"]"));
    ASSERT_EQ(db->conflicts().size(), 1U);
    EXPECT_EQ(db->conflicts()[0].others.at(0).value, Value("Oat milk"));
  }
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(CaptureTest, AWholeTransactionSharesOneDot) {
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id) VALUES('1')");
    a.db.execute("INSERT INTO notes(id) VALUES('2')");
    a.db.execute("UPDATE notes SET title = 'x'");
  });
  EXPECT_EQ(counter(), 1U);
}

TEST_F(CaptureTest, AnUpdateThatChangesNothingIsNoEvent) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  const VersionVector before = a.db.vector();
  pull(b.db, a.db);
  a.db.execute("UPDATE notes SET title = 'Milk'");
  EXPECT_EQ(pull(b.db, a.db), 0U);
  EXPECT_TRUE(before <= a.db.vector());
}

TEST_F(CaptureTest, ARolledBackTransactionLeavesNoDotBehind) {
  a.db.execute("INSERT INTO notes(id) VALUES('n')");
  EXPECT_THROW(a.db.transaction([&] {
    a.db.execute("UPDATE notes SET title = 'x'");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(counter(), 1U);
  a.db.execute("UPDATE notes SET title = 'y'");
  EXPECT_EQ(counter(), 2U);
}

TEST_F(CaptureTest, ADeleteBeatenByAConcurrentUpdateBringsTheWholeRowBack) {
  a.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 'Milk', 'two litres')");
  pull(b.db, a.db);
  a.db.execute("DELETE FROM notes");
  b.db.execute("UPDATE notes SET title = 'Oat milk'");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_EQ(value_of(*db, "SELECT title || '/' || body FROM notes"),
              Value("Oat milk/two litres"));
  }
}

TEST_F(CaptureTest, ADeleteThatSawEverythingRemovesTheRowEverywhere) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  pull(b.db, a.db);
  b.db.execute("DELETE FROM notes");
  exchange(a.db, b.db);
  EXPECT_TRUE(a.db.query("SELECT 1 FROM notes").empty());
  EXPECT_EQ(pull(a.db, b.db), 0U);
}

TEST_F(CaptureTest, InsertOrReplaceOverwritesEveryColumn) {
  a.db.execute("INSERT INTO notes(id, title, views) VALUES('n', 'Milk', 5)");
  pull(b.db, a.db);
  a.db.execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n', 'new')");
  pull(b.db, a.db);
  const Row row = b.db.query("SELECT title, body, views FROM notes").front();
  EXPECT_TRUE(row["title"].is_null());
  EXPECT_EQ(row["body"], Value("new"));
  EXPECT_EQ(row["views"], Value(0));
}

TEST_F(CaptureTest, AChangedKeyIsADeleteAndAnInsert) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  pull(b.db, a.db);
  a.db.execute("UPDATE notes SET id = 'm', title = 'Oat milk'");
  pull(b.db, a.db);
  const Rows rows = b.db.query("SELECT id, title FROM notes");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].get<std::string>("id"), "m");
  EXPECT_EQ(rows[0].get<std::string>("title"), "Oat milk");
}

TEST_F(CaptureTest, RawTransactionsAndSavepointsAreCaptured) {
  sqlite3* db = a.db.handle();
  ASSERT_EQ(sqlite3_exec(db,
                         "BEGIN; INSERT INTO notes(id, title) VALUES('1', 'kept');"
                         "SAVEPOINT s; INSERT INTO notes(id) VALUES('2'); ROLLBACK TO s; RELEASE s;"
                         "COMMIT",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  pull(b.db, a.db);
  EXPECT_EQ(b.db.query("SELECT id FROM notes").size(), 1U);
  EXPECT_EQ(counter(), 1U);
}

TEST_F(CaptureTest, AFailedMultiRowStatementLeavesNothing) {
  EXPECT_ERROR(
      a.db.execute("INSERT INTO notes(id, tags) VALUES('1', '[\"a\"]'), ('2', 'not json')"),
      ErrorCode::bad_value);
  EXPECT_TRUE(a.db.query("SELECT 1 FROM notes").empty());
  EXPECT_EQ(counter(), 0U);
}

TEST_F(CaptureTest, ValuesAreBroughtToTheNormalFormOfTheirRule) {
  a.db.execute("INSERT INTO notes(id, tags) VALUES('n', '[ \"b\", \"a\", \"b\" ]')");
  EXPECT_EQ(value_of(a.db, "SELECT tags FROM notes"), Value("[\"a\",\"b\"]"));
  a.db.execute("UPDATE notes SET tags = '[\"c\", \"a\"]'");
  EXPECT_EQ(value_of(a.db, "SELECT tags FROM notes"), Value("[\"a\",\"c\"]"));
  const std::uint64_t before = counter();
  pull(b.db, a.db);
  a.db.execute("UPDATE notes SET tags = '[\"c\",   \"a\"]'");
  EXPECT_EQ(value_of(a.db, "SELECT tags FROM notes"), Value("[\"a\",\"c\"]"));
  EXPECT_EQ(pull(b.db, a.db), 0U);
  EXPECT_LE(before, counter());
}

TEST_F(CaptureTest, ChangesAndLastInsertRowidAreAsTheAppExpects) {
  EXPECT_EQ(a.db.execute("INSERT INTO notes(id, tags) VALUES('1', '[ ]'), ('2', '[]')"), 2);
  EXPECT_EQ(sqlite3_last_insert_rowid(a.db.handle()), 2);
  EXPECT_EQ(a.db.execute("UPDATE notes SET title = 'x', tags = '[ 1 ]'"), 2);
  EXPECT_EQ(a.db.execute("DELETE FROM notes WHERE id = '1'"), 1);
  EXPECT_EQ(sqlite3_last_insert_rowid(a.db.handle()), 2);
}

TEST_F(CaptureTest, UpsertEditsTheRow) {
  a.db.execute("INSERT INTO notes(id, title, views) VALUES('n', 'Milk', 1)");
  pull(b.db, a.db);
  b.db.execute("UPDATE notes SET views = views + 1");
  a.db.execute(
      "INSERT INTO notes(id, title) VALUES('n', 'x') ON CONFLICT(id) DO UPDATE SET title = "
      "'Oat milk', views = views + 5");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_EQ(value_of(*db, "SELECT title || views FROM notes"), Value("Oat milk7"));
  }
}

TEST_F(CaptureTest, ReopeningContinuesTheCounter) {
  const auto path = folder / "c.db";
  ReplicaId id;
  {
    testing::Device c{path};
    testing::migrate_notes(c.db);
    c.db.execute("INSERT INTO notes(id) VALUES('1')");
    id = c.db.id();
  }
  testing::Device c{path};
  testing::migrate_notes(c.db);
  EXPECT_EQ(c.db.id(), id);
  c.db.execute("INSERT INTO notes(id) VALUES('2')");
  EXPECT_EQ(c.db.vector()[id], 2U);
}

TEST_F(CaptureTest, ClosingFoldsTheLogIntoTheFile) {
  const auto path = folder / "d.db";
  {
    testing::Device d{path};
    testing::migrate_notes(d.db);
    d.db.execute("INSERT INTO notes(id) VALUES('1')");
    static_cast<void>(d.db.query("SELECT * FROM notes"));
  }
  EXPECT_FALSE(std::filesystem::exists(path.string() + "-wal"));
}

TEST_F(CaptureTest, AForeignProgramCannotWriteWithoutRill) {
  sqlite3* stock = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "a.db").c_str(), &stock), SQLITE_OK);
  EXPECT_NE(sqlite3_exec(stock, "INSERT INTO notes(id) VALUES('x')", nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(stock, "SELECT * FROM notes", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(stock);
}

TEST_F(CaptureTest, ARolledBackCounterDoesNotReachIntoLaterRows) {
  a.db.migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE sums(id INTEGER PRIMARY KEY NOT NULL, x REAL)");
    schema.replicate("sums", {{"x", rill::counter()}});
  });
  a.db.execute("INSERT INTO sums(id, x) VALUES(1, 7.6)");
  pull(b.db, a.db);  // from here on 7.6 is a contribution of its own
  EXPECT_THROW(a.db.transaction([&] {
    // 7.6 + (0.02 - 7.6) is not 0.02: the sum is written back in place of what the app wrote.
    a.db.execute("UPDATE sums SET x = 0.02 WHERE id = 1");
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  a.db.execute("INSERT INTO sums(id, x) VALUES(2, 3.5)");
  EXPECT_EQ(value_of(a.db, "SELECT x FROM sums WHERE id = 2"), Value(3.5));
}

TEST_F(CaptureTest, ConcurrentInsertsOfOneKeyShowOneOfThemWhole) {
  a.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 'a', 'a')");
  b.clock->advance(10);
  b.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 'b', 'b')");
  a.db.execute("UPDATE notes SET title = 'a2'");
  a.clock->advance(100);
  a.db.execute("UPDATE notes SET body = 'a2'");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_EQ(value_of(*db, "SELECT title || body FROM notes"), Value("bb"));
  }
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

}  // namespace
}  // namespace rill
