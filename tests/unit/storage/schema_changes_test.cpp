#include <gtest/gtest.h>

#include <stdexcept>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

// Tables that are dropped and columns that are renamed in migrations, beside devices that have not
// come so far.

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::findings;
using testing::Lines;
using testing::lines;
using testing::migrate_notes;
using testing::pull;
using testing::value_of;

class SchemaChanges : public testing::TwoDevices {
 public:
  SchemaChanges() {
    for (Device* device : {&a, &b, &third}) migrate_notes(device->db);
    a.db.execute(
        "INSERT INTO notes(id, title, tags, views) VALUES('1', 'Milk', '[\"x\"]', 1), "
        "('2', 'Tea', '[]', 2), ('3', 'Rice', '[]', 3)");
    exchange(a.db, b.db);
  }

  static void drop(Device& device) {
    device.db.migrate(2, [](Schema& schema) { schema.execute("DROP TABLE notes"); });
  }
  static void create_again(Device& device) {
    device.db.migrate(3, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT DEFAULT 'empty', "
          "tags TEXT NOT NULL DEFAULT '[]', views INTEGER NOT NULL DEFAULT 0)");
      schema.replicate("notes", {{"tags", set()}, {"views", rill::counter()}});
    });
  }
  static void rename(Device& device, const std::string& from, const std::string& to,
                     std::uint32_t version = 2) {
    device.db.migrate(version, [&](Schema& schema) {
      schema.execute("ALTER TABLE notes RENAME COLUMN " + from + " TO " + to);
    });
  }
  /// The column of all rows, in the order of their ids.
  static std::string column(Device& device, const std::string& name) {
    return to_display(value_of(device.db, "SELECT group_concat(v) FROM (SELECT coalesce(" + name +
                                              ", '-') AS v FROM notes ORDER BY id)"));
  }

  Device third{folder / "third.db"};
};

// Dropped tables ---------------------------------------------------------------------------------

TEST_F(SchemaChanges, ADroppedTableIsStillForwardedAsItWas) {
  a.db.execute("UPDATE notes SET title = 'Oat milk', views = views + 5 WHERE id = '1'");
  a.db.execute("DELETE FROM notes WHERE id = '2'");
  a.db.execute("DELETE FROM notes WHERE id = '3'");
  a.db.execute("INSERT INTO notes(id, title) VALUES('3', 'Basmati')");
  drop(a);
  EXPECT_TRUE(a.db.query("SELECT 1 FROM sqlite_schema WHERE name = 'notes'").empty());
  EXPECT_EQ(findings(a.db), "");
  pull(b.db, a.db);
  pull(third.db, a.db);
  const Lines expected{"'1'|'Oat milk'|'empty'|'[\"x\"]'|6", "'3'|'Basmati'|'empty'|'[]'|0"};
  EXPECT_EQ(lines(b.db, "notes"), expected);
  EXPECT_EQ(lines(third.db, "notes"), expected);
  EXPECT_EQ(b.db.digest(), third.db.digest());
}

TEST_F(SchemaChanges, ADroppedTableGoesOnMergingForOthers) {
  drop(a);
  b.db.execute("UPDATE notes SET views = views + 1, tags = '[\"x\",\"y\"]' WHERE id = '1'");
  b.db.execute("DELETE FROM notes WHERE id = '2'");
  b.db.execute("INSERT INTO notes(id, title) VALUES('4', 'Salt')");
  pull(third.db, a.db);
  third.db.execute("UPDATE notes SET views = views + 10, tags = '[\"x\",\"z\"]' WHERE id = '1'");
  exchange(a.db, b.db);
  exchange(a.db, third.db);
  exchange(a.db, b.db);
  EXPECT_EQ(lines(b.db, "notes").front(), "'1'|'Milk'|'empty'|'[\"x\",\"y\",\"z\"]'|12");
  EXPECT_EQ(lines(b.db, "notes"), lines(third.db, "notes"));
  EXPECT_EQ(b.db.digest(), third.db.digest());
  EXPECT_EQ(findings(a.db), "");
}

TEST_F(SchemaChanges, ADroppedTableComesBackAsItIsByThen) {
  a.db.execute("UPDATE notes SET title = 'mine' WHERE id = '1'");
  b.db.execute("UPDATE notes SET title = 'theirs' WHERE id = '1'");
  exchange(a.db, b.db);
  const std::size_t conflicts = a.db.conflicts().size();
  ASSERT_EQ(conflicts, 1U);
  a.db.execute("DELETE FROM notes WHERE id = '3'");
  drop(a);
  b.db.execute("UPDATE notes SET views = views + 1");
  exchange(a.db, b.db);
  create_again(a);
  EXPECT_EQ(a.db.conflicts().size(), conflicts);
  // The delete of 3 was concurrent with b's edit, which wins.
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_EQ(column(a, "views"), "2,3,4");
  a.db.execute("UPDATE notes SET views = views + 1");
  a.db.execute("DELETE FROM notes WHERE id = '2'");
  EXPECT_EQ(synced("notes").size(), 2U);
}

TEST_F(SchemaChanges, ATableThatIsDroppedTakesNoOtherWithIt) {
  migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL, name TEXT)");
    schema.replicate("lists");
  });
  a.db.execute("INSERT INTO lists(id, name) VALUES('l', 'Groceries')");
  a.db.migrate(3, [](Schema& schema) {
    // A comment before the statement.
    schema.execute("-- no more notes\nDROP TABLE IF EXISTS notes; DROP TABLE IF EXISTS absent");
    schema.execute("CREATE TABLE marks(id TEXT PRIMARY KEY NOT NULL, note TEXT)");
    schema.replicate("marks");
  });
  a.db.execute("UPDATE lists SET name = 'Food'");
  a.db.execute("INSERT INTO marks(id, note) VALUES('m', '1')");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(b.db, "lists"), Lines{"'l'|'Food'"});
  EXPECT_EQ(findings(a.db) + findings(b.db), "");
}

TEST_F(SchemaChanges, AMigrationThatFailsAfterADropLeavesTheTable) {
  const Lines before = lines(a.db, "notes");
  EXPECT_THROW(a.db.migrate(2,
                            [](Schema& schema) {
                              schema.execute("DROP TABLE notes");
                              throw std::runtime_error("undo");
                            }),
               std::runtime_error);
  EXPECT_EQ(lines(a.db, "notes"), before);
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM rill_unknown"), Value(0));
  a.db.execute("UPDATE notes SET title = 'x'");
  EXPECT_EQ(synced("notes").size(), 3U);
}

TEST_F(SchemaChanges, ATableMadeAnewInOneMigrationIsRefused) {
  const auto rebuild = [&](const std::function<void(Schema&)>& last) {
    a.db.migrate(2, [&](Schema& schema) {
      schema.execute(
          "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT); INSERT INTO x SELECT id, "
          "title FROM notes; DROP TABLE notes; ALTER TABLE x RENAME TO notes");
      last(schema);
    });
  };
  EXPECT_ERROR(rebuild([](Schema&) {}), ErrorCode::cannot_replicate);
  EXPECT_ERROR(rebuild([](Schema& schema) { schema.replicate("notes"); }),
               ErrorCode::cannot_replicate);
  EXPECT_EQ(synced("notes").size(), 3U);
}

TEST_F(SchemaChanges, ATableKeepsItsName) {
  EXPECT_ERROR(
      a.db.migrate(2, [](Schema& schema) { schema.execute("ALTER TABLE notes RENAME TO memos"); }),
      ErrorCode::cannot_replicate);
  EXPECT_EQ(synced("notes").size(), 3U);
}

// Renamed columns --------------------------------------------------------------------------------

TEST_F(SchemaChanges, ARenamedColumnReachesDevicesThatRenameItLater) {
  rename(a, "title", "heading");
  a.db.execute("UPDATE notes SET heading = 'Oat milk' WHERE id = '1'");
  exchange(a.db, b.db);
  EXPECT_EQ(column(b, "title"), "Milk,Tea,Rice");
  a.clock->advance(1'000);
  b.clock->advance(2'000);
  rename(b, "title", "heading");
  EXPECT_EQ(column(b, "heading"), "Oat milk,Tea,Rice");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_TRUE(b.db.conflicts().empty());
}

TEST_F(SchemaChanges, ARenamedColumnReachesDevicesThatNeverHadTheOldName) {
  rename(a, "title", "heading");
  const auto changed = pull(third.db, a.db);
  EXPECT_EQ(changed, 3U);
  third.db.migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE notes DROP COLUMN title; ALTER TABLE notes ADD COLUMN heading");
  });

  EXPECT_EQ(column(third, "heading"), "Milk,Tea,Rice");
}

TEST_F(SchemaChanges, WritesUnderTheOldNameAreCarriedOverByTheDeviceThatMadeThem) {
  rename(a, "title", "heading");
  exchange(a.db, b.db);
  b.clock->advance(1'000);
  b.db.execute("UPDATE notes SET title = 'Soy milk' WHERE id = '1'");
  exchange(a.db, b.db);
  EXPECT_EQ(column(a, "heading"), "Milk,Tea,Rice");
  rename(b, "title", "heading");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_EQ(column(a, "heading"), "Soy milk,Tea,Rice");
  EXPECT_TRUE(a.db.conflicts().empty());
}

TEST_F(SchemaChanges, TwoDevicesThatRenameBeforeTheyMeetMerge) {
  b.clock->advance(1'000);
  b.db.execute("UPDATE notes SET title = 'Soy milk' WHERE id = '1'");
  rename(a, "title", "heading");
  rename(b, "title", "heading");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_EQ(column(a, "heading"), "Soy milk,Tea,Rice");
  a.db.execute("UPDATE notes SET heading = 'x'");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_TRUE(b.db.conflicts().empty());
}

TEST_F(SchemaChanges, ARenamedColumnKeepsItsRule) {
  rename(a, "views", "reads");
  exchange(a.db, b.db);
  b.clock->advance(1'000);
  b.db.execute("UPDATE notes SET views = views + 10 WHERE id = '1'");
  rename(b, "views", "reads");
  EXPECT_EQ(column(b, "reads"), "11,2,3");
  a.db.execute("UPDATE notes SET reads = reads + 1");
  b.db.execute("UPDATE notes SET reads = reads + 1");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_EQ(column(a, "reads"), "13,4,5");
  EXPECT_ERROR(
      a.db.migrate(3,
                   [](Schema& schema) { schema.replicate("notes", {{"reads", last_writer()}}); }),
      ErrorCode::rule_changed);
}

TEST_F(SchemaChanges, CountersRenamedByDevicesThatHaveNotMetAddUp) {
  rename(a, "views", "reads");
  rename(b, "views", "reads");
  EXPECT_EQ(synced("notes").size(), 3U);
  EXPECT_EQ(column(a, "reads"), "2,4,6");
}

TEST_F(SchemaChanges, ARenamedSetMergesElementByElement) {
  rename(a, "tags", "labels");
  a.db.execute("UPDATE notes SET labels = '[\"x\",\"a\"]' WHERE id = '1'");
  exchange(a.db, b.db);
  b.clock->advance(1'000);
  b.db.execute("UPDATE notes SET tags = '[\"b\"]' WHERE id = '1'");
  rename(b, "tags", "labels");
  EXPECT_EQ(synced("notes").size(), 3U);
  // What b saw in the new column, a's element among it, is what its old one is compared with.
  EXPECT_EQ(value_of(a.db, "SELECT labels FROM notes WHERE id = '1'"), Value("[\"b\"]"));
}

TEST_F(SchemaChanges, StatementsAfterARenameBuildOnIt) {
  a.db.migrate(2, [](Schema& schema) {
    schema.execute(
        "ALTER TABLE notes RENAME COLUMN views TO reads; UPDATE notes SET reads = reads + 1; ALTER "
        "TABLE notes RENAME COLUMN title TO heading; UPDATE notes SET heading = upper(heading)");
  });
  EXPECT_EQ(column(a, "reads") + " " + column(a, "heading"), "2,3,4 MILK,TEA,RICE");
  exchange(a.db, b.db);
  b.db.migrate(2, [](Schema& schema) {
    schema.execute(
        "ALTER TABLE notes RENAME COLUMN views TO reads; ALTER TABLE notes RENAME COLUMN title TO "
        "heading");
  });
  EXPECT_EQ(column(b, "reads") + " " + column(b, "heading"), "2,3,4 MILK,TEA,RICE");
  EXPECT_EQ(synced("notes").size(), 3U);
}

TEST_F(SchemaChanges, AColumnRenamedThereAndBackShowsTheLatest) {
  rename(a, "title", "heading");
  a.clock->advance(1'000);
  a.db.execute("UPDATE notes SET heading = 'Oat milk' WHERE id = '1'");
  rename(a, "heading", "title", 3);
  EXPECT_EQ(synced("notes").front(), "'1'|'Oat milk'|'empty'|'[\"x\"]'|1");
}

TEST_F(SchemaChanges, ARenameUnderARowRuleWritesWholeRows) {
  const RowRule last =
      row("last", 1, [](const RowConflict& conflict) { return conflict.siblings.back().values; });
  migrate(2, [&](Schema& schema) {
    schema.execute("CREATE TABLE spots(id TEXT PRIMARY KEY NOT NULL, x INTEGER, y INTEGER)");
    schema.replicate("spots", {}, {.row_rule = last});
  });
  a.db.execute("INSERT INTO spots(id, x, y) VALUES('s', 1, 2)");
  exchange(a.db, b.db);
  a.db.migrate(3, [](Schema& schema) { schema.execute("ALTER TABLE spots RENAME COLUMN y TO z"); });
  exchange(a.db, b.db);
  b.db.migrate(3, [](Schema& schema) { schema.execute("ALTER TABLE spots RENAME COLUMN y TO z"); });
  EXPECT_EQ(synced("spots"), Lines{"'s'|1|2"});
}

TEST_F(SchemaChanges, AnAddedColumnShowsInOldRowsWhatItsRuleMakesOfNothing) {
  const auto add_columns = [](Device& device) {
    device.db.migrate(2, [](Schema& schema) {
      schema.execute("ALTER TABLE notes ADD COLUMN labels TEXT");
      schema.execute("ALTER TABLE notes ADD COLUMN options TEXT");
      schema.replicate("notes", {{"labels", set()}});
      schema.replicate("notes", {{"options", map()}});  // in a second call, too
    });
  };
  add_columns(a);
  add_columns(third);
  exchange(a.db, third.db);
  const VersionVector before = a.db.vector();
  EXPECT_EQ(column(a, "labels"), "[],[],[]");
  EXPECT_EQ(column(a, "options"), "{},{},{}");
  EXPECT_EQ(lines(a.db, "notes"), lines(third.db, "notes")) << "a row has come, or was there";
  EXPECT_EQ(findings(a.db), "");
  add_columns(b);
  exchange(a.db, b.db);
  EXPECT_EQ(a.db.vector(), before) << "showing it is no write";
  EXPECT_EQ(lines(a.db, "notes"), lines(b.db, "notes"));
}

TEST_F(SchemaChanges, ARenamedKeyIsTheSameKey) {
  rename(a, "id", "note");
  a.db.execute("UPDATE notes SET title = 'Oat milk' WHERE note = '1'");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "notes"), lines(b.db, "notes"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

}  // namespace
}  // namespace rill
