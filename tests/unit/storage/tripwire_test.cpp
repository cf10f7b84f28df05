#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#define SQLITE_ENABLE_SESSION 1
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;
using testing::lines;

class TripwireTest : public testing::TwoDevices {
 public:
  TripwireTest() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, tags TEXT NOT NULL DEFAULT "
          "'[]');"
          "CREATE TABLE words(id TEXT PRIMARY KEY NOT NULL, word TEXT);"
          "CREATE TABLE parts(id TEXT PRIMARY KEY NOT NULL, word TEXT REFERENCES words(id) ON "
          "DELETE CASCADE ON UPDATE CASCADE);"
          "CREATE TABLE marks(id TEXT PRIMARY KEY NOT NULL, word TEXT REFERENCES words(id) ON "
          "DELETE SET NULL);"
          "CREATE TABLE pairs(x INTEGER NOT NULL, y TEXT NOT NULL, v, g AS (x || y), PRIMARY "
          "KEY(x, "
          "y)) WITHOUT ROWID;"
          "CREATE TABLE log(what TEXT)");
      for (const char* table : {"words", "parts", "marks", "pairs"}) schema.replicate(table);
      schema.replicate("notes", {{"tags", set()}});
    });
    a.db.execute("PRAGMA foreign_keys = ON");
    a.db.execute("INSERT INTO words(id, word) VALUES('1', 'milk'), ('2', 'tea')");
    a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
    a.db.execute("INSERT INTO pairs(x, y, v) VALUES(1, 'p', 'one')");
    exchange(a.db, b.db);
  }

  void disable_triggers() {
    sqlite3_db_config(a.db.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  }

  /// Expects that `sql` fails by the tripwire, that nothing of it stays, and that the next
  /// transaction is captured as ever.
  void expect_tripped(const std::string& sql) {
    const Lines before = lines(a.db, "words");
    const std::uint64_t spent = counter();
    EXPECT_ERROR(a.db.execute(sql), ErrorCode::capture_lost);
    EXPECT_EQ(lines(a.db, "words"), before);
    EXPECT_EQ(counter(), spent);
    EXPECT_NE(raw("BEGIN; " + sql + "; COMMIT"), SQLITE_OK) << sql;
    EXPECT_NE(std::string(sqlite3_errmsg(a.db.handle())).find("words"), std::string::npos)
        << sqlite3_errmsg(a.db.handle());
    EXPECT_NE(sqlite3_get_autocommit(a.db.handle()), 0);
    EXPECT_EQ(lines(a.db, "words"), before);
    try {
      a.db.transaction([&] { a.db.execute(sql); });
      ADD_FAILURE() << sql;
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), "capture_lost") << error.what();
    }
    sqlite3_db_config(a.db.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr);
    a.db.execute("UPDATE words SET word = word || '!' WHERE id = '2'");
    EXPECT_EQ(synced("words").back().find('!') != std::string::npos, true);
  }
};

TEST_F(TripwireTest, FailsATransactionThatUpdatesWhileTriggersAreDisabled) {
  disable_triggers();
  expect_tripped("UPDATE words SET word = 'oat' WHERE id = '1'");
}

TEST_F(TripwireTest, FailsATransactionThatDeletesWhileTriggersAreDisabled) {
  disable_triggers();
  expect_tripped("DELETE FROM words WHERE id = '1'");
}

TEST_F(TripwireTest, FailsATransactionThatEmptiesATableWhileTriggersAreDisabled) {
  disable_triggers();
  expect_tripped("DELETE FROM words");
}

TEST_F(TripwireTest, FailsAnInsertThatBringsValuesForBothOfRillsColumns) {
  expect_tripped(
      "INSERT INTO words(id, word, _rill_seq, _rill_meta) SELECT 'x', word, _rill_seq, _rill_meta "
      "FROM words WHERE id = '1'");
}

TEST_F(TripwireTest, FailsAnInsertThatBringsAValueForOneOfThem) {
  expect_tripped("INSERT INTO words(id, word, _rill_seq) VALUES('x', 'x', 1)");
  expect_tripped("INSERT INTO words(id, word, _rill_meta) VALUES('x', 'x', NULL)");
}

TEST_F(TripwireTest, FailsAnUpdateOfRillsColumns) {
  expect_tripped("UPDATE words SET _rill_seq = 1");
  expect_tripped("UPDATE words SET _rill_meta = NULL WHERE id = '1'");
  // The trigger for values runs, and finds none that differs.
  expect_tripped("UPDATE words SET word = word, _rill_seq = 77 WHERE id = '1'");
  expect_tripped("UPDATE words SET word = 'oat', _rill_seq = 77, _rill_meta = NULL WHERE id = '1'");
}

TEST_F(TripwireTest, FailsAnInsertWithValuesAfterOneThatWasIgnored) {
  EXPECT_ERROR(a.db.transaction([&] {
    a.db.execute("INSERT OR IGNORE INTO words(id) VALUES('1')");
    a.db.execute("INSERT INTO words(id, word, _rill_seq, _rill_meta) VALUES('x', 'x', 1, NULL)");
  }),
               ErrorCode::capture_lost);
}

TEST_F(TripwireTest, FailsAWriteWhoseTriggerIsCutOffByOneOfTheApps) {
  a.db.execute(
      "CREATE TRIGGER stops AFTER UPDATE OF word ON words WHEN new.word = 'stop' BEGIN SELECT "
      "RAISE(IGNORE); END");
  expect_tripped("UPDATE words SET word = 'stop' WHERE id = '1'");
}

// What must pass ---------------------------------------------------------------------------------

TEST_F(TripwireTest, LetsWritesPassThatChangeNothing) {
  a.db.transaction([&] {
    a.db.execute("UPDATE words SET id = id");
    a.db.execute("UPDATE words SET rowid = rowid, word = word");
    a.db.execute("UPDATE words SET _rill_seq = _rill_seq, word = 'oat' WHERE id = '2'");
    a.db.execute("UPDATE pairs SET x = x, y = y, v = v");
    a.db.execute("UPDATE words SET word = 'x' WHERE id = 'none'");
    a.db.execute("INSERT OR IGNORE INTO words(id) VALUES('1')");
    a.db.execute("INSERT INTO words(id) VALUES('1') ON CONFLICT DO NOTHING");
  });
  EXPECT_EQ(synced("words"), (Lines{"'1'|'milk'", "'2'|'oat'"}));
}

TEST_F(TripwireTest, LetsAnInsertPassAfterOneThatWasIgnoredAndADelete) {
  a.db.transaction([&] {
    a.db.execute("INSERT OR IGNORE INTO words(id) VALUES('1')");
    a.db.execute("DELETE FROM words WHERE id = '2'");
    a.db.execute("INSERT INTO words(id, word) VALUES('2', 'coffee')");
  });
  EXPECT_EQ(synced("words"), lines(a.db, "words"));
}

TEST_F(TripwireTest, LetsEveryOrdinaryWritePassInOneTransaction) {
  a.db.execute("DELETE FROM words");
  a.db.execute("INSERT INTO words(id, word) VALUES('1', 'milk'), ('2', 'tea')");
  for (const char* recursive : {"OFF", "ON"}) {
    a.db.execute(std::string("PRAGMA recursive_triggers = ") + recursive);
    a.db.transaction([&] {
      a.db.execute("INSERT INTO parts(id, word) VALUES('p1', '1'), ('p2', '2')");
      a.db.execute("INSERT INTO marks(id, word) VALUES('m1', '1'), ('m2', '2')");
      a.db.execute("REPLACE INTO words(id, word) VALUES('1', 'oat'), ('3', 'rice'), ('1', 'soy')");
      a.db.execute(
          "INSERT INTO words(id, word) VALUES('2', 'x') ON CONFLICT(id) DO UPDATE SET word "
          "= word || '+'");
      a.db.execute("UPDATE OR REPLACE words SET id = '2' WHERE id = '3'");
      a.db.execute("UPDATE words SET id = '5' WHERE id = '1'");
      a.db.execute("UPDATE notes SET tags = '[\"b\", \"a\", \"b\"]'");
      a.db.execute("INSERT OR REPLACE INTO notes(id, tags) VALUES('n', '[ \"c\" ]')");
      a.db.execute("REPLACE INTO pairs(x, y, v) VALUES(1, 'p', 'two'), (2, 'q', 'three')");
      a.db.execute("UPDATE pairs SET x = x + 10, v = v || '!'");
      a.db.execute("DELETE FROM pairs WHERE x = 12");
      a.db.execute("DELETE FROM words WHERE id = '5'");
      a.db.execute("INSERT INTO words(id, word) VALUES('1', 'milk')");
      a.db.execute("DELETE FROM pairs");
      a.db.execute("DELETE FROM parts");
      a.db.execute("DELETE FROM marks");
    });
    for (const char* table : {"words", "parts", "marks", "notes", "pairs"}) synced(table);
  }
}

TEST_F(TripwireTest, ForgetsWhatAFailedStatementAndASavepointUndid) {
  a.db.execute(
      "CREATE TRIGGER aborts AFTER UPDATE OF word ON words WHEN new.word = 'abort' BEGIN SELECT "
      "RAISE(ABORT, 'no'); END");
  disable_triggers();
  ASSERT_EQ(raw("BEGIN; SAVEPOINT s; UPDATE words SET word = 'lost'; ROLLBACK TO s; RELEASE s"),
            SQLITE_OK);
  sqlite3_db_config(a.db.handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, nullptr);
  ASSERT_NE(raw("UPDATE words SET word = 'abort' WHERE id = '1'"), SQLITE_OK);
  ASSERT_EQ(raw("UPDATE words SET word = 'oat' WHERE id = '2'; COMMIT"), SQLITE_OK);
  EXPECT_EQ(synced("words"), (Lines{"'1'|'milk'", "'2'|'oat'"}));
}

TEST_F(TripwireTest, RemembersWhatANestedSavepointKept) {
  disable_triggers();
  EXPECT_EQ(
      raw_error("BEGIN; SAVEPOINT s; UPDATE words SET word = 'lost'; SAVEPOINT t; ROLLBACK TO "
                "t; RELEASE s; COMMIT")
          .substr(0, 36),
      "the transaction wrote to the replica");
  EXPECT_EQ(lines(a.db, "words"), (Lines{"'1'|'milk'", "'2'|'tea'"}));
}

TEST_F(TripwireTest, LeavesOtherTablesAlone) {
  disable_triggers();
  a.db.execute("INSERT INTO log VALUES('x')");
  a.db.execute("UPDATE log SET what = 'y'");
  a.db.execute("DELETE FROM log");
  a.db.execute("CREATE TEMP TABLE words(id, word)");
  a.db.execute("INSERT INTO temp.words VALUES(1, 2)");
  a.db.execute("UPDATE temp.words SET id = 2");
}

TEST_F(TripwireTest, DoesNotDisturbASessionOfTheApps) {
  sqlite3_session* session = nullptr;
  ASSERT_EQ(sqlite3session_create(a.db.handle(), "main", &session), SQLITE_OK);
  ASSERT_EQ(sqlite3session_attach(session, "words"), SQLITE_OK);
  a.db.execute("UPDATE words SET word = 'oat' WHERE id = '1'");
  a.db.execute("DELETE FROM words WHERE id = '2'");
  int size = 0;
  void* changeset = nullptr;
  ASSERT_EQ(sqlite3session_changeset(session, &size, &changeset), SQLITE_OK);
  EXPECT_GT(size, 0);
  sqlite3_free(changeset);
  sqlite3session_delete(session);
  a.db.execute("INSERT INTO words(id, word) VALUES('3', 'rice')");
  EXPECT_EQ(synced("words"), (Lines{"'1'|'oat'", "'3'|'rice'"}));
}

TEST_F(TripwireTest, GivesItsPlaceToAHookOfTheApps) {
  int rows = 0;
  const auto count = [](void* counted, sqlite3*, int, const char*, const char*, sqlite3_int64,
                        sqlite3_int64) { ++*static_cast<int*>(counted); };
  sqlite3_preupdate_hook(a.db.handle(), count, &rows);
  a.db.execute("UPDATE words SET word = 'oat'");
  EXPECT_GE(rows, 2);
  sqlite3_preupdate_hook(a.db.handle(), nullptr, nullptr);
  EXPECT_EQ(synced("words"), (Lines{"'1'|'oat'", "'2'|'oat'"}));
}

TEST_F(TripwireTest, LetsMigrationsWriteAsTheyLike) {
  migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE words ADD COLUMN size INTEGER");
    schema.execute("UPDATE words SET size = length(word)");
    schema.execute("ALTER TABLE words RENAME COLUMN size TO length");
    schema.execute("DELETE FROM pairs");
  });
  a.db.execute("UPDATE words SET length = 9 WHERE id = '2'");
  EXPECT_EQ(synced("words").back(), "'2'|'tea'|9");
}

// Incremental blob writes ------------------------------------------------------------------------

TEST_F(TripwireTest, StandsBesideAnIndexThatKeepsBlobsFromBeingWrittenInPlace) {
  for (const bool foreign : {false, true}) {
    sqlite3* db = a.db.handle();
    if (foreign) {
      ASSERT_EQ(sqlite3_open(a.db.path().c_str(), &db), SQLITE_OK);
    }
    sqlite3_blob* blob = nullptr;
    for (const char* column : {"word", "_rill_meta"}) {
      EXPECT_NE(sqlite3_blob_open(db, "main", "words", column, 1, 1, &blob), SQLITE_OK);
      sqlite3_blob_close(std::exchange(blob, nullptr));
    }
    EXPECT_EQ(sqlite3_blob_open(db, "main", "words", "word", 1, 0, &blob), SQLITE_OK);
    sqlite3_blob_close(blob);
    if (foreign) sqlite3_close(db);
  }
}

}  // namespace
}  // namespace rill
