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
using testing::run_stock;

class CaptureFiles : public testing::TwoDevices {
 public:
  CaptureFiles() {
    migrate(1, [](Schema& schema) {
      schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
      schema.replicate("notes");
    });
    a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'Milk')");
    exchange(a.db, b.db);
  }
  void attach(const std::filesystem::path& path) {
    a.db.execute("ATTACH ? AS other", path.string());
  }
};

TEST_F(CaptureFiles, RefuseWritesToAnotherRillFileThatIsAttached) {
  attach(b.db.path());
  const Lines before = lines(b.db, "notes");
  for (const char* sql : {"INSERT INTO other.notes(id) VALUES('2')",
                          "UPDATE other.notes SET title = 'x'", "UPDATE other.notes SET id = 'x'",
                          "DELETE FROM other.notes", "REPLACE INTO other.notes(id) VALUES('1')"}) {
    EXPECT_ERROR(a.db.execute(sql), ErrorCode::capture_lost);
    EXPECT_ERROR(a.db.transaction([&] {
      a.db.execute("UPDATE notes SET title = title || '+'");
      a.db.execute(sql);
    }),
                 ErrorCode::capture_lost);
  }
  EXPECT_EQ(lines(b.db, "notes"), before);
  EXPECT_EQ(testing::findings(b.db), "");
  EXPECT_EQ(a.db.query("SELECT 1 FROM other.notes").size(), 1U);
  EXPECT_EQ(synced("notes"), before);
}

TEST_F(CaptureFiles, CopyRowsFromAndToFilesThatAreAttached) {
  ASSERT_EQ(run_stock(folder / "plain.db",
                      "CREATE TABLE notes(id, title); INSERT INTO notes VALUES('7', 'Plain')"),
            "ok");
  attach(folder / "plain.db");
  a.db.execute("INSERT INTO notes(id, title) SELECT id, title FROM other.notes");
  a.db.execute("INSERT INTO other.notes SELECT id, title FROM main.notes WHERE id = '1'");
  a.db.execute("UPDATE other.notes SET title = 'x'");
  a.db.execute("DELETE FROM other.notes WHERE id = '7'");
  a.db.execute("DETACH other");
  EXPECT_EQ(synced("notes"), (Lines{"'1'|'Milk'", "'7'|'Plain'"}));
}

TEST_F(CaptureFiles, CopyRowsFromAnotherRillFileAsInsertsOfTheirOwn) {
  testing::Device c{folder / "c.db"};
  c.db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
    schema.replicate("notes");
  });
  c.db.execute("INSERT INTO notes(id, title) VALUES('c', 'Theirs')");
  attach(c.db.path());
  a.db.execute("INSERT INTO notes(id, title) SELECT id, title FROM other.notes");
  EXPECT_EQ(synced("notes"), (Lines{"'1'|'Milk'", "'c'|'Theirs'"}));
  // With their metadata they would claim events that this file has not seen.
  EXPECT_ERROR(a.db.execute("INSERT INTO notes SELECT 'd', title, _rill_seq, _rill_meta FROM "
                            "other.notes"),
               ErrorCode::capture_lost);
}

TEST_F(CaptureFiles, AreNotOpenedWithASharedCache) {
  EXPECT_ERROR(Database("file:" + (folder / "d.db").string() + "?cache=shared"),
               ErrorCode::invalid_argument);
  EXPECT_ERROR(Database(":memory:"), ErrorCode::invalid_argument);
  EXPECT_ERROR(Database(""), ErrorCode::invalid_argument);
  ASSERT_EQ(sqlite3_enable_shared_cache(1), SQLITE_OK);
  {
    testing::Device c{folder / "c.db"};
    c.db.migrate(1, [](Schema& schema) {
      schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
      schema.replicate("notes");
    });
    c.db.execute("INSERT INTO notes(id) VALUES('1')");
    // In a shared cache this reader would find the table locked.
    ASSERT_EQ(testing::run(c.db.handle(), "BEGIN; UPDATE notes SET title = 'x'"), SQLITE_OK);
    EXPECT_EQ(testing::findings(c.db), "");
    ASSERT_EQ(testing::run(c.db.handle(), "COMMIT"), SQLITE_OK);
    EXPECT_EQ(testing::pull(c.db, a.db), 1U);
  }
  sqlite3_enable_shared_cache(0);
}

TEST_F(CaptureFiles, NeedASQLiteThatHasWhatCaptureNeeds) {
  EXPECT_GE(sqlite3_libversion_number(), 3'037'000);
  // The program was compiled against the library that it runs with: there is one in the process.
  EXPECT_STREQ(sqlite3_libversion(), SQLITE_VERSION);
  EXPECT_STREQ(sqlite3_sourceid(), SQLITE_SOURCE_ID);
}

}  // namespace
}  // namespace rill
