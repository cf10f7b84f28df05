#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

void create_lists(Schema& schema) {
  schema.execute("CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL, name TEXT, tags TEXT)");
  schema.replicate("lists", {{"tags", set()}});
}

/// A device of the newer schema and one of the older.
class AdoptionTest : public ::testing::Test {
 public:
  AdoptionTest() {
    testing::migrate_notes(newer.db);
    testing::migrate_notes(older.db);
    newer.db.migrate(2, [](Schema& schema) {
      create_lists(schema);
      schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'grey'");
      schema.execute("ALTER TABLE notes ADD COLUMN likes INTEGER NOT NULL DEFAULT 0");
      schema.replicate("notes", {{"likes", counter()}});
    });
  }

  void update(Device& device) {
    device.db.migrate(2, [](Schema& schema) {
      create_lists(schema);
      schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'grey'");
      schema.execute("ALTER TABLE notes ADD COLUMN likes INTEGER NOT NULL DEFAULT 0");
      schema.replicate("notes", {{"likes", counter()}});
    });
  }

  testing::TemporaryFolder folder;
  Device newer{folder / "newer.db"};
  Device older{folder / "older.db"};
};

TEST_F(AdoptionTest, RowsOfAnUnknownTableAppearWhenItIsReplicated) {
  newer.db.execute("INSERT INTO lists(id, name, tags) VALUES('l', 'Groceries', '[\"a\"]')");
  pull(older.db, newer.db);
  update(older);
  EXPECT_EQ(value_of(older.db, "SELECT name || tags FROM lists"), Value("Groceries[\"a\"]"));
  EXPECT_EQ(newer.db.digest(), older.db.digest());
}

TEST_F(AdoptionTest, AColumnThatWentAndCameBackShowsItsValuesAgain) {
  newer.db.execute("INSERT INTO notes(id, colour) VALUES('n', 'red')");
  newer.db.migrate(3,
                   [](Schema& schema) { schema.execute("ALTER TABLE notes DROP COLUMN colour"); });
  newer.db.execute("UPDATE notes SET title = 'Milk'");
  newer.db.migrate(4, [](Schema& schema) {
    schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'grey'");
  });
  EXPECT_EQ(value_of(newer.db, "SELECT title || colour FROM notes"), Value("Milkred"));
  EXPECT_TRUE(newer.db.check().empty());
}

TEST_F(AdoptionTest, ADroppedColumnIsStillForwardedAsItWas) {
  newer.db.execute("INSERT INTO notes(id, colour, likes) VALUES('n', 'red', 2)");
  newer.db.execute("INSERT INTO notes(id, colour) VALUES('gone', 'blue')");
  newer.db.execute("DELETE FROM notes WHERE id = 'gone'");
  newer.db.migrate(3, [](Schema& schema) {
    schema.execute("ALTER TABLE notes DROP COLUMN colour; ALTER TABLE notes DROP COLUMN likes");
  });
  newer.db.execute("UPDATE notes SET title = 'Milk'");
  update(older);
  pull(older.db, newer.db);
  EXPECT_EQ(value_of(older.db, "SELECT title || colour || likes FROM notes"), Value("Milkred2"));
  EXPECT_TRUE(newer.db.check().empty());
  EXPECT_TRUE(older.db.check().empty());
}

TEST_F(AdoptionTest, AColumnThatArrivedIsKeptWhenAnotherIsDropped) {
  newer.db.execute("INSERT INTO notes(id, colour, likes) VALUES('n', 'red', 2)");
  pull(older.db, newer.db);
  // The app has written nothing since the columns came.
  older.db.migrate(2, [](Schema& schema) { schema.execute("ALTER TABLE notes DROP COLUMN body"); });
  EXPECT_TRUE(older.db.check().empty());
  older.db.migrate(3,
                   [](Schema& schema) { schema.execute("ALTER TABLE notes ADD COLUMN colour"); });
  EXPECT_EQ(value_of(older.db, "SELECT colour FROM notes"), Value("red"));
  older.db.migrate(4, [](Schema& schema) {
    schema.execute("ALTER TABLE notes ADD COLUMN likes INTEGER NOT NULL DEFAULT 0");
    schema.replicate("notes", {{"likes", counter()}});
  });
  EXPECT_EQ(value_of(older.db, "SELECT likes FROM notes"), Value(2));
}

TEST_F(AdoptionTest, ADeletedRowOfAnUnknownTableStaysDeleted) {
  newer.db.execute("INSERT INTO lists(id, name) VALUES('l', 'Groceries')");
  pull(older.db, newer.db);
  newer.db.execute("DELETE FROM lists");
  pull(older.db, newer.db);
  update(older);
  EXPECT_TRUE(older.db.query("SELECT 1 FROM lists").empty());
}

TEST_F(AdoptionTest, AnUnknownColumnShowsItsValuesOnceTheSchemaHasIt) {
  newer.db.execute("INSERT INTO notes(id, title, colour, likes) VALUES('n', 'Milk', 'red', 2)");
  newer.db.execute("INSERT INTO notes(id, title) VALUES('plain', 'Tea')");
  pull(older.db, newer.db);
  older.db.execute("UPDATE notes SET title = 'Oat milk' WHERE id = 'n'");
  newer.db.execute("UPDATE notes SET likes = likes + 1 WHERE id = 'n'");
  exchange(newer.db, older.db);
  update(older);
  EXPECT_EQ(value_of(older.db, "SELECT title || colour || likes FROM notes WHERE id = 'n'"),
            Value("Oat milkred3"));
  EXPECT_EQ(value_of(older.db, "SELECT colour FROM notes WHERE id = 'plain'"), Value("grey"));
  exchange(newer.db, older.db);
  EXPECT_EQ(newer.db.digest(), older.db.digest());
}

TEST_F(AdoptionTest, AnOlderDeviceForwardsWhatItCannotShow) {
  Device third{folder / "third.db"};
  testing::migrate_notes(third.db);
  update(third);
  newer.db.execute("INSERT INTO notes(id, colour, likes) VALUES('n', 'red', 2)");
  newer.db.execute("INSERT INTO lists(id, name) VALUES('l', 'Groceries')");
  pull(older.db, newer.db);
  pull(third.db, older.db);
  EXPECT_EQ(value_of(third.db, "SELECT colour || likes FROM notes"), Value("red2"));
  EXPECT_EQ(value_of(third.db, "SELECT name FROM lists"), Value("Groceries"));
}

TEST_F(AdoptionTest, AnInsertByAnOlderDeviceClearsColumnsItCannotName) {
  newer.db.execute("INSERT INTO notes(id, colour, likes) VALUES('n', 'red', 2)");
  pull(older.db, newer.db);
  older.db.execute("DELETE FROM notes");
  older.db.execute("INSERT INTO notes(id, title) VALUES('n', 'again')");
  exchange(newer.db, older.db);
  EXPECT_EQ(value_of(newer.db, "SELECT title || colour || likes FROM notes"), Value("againgrey0"));
}

TEST_F(AdoptionTest, ANewRuleVersionShowsConflictsAnew) {
  const auto rule = [](std::uint32_t version, std::size_t chosen) {
    return custom("pick", version, [chosen](const Conflict& conflict) {
      Value best = conflict.siblings[0].value;
      for (const Sibling& sibling : conflict.siblings) {
        const bool less = compare(sibling.value, best) < 0;
        if (chosen == 0 ? less : !less) best = sibling.value;
      }
      return best;
    });
  };
  for (Device* device : {&newer, &older}) {
    device->db.migrate(3, [&](Schema& schema) {
      schema.execute("CREATE TABLE picks(id INTEGER PRIMARY KEY NOT NULL, x TEXT)");
      schema.replicate("picks", {{"x", rule(1, 0)}});
    });
  }
  newer.db.execute("INSERT INTO picks(id, x) VALUES(1, 'a')");
  older.db.execute("INSERT INTO picks(id, x) VALUES(1, 'b')");
  exchange(newer.db, older.db);
  ASSERT_EQ(value_of(newer.db, "SELECT x FROM picks"), Value("a"));
  newer.db.migrate(4, [&](Schema& schema) { schema.replicate("picks", {{"x", rule(2, 1)}}); });
  EXPECT_EQ(value_of(newer.db, "SELECT x FROM picks"), Value("b"));
}

TEST_F(AdoptionTest, AnAppTriggerThatWritesReplicatedTablesActsOnceOverall) {
  for (Device* device : {&newer, &older}) {
    device->db.migrate(3, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE totals(id INTEGER PRIMARY KEY NOT NULL, n INTEGER NOT NULL DEFAULT 0);"
          "CREATE TABLE log(what TEXT);"
          "CREATE TRIGGER count_notes AFTER INSERT ON notes BEGIN UPDATE totals SET n = n + 1; END;"
          "CREATE TRIGGER log_update AFTER UPDATE ON notes BEGIN INSERT INTO log VALUES('u'); END");
      schema.replicate("totals", {{"n", counter()}});
    });
  }
  newer.db.execute("INSERT INTO totals(id, n) VALUES(1, 0)");
  pull(older.db, newer.db);
  newer.db.execute("INSERT INTO notes(id) VALUES('1')");
  older.db.execute("INSERT INTO notes(id) VALUES('2')");
  exchange(newer.db, older.db);
  for (Device* device : {&newer, &older}) {
    EXPECT_EQ(value_of(device->db, "SELECT n FROM totals"), Value(2));
  }
  newer.db.execute("UPDATE notes SET title = 'x' WHERE id = '1'");
  EXPECT_EQ(value_of(newer.db, "SELECT count(*) FROM log"), Value(1));
}

}  // namespace
}  // namespace rill
