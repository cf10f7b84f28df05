#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <cstdio>
#include <memory>

#include "rill/database.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::Lines;
using testing::lines;

/// What the program `sqlite3` says to `arguments`, errors included.
std::string shell(const std::string& arguments) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(
      popen(("sqlite3 -batch " + arguments + " 2>&1").c_str(), "r"), pclose);
  std::string output;
  std::array<char, 4096> buffer{};
  while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe.get()) != nullptr) {
    output += buffer.data();
  }
  return output;
}

/// SQLite's own command line program on a file of Rill's that is open.
class StockSqlite : public testing::TwoDevices {
 public:
  StockSqlite() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER, tags TEXT);"
          "CREATE TABLE pairs(x INTEGER NOT NULL, y TEXT NOT NULL, PRIMARY KEY(x, y)) WITHOUT "
          "ROWID;"
          "CREATE TABLE plain(x)");
      schema.replicate("notes", {{"n", rill::counter()}, {"tags", set()}});
      schema.replicate("pairs");
    });
    a.db.execute(
        "INSERT INTO notes(id, title, n, tags) VALUES('1', 'Milk', 1, '[\"a\"]'), ('2', 'Tea', 2, "
        "'[]'), ('3', 'gone', 0, '[]')");
    a.db.execute("DELETE FROM notes WHERE id = '3'");
    a.db.execute("INSERT INTO pairs(x, y) VALUES(1, 'one'), (2, 'two')");
    exchange(a.db, b.db);
  }

  std::string on_file(const std::string& sql) {
    return shell("'" + a.db.path().string() + "' \"" + sql + "\"");
  }
};

TEST_F(StockSqlite, Reads) {
  EXPECT_EQ(on_file("SELECT id, title, n, tags FROM notes"), "1|Milk|1|[\"a\"]\n2|Tea|2|[]\n");
  EXPECT_EQ(on_file("SELECT count(*) FROM notes JOIN pairs ON x = n"), "2\n");
}

TEST_F(StockSqlite, CannotWriteWhatItWouldNotCapture) {
  for (const char* sql :
       {"INSERT INTO notes(id) VALUES('x')", "INSERT INTO pairs(x, y) VALUES(9, 'x')",
        "REPLACE INTO notes(id) VALUES('1')",
        "INSERT INTO notes(id) VALUES('1') ON CONFLICT DO UPDATE SET title = 'x'",
        "UPDATE notes SET title = 'x'", "UPDATE notes SET n = n + 1 WHERE id = '1'",
        "UPDATE notes SET id = 'x' WHERE id = '1'", "DELETE FROM notes WHERE id = '1'",
        "DELETE FROM notes", "UPDATE pairs SET x = 9 WHERE x = 1", "DELETE FROM pairs"}) {
    EXPECT_NE(on_file(sql).find("function: rill_"), std::string::npos) << sql;
  }
  EXPECT_EQ(synced("notes"), (Lines{"'1'|'Milk'|1|'[\"a\"]'", "'2'|'Tea'|2|'[]'"}));
  EXPECT_EQ(synced("pairs").size(), 2U);
}

TEST_F(StockSqlite, WritesTablesThatAreNotReplicated) {
  EXPECT_EQ(on_file("INSERT INTO plain VALUES(1); UPDATE plain SET x = 2; SELECT x FROM plain"),
            "2\n");
  EXPECT_EQ(lines(a.db, "plain"), Lines{"2"});
}

TEST_F(StockSqlite, ChecksVacuumsAndReindexes) {
  for (const char* pragma : {"integrity_check", "quick_check"}) {
    EXPECT_EQ(on_file(std::string("PRAGMA ") + pragma), "ok\n");
  }
  EXPECT_EQ(on_file("PRAGMA foreign_key_check"), "");
  EXPECT_EQ(on_file("VACUUM; REINDEX; ANALYZE; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)"),
            "0|0|0\n");
  EXPECT_EQ(on_file("PRAGMA integrity_check"), "ok\n");
  a.db.execute("UPDATE notes SET title = 'after' WHERE id = '1'");
  a.db.execute("DELETE FROM pairs WHERE x = 1");
  EXPECT_EQ(synced("notes").front(), "'1'|'after'|1|'[\"a\"]'");
  EXPECT_EQ(synced("pairs").size(), 1U);
}

TEST_F(StockSqlite, DumpsAndLoadsTheDump) {
  const std::string copy = "'" + (folder / "copy.db").string() + "'";
  EXPECT_EQ(shell("'" + a.db.path().string() + "' .dump | sqlite3 -batch " + copy), "");
  EXPECT_EQ(shell(copy + " 'SELECT id, title, n, tags FROM notes; SELECT count(*) FROM "
                         "rill_tombstone; PRAGMA integrity_check'"),
            "1|Milk|1|[\"a\"]\n2|Tea|2|[]\n1\nok\n");
  for (const char* table : {"notes", "rill_tombstone", "rill_clock", "rill_mark", "rill_file"}) {
    const std::string select = std::string(" 'SELECT * FROM ") + table + "'";
    EXPECT_EQ(shell(copy + " -quote" + select),
              shell("'" + a.db.path().string() + "' -quote" + select));
  }
}

TEST_F(StockSqlite, CopiesTheFileByItsBackupAndByVacuumInto) {
  const std::string path = "'" + a.db.path().string() + "'";
  const std::string backup = (folder / "backup.db").string();
  const std::string into = (folder / "into.db").string();
  EXPECT_EQ(shell(path + " \".backup '" + backup + "'\""), "");
  EXPECT_EQ(on_file("VACUUM INTO '" + into + "'"), "");
  for (const std::string& copy : {backup, into}) {
    EXPECT_EQ(shell("'" + copy + "' 'SELECT count(*) FROM notes; PRAGMA integrity_check'"),
              "2\nok\n");
  }
  a.db.execute("UPDATE notes SET title = 'after' WHERE id = '1'");
  EXPECT_EQ(synced("notes").front(), "'1'|'after'|1|'[\"a\"]'");
}

TEST_F(StockSqlite, AltersOnlyWhatIsNoticed) {
  EXPECT_EQ(on_file("ALTER TABLE plain ADD COLUMN y; CREATE INDEX by_title ON notes(title)"), "");
  EXPECT_NO_THROW(static_cast<void>(a.db.summary()));
  EXPECT_EQ(on_file("ALTER TABLE notes ADD COLUMN y"), "");
  EXPECT_THROW(static_cast<void>(a.db.summary()), Error);
}

}  // namespace
}  // namespace rill
