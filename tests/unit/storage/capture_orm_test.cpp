#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

#include "rill/database.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;

/// What an object-relational mapper does with a connection: prepared statements kept for long,
/// transactions and savepoints of its own, hooks, and ids asked for after each insert.
class CaptureByAMapper : public testing::TwoDevices {
 public:
  CaptureByAMapper() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE authors(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
          "CREATE TABLE books(id TEXT PRIMARY KEY NOT NULL, author INTEGER REFERENCES authors(id) "
          "ON DELETE CASCADE, title TEXT, pages INTEGER NOT NULL DEFAULT 0)");
      schema.replicate("authors");
      schema.replicate("books", {{"pages", rill::counter()}});
    });
    run("PRAGMA foreign_keys = ON");
  }

  using Prepared = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

  Prepared prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db(), sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db());
    return {statement, sqlite3_finalize};
  }
  /// Binds, steps and resets, as a mapper does for each object.
  int step(const Prepared& statement, std::int64_t number, const std::string& text) {
    sqlite3_bind_int64(statement.get(), 1, number);
    sqlite3_bind_text(statement.get(), 2, text.c_str(), -1, SQLITE_TRANSIENT);
    const int result_code = sqlite3_step(statement.get());
    sqlite3_reset(statement.get());
    sqlite3_clear_bindings(statement.get());
    return result_code;
  }
  void run(const std::string& sql) { ASSERT_EQ(raw(sql), SQLITE_OK) << sqlite3_errmsg(db()); }
  sqlite3* db() { return a.db.handle(); }
};

TEST_F(CaptureByAMapper, SeesPreparedStatementsThatAreUsedAgainAndAgain) {
  const Prepared insert = prepare("INSERT INTO authors(id, name) VALUES(?, ?)");
  const Prepared update = prepare("UPDATE authors SET name = ?2 || ' the ' || ?1 || 'th'");
  run("BEGIN");
  for (int id = 1; id <= 3; ++id) {
    EXPECT_EQ(step(insert, id, "Author"), SQLITE_DONE);
    EXPECT_EQ(sqlite3_changes(db()), 1);
    EXPECT_EQ(sqlite3_last_insert_rowid(db()), id);
  }
  run("COMMIT");
  exchange(a.db, b.db);
  EXPECT_EQ(step(update, 4, "Henry"), SQLITE_DONE);
  EXPECT_EQ(sqlite3_changes(db()), 3);
  EXPECT_EQ(sqlite3_last_insert_rowid(db()), 3);
  EXPECT_EQ(step(insert, 9, "Late"), SQLITE_DONE);
  EXPECT_EQ(counter(), 3U);
  EXPECT_EQ(synced("authors"),
            (Lines{"1|'Henry the 4th'", "2|'Henry the 4th'", "3|'Henry the 4th'", "9|'Late'"}));
}

TEST_F(CaptureByAMapper, SeesNestedSavepointsThatAreReleasedAndUndone) {
  run("BEGIN IMMEDIATE; SAVEPOINT unit_1; INSERT INTO authors(id, name) VALUES(1, 'kept')");
  run("SAVEPOINT unit_2; INSERT INTO authors(id, name) VALUES(2, 'undone'); SAVEPOINT unit_3; "
      "UPDATE "
      "authors SET name = 'undone'; RELEASE unit_3; ROLLBACK TO unit_2; RELEASE unit_2");
  run("INSERT INTO books(id, author, title) VALUES('b', 1, 'kept, too'); RELEASE unit_1; COMMIT");
  EXPECT_EQ(synced("authors"), Lines{"1|'kept'"});
  EXPECT_EQ(synced("books"), Lines{"'b'|1|'kept, too'|0"});
  EXPECT_EQ(counter(), 1U);
}

TEST_F(CaptureByAMapper, GoesOnAfterAFlushThatFailed) {
  run("INSERT INTO authors(id, name) VALUES(1, 'one')");
  run("BEGIN; SAVEPOINT flush; UPDATE authors SET name = 'two'");
  EXPECT_EQ(raw("INSERT INTO books(id, author) VALUES('b', 99)") & 0xFF, SQLITE_CONSTRAINT);
  run("ROLLBACK TO flush; RELEASE flush; INSERT INTO books(id, author) VALUES('b', 1); COMMIT");
  EXPECT_EQ(synced("authors"), Lines{"1|'one'"});
  EXPECT_EQ(synced("books"), Lines{"'b'|1|NULL|0"});
}

TEST_F(CaptureByAMapper, SeesAWriteBackOfWholeObjectsAsTheColumnsThatChanged) {
  run("INSERT INTO authors(id, name) VALUES(1, 'one'); INSERT INTO books(id, author, title, pages) "
      "VALUES('b', 1, 'Title', 100)");
  exchange(a.db, b.db);
  b.db.execute("UPDATE books SET title = 'Better title', pages = pages + 5");
  run("UPDATE books SET id = 'b', author = 1, title = 'Title', pages = 110 WHERE id = 'b'");
  EXPECT_EQ(synced("books"), Lines{"'b'|1|'Better title'|115"});
  // Even with Rill's columns among them, as from SELECT *.
  const Prepared select = prepare("SELECT _rill_seq, _rill_meta FROM books");
  ASSERT_EQ(sqlite3_step(select.get()), SQLITE_ROW);
  const Prepared write_back =
      prepare("UPDATE books SET title = 'Best', _rill_seq = ?, _rill_meta = ?");
  sqlite3_bind_value(write_back.get(), 1, sqlite3_column_value(select.get(), 0));
  sqlite3_bind_value(write_back.get(), 2, sqlite3_column_value(select.get(), 1));
  sqlite3_reset(select.get());
  EXPECT_EQ(sqlite3_step(write_back.get()), SQLITE_DONE) << sqlite3_errmsg(db());
  EXPECT_EQ(synced("books"), Lines{"'b'|1|'Best'|115"});
}

TEST_F(CaptureByAMapper, SeesUpsertsThatReturnAndDeletesThatCascade) {
  const Prepared save = prepare(
      "INSERT INTO authors(id, name) VALUES(?, ?) ON CONFLICT(id) DO UPDATE SET name = "
      "excluded.name RETURNING id, name");
  for (const char* name : {"first", "second"}) {
    sqlite3_bind_int64(save.get(), 1, 7);
    sqlite3_bind_text(save.get(), 2, name, -1, SQLITE_TRANSIENT);
    ASSERT_EQ(sqlite3_step(save.get()), SQLITE_ROW);
    EXPECT_STREQ(reinterpret_cast<const char*>(sqlite3_column_text(save.get(), 1)), name);
    EXPECT_EQ(sqlite3_step(save.get()), SQLITE_DONE);
    sqlite3_reset(save.get());
  }
  run("INSERT INTO books(id, author) VALUES('b', 7), ('c', 7)");
  EXPECT_EQ(synced("books").size(), 2U);
  run("DELETE FROM authors");
  EXPECT_EQ(sqlite3_changes(db()), 1);
  EXPECT_EQ(synced("books"), Lines{});
}

TEST_F(CaptureByAMapper, SeesWritesBetweenTheRowsOfAnOpenQuery) {
  run("INSERT INTO authors(id, name) VALUES(1, 'a'), (2, 'b'), (3, 'c')");
  const Prepared select = prepare("SELECT id, name FROM authors ORDER BY id");
  const Prepared insert = prepare("INSERT INTO books(author, id) VALUES(?, ?)");
  while (sqlite3_step(select.get()) == SQLITE_ROW) {
    const std::int64_t author = sqlite3_column_int64(select.get(), 0);
    EXPECT_EQ(step(insert, author, "book " + std::to_string(author)), SQLITE_DONE);
  }
  sqlite3_reset(select.get());
  EXPECT_EQ(synced("books").size(), 3U);
  EXPECT_EQ(counter(), 4U);
}

TEST_F(CaptureByAMapper, GivesOldStatementsTheNewSchema) {
  const Prepared insert = prepare("INSERT INTO authors(id, name) VALUES(?, ?)");
  EXPECT_EQ(step(insert, 1, "before"), SQLITE_DONE);
  migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE authors ADD COLUMN born INTEGER DEFAULT 1900");
  });
  EXPECT_EQ(step(insert, 2, "after"), SQLITE_DONE);
  EXPECT_EQ(synced("authors"), (Lines{"1|'before'|1900", "2|'after'|1900"}));
}

}  // namespace
}  // namespace rill
