#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::findings;
using testing::Lines;
using testing::lines;
using testing::run_stock;
using testing::value_of;

constexpr const char* kNotes =
    "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER NOT NULL DEFAULT 0, "
    "tags TEXT NOT NULL DEFAULT '[]')";
/// What a tool does that knows SQLite's recipe for changing a table, and nothing of Rill.
constexpr const char* kRebuilt =
    "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER NOT NULL DEFAULT 0, tags "
    "TEXT NOT NULL DEFAULT '[]'); INSERT INTO x SELECT id, title, n, tags FROM notes; DROP TABLE "
    "notes; ALTER TABLE x RENAME TO notes";
constexpr const char* kRebuiltWithAllColumns =
    "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER NOT NULL DEFAULT 0, tags "
    "TEXT NOT NULL DEFAULT '[]', _rill_seq, _rill_meta); INSERT INTO x SELECT * FROM notes; DROP "
    "TABLE notes; ALTER TABLE x RENAME TO notes";

class RecaptureTest : public testing::TwoDevices {
 public:
  RecaptureTest() {
    migrate(1, [](Schema& schema) {
      schema.execute(kNotes);
      schema.replicate("notes", {{"n", rill::counter()}, {"tags", set()}});
    });
    a.db.execute(
        "INSERT INTO notes(id, title, n, tags) VALUES('1', 'Milk', 1, '[\"a\"]'), "
        "('2', 'Tea', 2, '[\"b\"]'), ('3', 'Rice', 3, '[]')");
    exchange(a.db, b.db);
  }

  void stock(const std::string& sql) { ASSERT_EQ(run_stock(a.db.path(), sql), "ok"); }
  /// Takes the table up again on `a`; returns what both devices show then.
  Lines recaptured(const std::string& table = "notes") {
    a.db.recapture(table);
    return synced(table);
  }
  /// Replicates one table more on both devices.
  void add_table(const std::string& table, const std::string& columns) {
    migrate(2, [&](Schema& schema) {
      schema.execute("CREATE TABLE " + table + columns);
      schema.replicate(table);
    });
  }
};

TEST_F(RecaptureTest, MakesInsertsOfRowsThatLostWhatRillKnewOfThem) {
  stock(kRebuilt);
  stock(
      "UPDATE notes SET title = 'Oat milk', tags = '[\"z\", \"a\"]' WHERE id = '1'; INSERT INTO "
      "notes(id, title) VALUES('4', 'Salt')");
  const Lines expected{"'1'|'Oat milk'|1|'[\"a\",\"z\"]'", "'2'|'Tea'|2|'[\"b\"]'",
                       "'3'|'Rice'|3|'[]'", "'4'|'Salt'|0|'[]'"};
  EXPECT_EQ(recaptured(), expected);
}

TEST_F(RecaptureTest, StampsValuesChangedWhileNoTriggerSawThem) {
  stock(
      "DROP TRIGGER rill_update_1; UPDATE notes SET title = 'Oat milk', n = 7, tags = '[\"z\"]' "
      "WHERE id = '1'");
  const Lines expected{"'1'|'Oat milk'|7|'[\"z\"]'", "'2'|'Tea'|2|'[\"b\"]'", "'3'|'Rice'|3|'[]'"};
  EXPECT_EQ(recaptured(), expected);
}

TEST_F(RecaptureTest, StampsKeysChangedWhileNoTriggerSawThem) {
  stock(kRebuiltWithAllColumns);
  stock("UPDATE notes SET id = '9' WHERE id = '3'");
  a.db.recapture("notes");
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(b.db, "SELECT title FROM notes WHERE id = '9'"), Value("Rice"));
  EXPECT_EQ(findings(a.db) + findings(b.db), "");
  // The new row is one of its own: a delete of it reaches the other device.
  a.db.execute("DELETE FROM notes WHERE id = '9'");
  exchange(a.db, b.db);
  EXPECT_TRUE(b.db.query("SELECT 1 FROM notes WHERE id = '9'").empty());
}

TEST_F(RecaptureTest, MakesInsertsOfRowsWhoseMetaIsNullOrNotReadable) {
  stock(kRebuiltWithAllColumns);
  stock(
      "UPDATE notes SET _rill_meta = NULL, title = 'Oat milk' WHERE id = '1'; UPDATE notes SET "
      "_rill_meta = x'07' WHERE id = '2'; UPDATE notes SET _rill_seq = NULL WHERE id = '3'; "
      "INSERT INTO notes(id, title) VALUES('4', 'Salt')");
  const Lines expected{"'1'|'Oat milk'|1|'[\"a\"]'", "'2'|'Tea'|2|'[\"b\"]'", "'3'|'Rice'|3|'[]'",
                       "'4'|'Salt'|0|'[]'"};
  EXPECT_EQ(recaptured(), expected);
}

TEST_F(RecaptureTest, MakesInsertsOfRowsThatNameEventsOfAnotherFile) {
  const auto migrate_words = [](Schema& schema) {
    schema.execute("CREATE TABLE words(id TEXT PRIMARY KEY NOT NULL, word TEXT)");
    schema.replicate("words");
  };
  migrate(2, migrate_words);
  testing::Device other{folder / "other.db"};
  other.db.migrate(1, migrate_words);
  for (int round = 0; round < 9; ++round) {
    other.db.execute("INSERT OR REPLACE INTO words(id, word) VALUES('8', 'foreign')");
  }
  // No trigger sees an insert that brings values for Rill's columns.
  stock("ATTACH '" + other.db.path().string() +
        "' AS other; INSERT INTO words SELECT * FROM other.words");
  EXPECT_NE(findings(a.db).find("words 8: it names an event"), std::string::npos) << findings(a.db);
  EXPECT_EQ(recaptured("words"), Lines{"'8'|'foreign'"});
}

TEST_F(RecaptureTest, TakesUpANewColumnWithItsValues) {
  stock(
      "ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'red'; UPDATE notes SET colour = 'blue' "
      "WHERE id = '2'");
  a.db.recapture("notes");
  b.db.migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'red'");
  });
  const Lines expected{"'1'|'Milk'|1|'[\"a\"]'|'red'", "'2'|'Tea'|2|'[\"b\"]'|'blue'",
                       "'3'|'Rice'|3|'[]'|'red'"};
  EXPECT_EQ(synced("notes"), expected);
  a.db.execute("UPDATE notes SET colour = 'green' WHERE id = '3'");
  EXPECT_EQ(synced("notes").back(), "'3'|'Rice'|3|'[]'|'green'");
}

TEST_F(RecaptureTest, ShowsWhatOthersWroteToAColumnThatIsNowHere) {
  b.db.migrate(2,
               [](Schema& schema) { schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT"); });
  b.db.execute("UPDATE notes SET colour = 'blue' WHERE id = '1'");
  exchange(a.db, b.db);
  stock("ALTER TABLE notes ADD COLUMN colour TEXT");
  EXPECT_EQ(recaptured().front(), "'1'|'Milk'|1|'[\"a\"]'|'blue'");
}

TEST_F(RecaptureTest, GoesOnWithoutAColumnThatWentAndKeepsItsValuesForOthers) {
  stock(
      "DROP TRIGGER rill_update_1; DROP TRIGGER rill_insert_1; DROP TRIGGER rill_delete_1; DROP "
      "TRIGGER rill_rekey_1; ALTER TABLE notes DROP COLUMN n");
  a.db.recapture("notes");
  a.db.execute("UPDATE notes SET title = 'Oat milk' WHERE id = '1'");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "notes").front(), "'1'|'Oat milk'|'[\"a\"]'");
  EXPECT_EQ(lines(b.db, "notes").front(), "'1'|'Oat milk'|1|'[\"a\"]'");
}

TEST_F(RecaptureTest, MergesWithWhatOthersWroteMeanwhile) {
  stock("DROP TRIGGER rill_update_1; UPDATE notes SET n = n + 10, tags = '[\"a\",\"mine\"]'");
  b.db.execute(
      "UPDATE notes SET title = 'Soy milk', n = n + 5, tags = '[\"a\",\"theirs\"]' WHERE "
      "id = '1'");
  a.clock->advance(10);
  EXPECT_EQ(recaptured().front(), "'1'|'Milk'|16|'[\"a\",\"mine\",\"theirs\"]'");
  const auto conflicts = b.db.conflicts();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].others.at(0).value, Value("Soy milk"));
}

TEST_F(RecaptureTest, WritesOnlyWhatDiffersWhereTheTriggersStood) {
  a.db.execute("UPDATE notes SET n = n + 1 WHERE id = '1'");
  b.db.execute("UPDATE notes SET n = n + 1 WHERE id = '1'");
  exchange(a.db, b.db);
  stock("DROP INDEX rill_seq_1");
  a.db.recapture("notes");
  EXPECT_EQ(testing::pull(b.db, a.db), 0U);
  EXPECT_EQ(synced("notes").front(), "'1'|'Milk'|3|'[\"a\"]'");
}

TEST_F(RecaptureTest, MendsAValueThatItsEntriesDoNotExplain) {
  a.db.execute("UPDATE notes SET n = n + 1 WHERE id = '1'");
  b.db.execute("UPDATE notes SET n = n + 1 WHERE id = '1'");
  exchange(a.db, b.db);
  const std::string trigger =
      value_of(a.db, "SELECT sql FROM sqlite_schema WHERE name = 'rill_update_1'").text();
  stock("DROP TRIGGER rill_update_1; UPDATE notes SET n = 9 WHERE id = '1'; " + trigger);
  EXPECT_EQ(findings(a.db), "notes 1: column n shows something else than its entries say\n");
  EXPECT_EQ(recaptured().front(), "'1'|'Milk'|9|'[\"a\"]'");
}

TEST_F(RecaptureTest, RepeatedChangesNothing) {
  stock(kRebuilt);
  a.db.recapture("notes");
  exchange(a.db, b.db);
  a.db.recapture("notes");
  a.db.recapture("notes");
  EXPECT_EQ(testing::pull(b.db, a.db), 0U);
  EXPECT_EQ(findings(a.db), "");
}

TEST_F(RecaptureTest, GivesRowsPlacesOfTheirOwnInTheOrderOfChanges) {
  stock(kRebuiltWithAllColumns);
  stock("UPDATE notes SET _rill_seq = 1");
  EXPECT_NE(findings(a.db).find("DEFAULT"), std::string::npos);
  EXPECT_EQ(recaptured().size(), 3U);
}

TEST_F(RecaptureTest, FindsADeleteOfARowThatWasInConflict) {
  a.db.execute("UPDATE notes SET title = 'x' WHERE id = '1'");
  b.db.execute("UPDATE notes SET title = 'y' WHERE id = '1'");
  exchange(a.db, b.db);
  stock("DROP TRIGGER rill_delete_1; DELETE FROM notes WHERE id = '1'");
  EXPECT_EQ(recaptured().size(), 2U);
}

TEST_F(RecaptureTest, LeavesForeignKeysAndFullTextAsTheyAre) {
  add_table("lines",
            "(id TEXT PRIMARY KEY NOT NULL, note TEXT REFERENCES notes(id) ON DELETE CASCADE)");
  a.db.execute("PRAGMA foreign_keys = ON");
  a.db.execute("INSERT INTO lines(id, note) VALUES('l', '1')");
  a.db.execute("CREATE VIRTUAL TABLE words USING fts5(title, content='notes')");
  a.db.execute("INSERT INTO words(words) VALUES('rebuild')");
  stock(
      "PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON; CREATE TABLE x(id TEXT PRIMARY "
      "KEY NOT NULL, title TEXT, n INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '[]'); "
      "INSERT INTO x(rowid, id, title, n, tags) SELECT rowid, id, title, n, tags FROM notes; DROP "
      "TABLE notes; ALTER TABLE x RENAME TO notes");
  a.db.recapture("notes");
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM lines"), Value(1));
  EXPECT_EQ(value_of(a.db, "SELECT title FROM words WHERE words MATCH 'rice'"), Value("Rice"));
  EXPECT_EQ(value_of(a.db, "PRAGMA foreign_keys"), Value(1));
  EXPECT_EQ(synced("notes").size(), 3U);
}

TEST_F(RecaptureTest, LeavesEverythingAsItWasWhereItFails) {
  stock(kRebuilt);
  stock("UPDATE notes SET tags = 'not json' WHERE id = '2'");
  const Lines before = lines(a.db, "notes");
  const std::uint64_t counter_before = counter();
  EXPECT_ERROR(a.db.recapture("notes"), ErrorCode::bad_value);
  EXPECT_EQ(lines(a.db, "notes"), before);
  EXPECT_EQ(counter(), counter_before);
  EXPECT_ERROR(a.db.summary(), ErrorCode::capture_lost);
  stock("UPDATE notes SET tags = '[]' WHERE id = '2'");
  EXPECT_EQ(recaptured().size(), 3U);
}

TEST_F(RecaptureTest, TakesUpTablesWithoutRowids) {
  add_table("pairs", "(x INTEGER NOT NULL, y BLOB NOT NULL, v, PRIMARY KEY(x, y)) WITHOUT ROWID");
  a.db.execute("INSERT INTO pairs(x, y, v) VALUES(1, x'00', 'one'), (1, x'01', 'two')");
  exchange(a.db, b.db);
  stock(
      "CREATE TABLE z(x INTEGER NOT NULL, y BLOB NOT NULL, v, PRIMARY KEY(x, y)) WITHOUT ROWID; "
      "INSERT INTO z SELECT x, y, v || '!' FROM pairs; DROP TABLE pairs; ALTER TABLE z RENAME TO "
      "pairs");
  EXPECT_EQ(recaptured("pairs"), (Lines{"1|X'00'|'one!'", "1|X'01'|'two!'"}));
}

}  // namespace
}  // namespace rill
