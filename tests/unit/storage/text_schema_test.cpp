#include <gtest/gtest.h>

#include <string>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

// Texts of tables and columns that come, go, change, and are touched by others.

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::findings;
using testing::Lines;
using testing::lines;
using testing::run_stock;
using testing::value_of;

void create(Schema& schema) {
  schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT)");
  schema.replicate("notes", {{"body", text()}});
}

class TextSchema : public testing::TwoDevices {
 public:
  /// Both have the note, edited.
  void share() {
    migrate(1, create);
    a.db.execute("INSERT INTO notes(id, body) VALUES('n', 'shared')");
    a.db.execute("UPDATE notes SET body = 'shared text'");
    synced("notes");
  }
  static void write(Device& device, const std::string& body) {
    EXPECT_EQ(device.db.execute("UPDATE notes SET body = ? WHERE id = 'n'", body), 1);
  }
  static std::int64_t cells(Device& device) {
    return value_of(device.db, "SELECT count(*) FROM rill_text").integer();
  }

  Device relay{folder / "relay.db"};
};

TEST_F(TextSchema, OfATableThatARelayLacksPassesThrough) {
  share();
  exchange(a.db, relay.db);
  write(a, "shared text of a");
  exchange(a.db, relay.db);
  exchange(relay.db, b.db);
  write(b, "(shared text of a");
  write(a, "shared texts of a");
  exchange(b.db, relay.db);
  exchange(a.db, relay.db);
  exchange(b.db, relay.db);
  EXPECT_EQ(lines(b.db, "notes"), Lines{"'n'|NULL|'(shared texts of a'"});
  EXPECT_EQ(findings(relay.db), "");
  // The relay gets the table at last, and edits on.
  relay.db.migrate(1, create);
  EXPECT_EQ(lines(relay.db, "notes"), Lines{"'n'|NULL|'(shared texts of a'"});
  EXPECT_EQ(findings(relay.db), "");
  write(relay, "(shared texts of a)");
  write(a, "(Shared texts of a");
  exchange(relay.db, a.db);
  exchange(relay.db, b.db);
  EXPECT_EQ(lines(a.db, "notes"), Lines{"'n'|NULL|'(Shared texts of a)'"});
  EXPECT_EQ(synced("notes"), Lines{"'n'|NULL|'(Shared texts of a)'"});
  EXPECT_EQ(relay.db.digest(), a.db.digest());
  EXPECT_EQ(cells(relay), 1);
}

TEST_F(TextSchema, OfAColumnThatARelayLacksPassesThrough) {
  share();
  relay.db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
    schema.replicate("notes");
  });
  exchange(a.db, relay.db);
  write(a, "shared text of a");
  write(b, "(shared text");
  relay.db.execute("UPDATE notes SET title = 'of the relay'");
  exchange(a.db, relay.db);
  exchange(b.db, relay.db);
  exchange(a.db, relay.db);
  EXPECT_EQ(findings(relay.db), "");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'of the relay'|'(shared text of a'"});
  relay.db.migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE notes ADD COLUMN body TEXT");
    schema.replicate("notes", {{"body", text()}});
  });
  EXPECT_EQ(lines(relay.db, "notes"), Lines{"'n'|'of the relay'|'(shared text of a'"});
  write(relay, "(shared text of a)");
  exchange(a.db, relay.db);
  EXPECT_EQ(synced("notes"), Lines{"'n'|'of the relay'|'(shared text of a)'"});
  EXPECT_EQ(relay.db.digest(), a.db.digest());
}

TEST_F(TextSchema, OfADroppedTableIsPassedOnAndComesBack) {
  share();
  b.db.migrate(2, [](Schema& schema) { schema.execute("DROP TABLE notes"); });
  write(a, "shared text, edited");
  exchange(a.db, b.db);
  relay.db.migrate(1, create);
  exchange(b.db, relay.db);
  EXPECT_EQ(lines(relay.db, "notes"), Lines{"'n'|NULL|'shared text, edited'"});
  // Another table may get the number of the dropped one; its texts are its own.
  b.db.migrate(3, [](Schema& schema) {
    schema.execute("CREATE TABLE others(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT)");
    schema.replicate("others", {{"body", text()}});
  });
  b.db.execute("INSERT INTO others(id, body) VALUES('n', 'of others')");
  b.db.execute("UPDATE others SET body = 'of the others'");
  b.db.execute("INSERT OR REPLACE INTO others(id, body) VALUES('n', 'again')");
  b.db.execute("UPDATE others SET body = 'again and again'");
  b.db.migrate(4, create);
  EXPECT_EQ(lines(b.db, "notes"), Lines{"'n'|NULL|'shared text, edited'"});
  EXPECT_EQ(lines(b.db, "others"), Lines{"'n'|NULL|'again and again'"});
  EXPECT_EQ(findings(b.db), "");
  write(b, "Shared text, edited");
  write(a, "shared text, edited twice");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "notes"), Lines{"'n'|NULL|'Shared text, edited twice'"});
  EXPECT_EQ(lines(b.db, "notes"), lines(a.db, "notes"));
}

TEST_F(TextSchema, OfADroppedColumnIsPassedOn) {
  share();
  a.db.execute("INSERT INTO notes(id, body) VALUES('plain', 'never edited')");
  synced("notes");
  b.db.migrate(2, [](Schema& schema) { schema.execute("ALTER TABLE notes DROP COLUMN body"); });
  write(a, "shared text of a");
  exchange(a.db, b.db);
  relay.db.migrate(1, create);
  exchange(b.db, relay.db);
  EXPECT_EQ(lines(relay.db, "notes"),
            (Lines{"'n'|NULL|'shared text of a'", "'plain'|NULL|'never edited'"}));
  EXPECT_EQ(findings(b.db), "");
}

TEST_F(TextSchema, OfARenamedColumnIsCarriedOver) {
  share();
  const auto rename = [](Device& device) {
    device.db.migrate(2, [](Schema& schema) {
      schema.execute("ALTER TABLE notes RENAME COLUMN body TO content");
    });
  };
  rename(a);
  a.db.execute("UPDATE notes SET content = 'shared text, renamed'");
  exchange(a.db, b.db);
  b.clock->advance(10'000);
  write(b, "Shared text");
  rename(b);
  EXPECT_EQ(findings(b.db), "");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "notes"), lines(b.db, "notes"));
  EXPECT_EQ(findings(a.db), "");
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(TextSchema, OfRowsThatWereThereBeforeIsMerged) {
  a.db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT)");
    schema.execute("INSERT INTO notes VALUES('n', 't', 'from before'), ('m', 't', NULL)");
    schema.replicate("notes", {{"body", text()}});
  });
  b.db.migrate(1, create);
  synced("notes");
  write(a, "from long before");
  write(b, "from before that");
  EXPECT_EQ(synced("notes"), (Lines{"'m'|'t'|NULL", "'n'|'t'|'from long before that'"}));
}

TEST_F(TextSchema, IsNoKindThatAColumnCanChangeTo) {
  share();
  EXPECT_ERROR(
      a.db.migrate(2, [](Schema& schema) { schema.replicate("notes", {{"title", text()}}); }),
      ErrorCode::rule_changed);
  EXPECT_ERROR(
      a.db.migrate(2, [](Schema& schema) { schema.replicate("notes", {{"body", last_writer()}}); }),
      ErrorCode::rule_changed);
  write(a, "as before");
  EXPECT_EQ(synced("notes"), Lines{"'n'|NULL|'as before'"});
}

TEST_F(TextSchema, ThatAnotherProgramChangedIsAnEditOnceItIsRecaptured) {
  share();
  a.db.execute("INSERT INTO notes(id, body) VALUES('plain', 'never edited')");
  synced("notes");
  ASSERT_EQ(
      run_stock(a.db.path(), "DROP TRIGGER rill_update_1; UPDATE notes SET body = 'my ' || body"),
      "ok");
  write(b, "shared text, edited");
  a.db.recapture("notes");
  EXPECT_EQ(synced("notes"),
            (Lines{"'n'|NULL|'my shared text, edited'", "'plain'|NULL|'my never edited'"}));
}

TEST_F(TextSchema, UnderARowRuleIsNoPartOfAVersion) {
  migrate(1, create);
  migrate(2, [](Schema& schema) {
    TableOptions options;
    options.row_rule = row(
        "first", 1, [](const RowConflict& conflict) { return conflict.siblings.front().values; });
    schema.replicate("notes", {}, options);
  });
  a.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 't', 'shared')");
  synced("notes");
  a.db.execute("UPDATE notes SET title = 'of a'");
  write(a, "shared by a");
  b.db.execute("UPDATE notes SET title = 'of b'");
  write(b, "(shared");
  const Lines merged = synced("notes");
  EXPECT_TRUE(merged == Lines{"'n'|'of a'|'(shared by a'"} ||
              merged == Lines{"'n'|'of b'|'(shared by a'"})
      << merged.front();
}

TEST_F(TextSchema, OfDamagedBytesIsAFindingAndNoCrash) {
  share();
  a.db.execute("INSERT INTO notes(id, body) VALUES('m', 'sound')");
  ASSERT_EQ(run_stock(a.db.path(), "UPDATE rill_text SET checkpoint = x'01ff'"), "ok");
  EXPECT_NE(findings(a.db).find("rill_text"), std::string::npos);
  EXPECT_ERROR(write(a, "more"), ErrorCode::corrupt);
  EXPECT_ERROR((void)a.db.edit_text("notes", "n", "body"), ErrorCode::corrupt);
  EXPECT_EQ(a.db.execute("UPDATE notes SET body = 'sound still' WHERE id = 'm'"), 1);
  EXPECT_EQ(lines(a.db, "notes"), (Lines{"'m'|NULL|'sound still'", "'n'|NULL|'shared text'"}));
}

TEST_F(TextSchema, ThatLostItsCellIsAFinding) {
  share();
  ASSERT_EQ(run_stock(a.db.path(), "DELETE FROM rill_text"), "ok");
  EXPECT_NE(findings(a.db), "");
  EXPECT_ERROR(write(a, "more"), ErrorCode::corrupt);
}

}  // namespace
}  // namespace rill
