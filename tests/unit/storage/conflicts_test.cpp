#include <gtest/gtest.h>
#include <sqlite3.h>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

/// Two devices that wrote one title each, neither seeing the other; b's is the later.
class ConflictsTest : public ::testing::Test {
 public:
  ConflictsTest() {
    testing::migrate_notes(a.db);
    testing::migrate_notes(b.db);
    a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
    pull(b.db, a.db);
    a.db.execute("UPDATE notes SET title = 'A'");
    b.clock->advance(10);
    b.db.execute("UPDATE notes SET title = 'B'");
    exchange(a.db, b.db);
  }

  testing::TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
};

TEST_F(ConflictsTest, StandInSqlOnEveryConnection) {
  const Row row = a.db.query("SELECT * FROM rill_conflicts").front();
  EXPECT_EQ(row["tbl"], Value("notes"));
  EXPECT_EQ(row["key"], Value("n"));
  EXPECT_EQ(row["col"], Value("title"));
  EXPECT_EQ(row["shown"], Value("B"));
  EXPECT_EQ(row["other"], Value("A"));
  EXPECT_EQ(row["replica"], Value(a.db.id().to_string()));
  int rows = 0;
  const auto count = [](void* counter, int, char**, char**) {
    return ++*static_cast<int*>(counter), 0;
  };
  ASSERT_EQ(sqlite3_exec(a.db.handle(), "SELECT 1 FROM rill_conflicts", count, &rows, nullptr),
            SQLITE_OK);
  EXPECT_EQ(rows, 1);
}

TEST_F(ConflictsTest, AreSettledForGoodByResolve) {
  EXPECT_TRUE(a.db.resolve("notes", Value("n"), "title"));
  EXPECT_FALSE(a.db.resolve("notes", Value("n"), "title"));
  pull(b.db, a.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_TRUE(db->conflicts().empty());
    EXPECT_EQ(value_of(*db, "SELECT title FROM notes"), Value("B"));
  }
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(ConflictsTest, AreSettledByWritingAnotherValue) {
  b.db.execute("UPDATE notes SET title = 'C'");
  pull(a.db, b.db);
  EXPECT_TRUE(a.db.conflicts().empty());
  EXPECT_EQ(value_of(a.db, "SELECT title FROM notes"), Value("C"));
}

TEST_F(ConflictsTest, StayWhenAnotherColumnIsWritten) {
  b.db.execute("UPDATE notes SET body = 'C'");
  pull(a.db, b.db);
  EXPECT_EQ(a.db.conflicts().size(), 1U);
}

TEST_F(ConflictsTest, SurviveARestartAndARelay) {
  Device c{folder / "c.db"};
  testing::migrate_notes(c.db);
  pull(c.db, a.db);
  ASSERT_EQ(c.db.conflicts().size(), 1U);
  EXPECT_EQ(c.db.conflicts()[0].others.at(0).value, Value("A"));
  EXPECT_EQ(c.db.digest(), b.db.digest());
}

TEST_F(ConflictsTest, ThatDoNotExistAreNamed) {
  EXPECT_ERROR(a.db.resolve("nowhere", Value("n"), "title"), ErrorCode::unknown_table);
  EXPECT_ERROR(a.db.resolve("notes", Value("n"), "nothing"), ErrorCode::unknown_column);
  EXPECT_ERROR(a.db.resolve("notes", Value("absent"), "title"), ErrorCode::not_found);
}

TEST_F(ConflictsTest, OfWholeRowsAreSettledTogether) {
  const RowFunction richest = [](const RowConflict& conflict) {
    std::vector<Value> best = conflict.siblings[0].values;
    for (const RowSibling& sibling : conflict.siblings) {
      if (compare(sibling.values[0], best[0]) > 0) best = sibling.values;
    }
    return best;
  };
  for (Device* device : {&a, &b}) {
    device->db.migrate(2, [&](Schema& schema) {
      schema.execute("CREATE TABLE bids(id TEXT PRIMARY KEY NOT NULL, amount INTEGER, who TEXT)");
      schema.replicate("bids", {}, {.row_rule = row("richest", 1, richest)});
    });
  }
  a.db.execute("INSERT INTO bids(id, amount, who) VALUES('x', 1, 'nobody')");
  pull(b.db, a.db);
  a.db.execute("UPDATE bids SET amount = 50, who = 'a'");
  b.clock->advance(1'000);
  b.db.execute("UPDATE bids SET amount = 40, who = 'b'");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_EQ(value_of(*db, "SELECT amount || who FROM bids"), Value("50a"));
  }
  EXPECT_TRUE(a.db.resolve("bids", Value("x"), "who"));
  pull(b.db, a.db);
  EXPECT_EQ(value_of(b.db, "SELECT amount || who FROM bids"), Value("50a"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(ConflictsTest, BetweenDeleteAndUpdateFollowTheTablesPolicy) {
  for (Device* device : {&a, &b}) {
    device->db.migrate(2, [](Schema& schema) {
      schema.execute("CREATE TABLE drafts(id TEXT PRIMARY KEY NOT NULL, x TEXT)");
      schema.replicate("drafts", {}, {.delete_policy = DeletePolicy::delete_wins});
    });
  }
  a.db.execute("INSERT INTO drafts(id, x) VALUES('d', '1')");
  pull(b.db, a.db);
  a.db.execute("DELETE FROM drafts");
  b.db.execute("UPDATE drafts SET x = '2'");
  exchange(a.db, b.db);
  for (Database* db : {&a.db, &b.db}) {
    EXPECT_TRUE(db->query("SELECT 1 FROM drafts").empty());
  }
}

}  // namespace
}  // namespace rill
