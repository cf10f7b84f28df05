#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/meddling.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::findings;
using testing::Lines;
using testing::Meddling;
using testing::pull;
using testing::run_stock;

void migrate_both(testing::TwoDevices& devices) {
  devices.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER)");
    schema.replicate("notes", {{"n", counter()}});
  });
}

class CaptureDrift : public testing::TwoDevices, public ::testing::WithParamInterface<Meddling> {
 public:
  CaptureDrift() { migrate_both(*this); }

  /// Expects capture_lost with the table and the difference named.
  void expect_lost(const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "nothing was noticed";
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), "capture_lost") << error.what();
      const std::string message = error.what();
      EXPECT_NE(message.find("notes"), std::string::npos) << message;
      EXPECT_NE(message.find(GetParam().told), std::string::npos) << message;
      EXPECT_NE(message.find("recapture(\"notes\")"), std::string::npos) << message;
    }
  }
};

TEST_P(CaptureDrift, StopsSyncAndMigrationsUntilTheTableIsRecaptured) {
  a.db.execute("INSERT INTO notes(id, title, n) VALUES('1', 'Milk', 1)");
  exchange(a.db, b.db);
  b.db.execute("INSERT INTO notes(id, title) VALUES('2', 'Tea')");
  const std::string delta = *b.db.changes_since(a.db.vector())->next(65'536);
  const VersionVector before = a.db.vector();

  ASSERT_EQ(run_stock(a.db.path(), GetParam().sql), "ok");
  expect_lost([&] { static_cast<void>(a.db.summary()); });
  expect_lost([&] { static_cast<void>(a.db.changes_since({})); });
  expect_lost([&] { a.db.receive(delta); });
  expect_lost([&] { a.db.migrate(2, [](Schema&) {}); });
  EXPECT_EQ(a.db.vector(), before);
  EXPECT_NE(findings(a.db).find(GetParam().told), std::string::npos) << findings(a.db);

  a.db.recapture("notes");
  EXPECT_EQ(findings(a.db), "");
  EXPECT_NO_THROW(a.db.receive(delta));
  a.db.migrate(2, [](Schema&) {});
  a.db.execute("UPDATE notes SET title = 'Oat milk' WHERE id = '1'");
  a.db.execute("INSERT INTO notes(id, title) VALUES('3', 'Rice')");
  exchange(a.db, b.db);
  EXPECT_EQ(testing::value_of(b.db,
                              "SELECT group_concat(id || title) FROM (SELECT * FROM notes "
                              "ORDER BY id)"),
            Value("1Oat milk,2Tea,3Rice"));
}

TEST_P(CaptureDrift, IsNoticedInAFileThatIsOpenedAfterwards) {
  const auto path = folder / "c.db";
  {
    testing::Device c{path};
    c.db.migrate(1, [](Schema& schema) {
      schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER)");
      schema.replicate("notes", {{"n", rill::counter()}});
    });
  }
  ASSERT_EQ(run_stock(path, GetParam().sql), "ok");
  testing::Device c{path};
  expect_lost([&] { static_cast<void>(c.db.summary()); });
}

INSTANTIATE_TEST_SUITE_P(
    EachWay, CaptureDrift,
    ::testing::Values(
        Meddling{"ADroppedUpdateTrigger", "DROP TRIGGER rill_update_1", "rill_update_1 is missing"},
        Meddling{"ADroppedDeleteTrigger", "DROP TRIGGER rill_delete_1", "rill_delete_1 is missing"},
        Meddling{"AnotherTriggerOfThatName",
                 "DROP TRIGGER rill_rekey_1; CREATE TRIGGER rill_rekey_1 AFTER UPDATE ON notes "
                 "BEGIN SELECT 1; END",
                 "rill_rekey_1 is not as Rill made it"},
        Meddling{"ADroppedIndex", "DROP INDEX rill_seq_1", "rill_seq_1 is missing"},
        Meddling{"AnAddedColumn", "ALTER TABLE notes ADD COLUMN colour TEXT", "colour is new"},
        Meddling{"ADroppedColumn",
                 "DROP TRIGGER rill_update_1; DROP TRIGGER rill_insert_1; DROP TRIGGER "
                 "rill_delete_1; DROP TRIGGER rill_rekey_1; ALTER TABLE notes DROP COLUMN n",
                 "column n is missing"},
        Meddling{"ARenamedColumn", "ALTER TABLE notes RENAME COLUMN n TO m", "column m is new"},
        Meddling{
            "ARebuildWithoutRillsColumns",
            "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER); INSERT INTO "
            "x SELECT id, title, n FROM notes; DROP TABLE notes; ALTER TABLE x RENAME TO notes",
            "_rill_meta is missing"},
        Meddling{"ARebuildWithoutTheirDefaults",
                 "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER, _rill_seq "
                 "INTEGER, _rill_meta BLOB); INSERT INTO x SELECT * FROM notes; DROP TABLE notes; "
                 "ALTER TABLE x RENAME TO notes",
                 "DEFAULT of _rill_seq"},
        Meddling{"ARebuildWithOneOfTheColumns",
                 "CREATE TABLE x(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER, _rill_meta "
                 "BLOB); INSERT INTO x SELECT id, title, n, _rill_meta FROM notes; DROP TABLE "
                 "notes; ALTER TABLE x RENAME TO notes",
                 "_rill_seq is missing"}),
    [](const auto& tested) { return tested.param.name; });

class CaptureDriftTest : public testing::TwoDevices {
 public:
  CaptureDriftTest() { migrate_both(*this); }
};

TEST_F(CaptureDriftTest, ARenamedTableIsToBeRenamedBack) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'Milk')");
  ASSERT_EQ(run_stock(a.db.path(), "ALTER TABLE notes RENAME TO memos"), "ok");
  EXPECT_ERROR(a.db.recapture("notes"), ErrorCode::capture_lost);
  try {
    static_cast<void>(a.db.summary());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("\"memos\" RENAME TO \"notes\""), std::string::npos)
        << error.what();
  }
  ASSERT_EQ(run_stock(a.db.path(), "ALTER TABLE memos RENAME TO notes"), "ok");
  a.db.recapture("notes");
  EXPECT_EQ(synced("notes"), Lines{"'1'|'Milk'|0"});
}

TEST_F(CaptureDriftTest, ADroppedTableStopsSyncForGood) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'Milk')");
  ASSERT_EQ(run_stock(a.db.path(), "DROP TABLE notes"), "ok");
  EXPECT_ERROR(a.db.summary(), ErrorCode::capture_lost);
  EXPECT_ERROR(a.db.recapture("notes"), ErrorCode::capture_lost);
  EXPECT_ERROR(a.db.recapture("others"), ErrorCode::unknown_table);
  EXPECT_NE(findings(a.db).find("it was dropped"), std::string::npos) << findings(a.db);
}

TEST_F(CaptureDriftTest, ATableThatCanNoLongerBeReplicatedIsRefusedWithTheReason) {
  ASSERT_EQ(run_stock(a.db.path(), "CREATE UNIQUE INDEX one_title ON notes(title)"), "ok");
  EXPECT_ERROR(a.db.summary(), ErrorCode::capture_lost);
  EXPECT_ERROR(a.db.recapture("notes"), ErrorCode::cannot_replicate);
  ASSERT_EQ(run_stock(a.db.path(), "DROP INDEX one_title"), "ok");
  EXPECT_NO_THROW(static_cast<void>(a.db.summary()));
}

TEST_F(CaptureDriftTest, ChangesThatDoNotConcernCaptureStopNothing) {
  ASSERT_EQ(run_stock(a.db.path(),
                      "CREATE TABLE other(x); CREATE INDEX by_title ON notes(title); CREATE VIEW "
                      "titles AS SELECT title FROM notes; CREATE TRIGGER seen AFTER DELETE ON "
                      "notes BEGIN INSERT INTO other VALUES(1); END; ANALYZE; VACUUM"),
            "ok");
  a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'Milk')");
  EXPECT_EQ(synced("notes"), Lines{"'1'|'Milk'|0"});
}

TEST_F(CaptureDriftTest, SqlOfTheAppsOwnIsNoticedAsWell) {
  ASSERT_EQ(raw("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'red'"), SQLITE_OK);
  EXPECT_ERROR(a.db.summary(), ErrorCode::capture_lost);
  a.db.recapture("notes");
  EXPECT_NO_THROW(static_cast<void>(a.db.summary()));
}

TEST_F(CaptureDriftTest, ALostTableDoesNotStopReadingAndLocalWrites) {
  ASSERT_EQ(run_stock(a.db.path(), "DROP TRIGGER rill_delete_1"), "ok");
  a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'Milk')");
  EXPECT_EQ(a.db.query("SELECT 1 FROM notes").size(), 1U);
}

TEST_F(CaptureDriftTest, RecaptureMustNotRunInsideATransaction) {
  EXPECT_ERROR(a.db.transaction([&] { a.db.recapture("notes"); }), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace rill
