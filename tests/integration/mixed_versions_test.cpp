#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>

#include "rill/rill.hpp"
#include "support/collected.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"
#include "support/session_pair.hpp"
#include "support/two_devices.hpp"

// Devices that run different versions of the app, or differ in their rules.

namespace rill {
namespace {

using testing::Collected;
using testing::Device;
using testing::exchange;
using testing::findings;
using testing::lines;
using testing::migrate_notes;
using testing::pull;
using testing::value_of;

/// `insert`: what the device puts into the new table before it is replicated.
void second_version(Schema& schema, std::string_view insert = {}) {
  schema.execute("CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL, name TEXT, tags TEXT)");
  schema.execute(insert);
  schema.replicate("lists", {{"tags", set()}});
  schema.execute("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'grey'");
  schema.execute("ALTER TABLE notes ADD COLUMN likes INTEGER NOT NULL DEFAULT 0");
  schema.replicate("notes", {{"likes", counter()}});
}

void third_version(Schema& schema) {
  schema.execute("ALTER TABLE lists ADD COLUMN sort INTEGER NOT NULL DEFAULT 0");
  schema.replicate("lists", {{"sort", maximum()}});
}

/// Runs the app of `version` on the device.
void run_app(Device& device, std::uint32_t version) {
  migrate_notes(device.db);
  if (version >= 2) device.db.migrate(2, [](Schema& schema) { second_version(schema); });
  if (version >= 3) device.db.migrate(3, third_version);
}

/// A chain newest - middle - oldest - other: all that the outer two know of each other passes
/// through older versions.
class MixedVersions : public ::testing::Test {
 public:
  MixedVersions() {
    run_app(newest, 3);
    run_app(middle, 2);
    run_app(oldest, 1);
    run_app(other, 3);
  }

  /// Carries everything from one end to the other, and back.
  void carry() {
    exchange(newest.db, middle.db);
    exchange(middle.db, oldest.db);
    exchange(oldest.db, other.db);
    exchange(oldest.db, middle.db);
    exchange(middle.db, newest.db);
  }

  void expect_agreement() {
    carry();
    carry();
    EXPECT_EQ(newest.db.digest(), other.db.digest());
    run_app(middle, 3);
    run_app(oldest, 3);
    EXPECT_EQ(newest.db.digest(), middle.db.digest());
    EXPECT_EQ(newest.db.digest(), oldest.db.digest());
    // Nothing is left to say.
    EXPECT_EQ(pull(newest.db, oldest.db) + pull(oldest.db, newest.db), 0U);
  }

  testing::TemporaryFolder folder;
  Device newest{folder / "newest.db"};
  Device middle{folder / "middle.db"};
  Device oldest{folder / "oldest.db"};
  Device other{folder / "other.db"};
};

TEST_F(MixedVersions, UnknownTablesAndColumnsPassThroughAndAreAdopted) {
  newest.db.execute("INSERT INTO lists(id, name, tags, sort) VALUES('l', 'Food', '[\"a\"]', 3)");
  newest.db.execute("INSERT INTO notes(id, title, colour, likes) VALUES('n', 'Milk', 'red', 2)");
  carry();
  EXPECT_EQ(value_of(other.db, "SELECT name || tags || sort FROM lists"), Value("Food[\"a\"]3"));
  EXPECT_EQ(value_of(other.db, "SELECT title || colour || likes FROM notes"), Value("Milkred2"));
  expect_agreement();
  EXPECT_EQ(value_of(oldest.db, "SELECT name || tags || sort FROM lists"), Value("Food[\"a\"]3"));
}

TEST_F(MixedVersions, ConcurrentWritesToUnknownTablesAreJoinedOnTheWay) {
  newest.db.execute("INSERT INTO lists(id, name, tags) VALUES('l', 'Food', '[\"a\"]')");
  carry();
  newest.db.execute("UPDATE lists SET tags = '[\"a\",\"b\"]', sort = 5");
  other.clock->advance(1'000);
  other.db.execute("UPDATE lists SET tags = '[\"a\",\"c\"]', name = 'Drink', sort = 4");
  // Both meet for the first time in a replica that lacks the table.
  pull(oldest.db, other.db);
  pull(middle.db, newest.db);
  pull(oldest.db, middle.db);
  run_app(oldest, 3);
  EXPECT_EQ(value_of(oldest.db, "SELECT name || tags || sort FROM lists"),
            Value("Drink[\"a\",\"b\",\"c\"]5"));
  expect_agreement();
}

TEST_F(MixedVersions, TombstonesAndReinsertsOfUnknownTablesPassThrough) {
  newest.db.execute("INSERT INTO lists(id, name, tags, sort) VALUES('l', 'Food', '[\"a\"]', 3)");
  newest.db.execute("INSERT INTO lists(id, name) VALUES('gone', 'Old')");
  carry();
  newest.db.execute("DELETE FROM lists");
  carry();
  EXPECT_TRUE(other.db.query("SELECT 1 FROM lists").empty());
  newest.db.execute("INSERT INTO lists(id, name) VALUES('l', 'Again')");
  carry();
  // The re-insert has cleared what it did not name.
  EXPECT_EQ(value_of(other.db, "SELECT name || ifnull(tags, '[]') || sort FROM lists"),
            Value("Again[]0"));
  expect_agreement();
  EXPECT_EQ(value_of(oldest.db, "SELECT group_concat(id) FROM lists"), Value("l"));
}

TEST_F(MixedVersions, ADeleteByAnOlderVersionMeetsAnEditOfAColumnItLacks) {
  newest.db.execute("INSERT INTO notes(id, title, colour, likes) VALUES('n', 'Milk', 'red', 2)");
  carry();
  oldest.db.execute("DELETE FROM notes");
  newest.db.execute("UPDATE notes SET colour = 'blue', likes = likes + 1");
  carry();
  // The edit wins, and the row comes back whole, also through the older one's tombstone.
  EXPECT_EQ(value_of(other.db, "SELECT title || colour || likes FROM notes"), Value("Milkblue3"));
  EXPECT_EQ(value_of(oldest.db, "SELECT title FROM notes"), Value("Milk"));
  expect_agreement();
}

TEST_F(MixedVersions, AReinsertByAnOlderVersionClearsColumnsItLacksEverywhere) {
  newest.db.execute("INSERT INTO notes(id, title, colour, likes) VALUES('n', 'Milk', 'red', 2)");
  carry();
  oldest.db.execute("DELETE FROM notes");
  oldest.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Tea')");
  carry();
  for (Device* device : {&newest, &other}) {
    EXPECT_EQ(value_of(device->db, "SELECT title || colour || likes FROM notes"),
              Value("Teagrey0"));
  }
  expect_agreement();
}

TEST_F(MixedVersions, AReinsertByAnOlderVersionKeepsConcurrentLikes) {
  newest.db.execute("INSERT INTO notes(id, title, colour, likes) VALUES('n', 'Milk', 'red', 2)");
  carry();
  oldest.db.execute("INSERT OR REPLACE INTO notes(id, title) VALUES('n', 'Tea')");
  newest.db.execute("UPDATE notes SET likes = likes + 5");
  carry();
  // The 2 were seen and replaced; the 5 were not.
  EXPECT_EQ(value_of(other.db, "SELECT title || likes FROM notes"), Value("Tea5"));
  expect_agreement();
}

TEST_F(MixedVersions, RowsMadeByBothBeforeTheTableWasReplicatedAreMerged) {
  newest.db.execute("INSERT INTO lists(id, name, tags) VALUES('l', 'theirs', '[\"a\"]')");
  carry();
  oldest.clock->advance(1'000);
  oldest.db.migrate(2, [](Schema& schema) {
    second_version(schema, "INSERT INTO lists(id, name, tags) VALUES('l', 'mine', '[\"b\"]')");
  });
  carry();
  EXPECT_EQ(value_of(other.db, "SELECT name || tags FROM lists"), Value("mine[\"a\",\"b\"]"));
  expect_agreement();
}

/// A rule that picks the least or the greatest text, by version.
Rule pick(std::uint32_t version) {
  return custom("pick", version, [version](const Conflict& conflict) {
    Value best = conflict.siblings[0].value;
    for (const Sibling& sibling : conflict.siblings) {
      const bool less = compare(sibling.value, best) < 0;
      if (version == 1 ? less : !less) best = sibling.value;
    }
    return best;
  });
}

void create_picks(Database& db, const Rule& rule, const TableOptions& options = {}) {
  db.migrate(1, [&](Schema& schema) {
    schema.execute(
        "CREATE TABLE picks(id TEXT PRIMARY KEY NOT NULL, x, n INTEGER NOT NULL DEFAULT 0)");
    schema.replicate("picks", {{"x", rule}, {"n", rill::counter()}}, options);
  });
}

class MixedRulesThreads : public testing::TwoDevices {
 public:
  /// Both write the same row before they meet, and see it each by its own rule: the least value,
  /// and the last.
  void expect_conflict(const Rule& least, const Rule& last) {
    create_picks(a.db, least);
    create_picks(b.db, last);
    a.db.execute("INSERT INTO picks(id, x) VALUES('p', 'a')");
    b.clock->advance(1'000);
    b.db.execute("INSERT INTO picks(id, x) VALUES('p', 'b')");
    exchange(a.db, b.db);
    EXPECT_EQ(shown(a), Value("a"));
    EXPECT_EQ(shown(b), Value("b"));
    EXPECT_EQ(a.db.conflicts().size(), 1U);
    EXPECT_EQ(b.db.conflicts().size(), 1U);
  }
  static Value shown(Device& device) { return value_of(device.db, "SELECT x FROM picks"); }
};

TEST_F(MixedRulesThreads, VersionsThatDifferKeepSiblingsAndAgreeAfterTheUpdate) {
  expect_conflict(pick(1), pick(2));
  EXPECT_EQ(a.db.conflicts().at(0).others.at(0).value, Value("b"));

  test::SessionPair pair(a.db, b.db);
  pair.pump();
  ASSERT_EQ(test::SessionPair::count(pair.left_events, SessionEvent::Kind::rules_differ), 1U);
  EXPECT_EQ(test::SessionPair::count(pair.left_events, SessionEvent::Kind::in_sync), 1U);

  a.db.migrate(2, [](Schema& schema) { schema.replicate("picks", {{"x", pick(2)}}); });
  EXPECT_EQ(shown(a), Value("b"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
  EXPECT_EQ(pull(b.db, a.db), 0U);  // the update made no event
}

TEST_F(MixedRulesThreads, ARuleThatIsNotRegisteredShowsTheLastWriterAndIsTold) {
  create_picks(a.db, pick(1));
  create_picks(b.db, pick(1));
  a.db.execute("INSERT INTO picks(id, x) VALUES('p', 'a')");
  b.clock->advance(1'000);
  b.db.execute("INSERT INTO picks(id, x) VALUES('p', 'b')");
  {
    // Another opening of b's file, by a program that does not know the rule.
    Database ignorant(folder / "b.db", testing::options_beside(folder / "b.db"));
    Collected<DatabaseEvent> events;
    const Subscription subscription =
        ignorant.on_event([&](const DatabaseEvent& event) { events.add(event); });
    pull(ignorant, a.db);
    const DatabaseEvent event = events.wait_for(1)[0];
    EXPECT_EQ(event.kind, DatabaseEvent::Kind::rule_problem);
    EXPECT_EQ(event.code, ErrorCode::unknown_rule);
    EXPECT_EQ(event.column, "x");
    EXPECT_EQ(value_of(ignorant, "SELECT x FROM picks"), Value("b"));
  }
  pull(a.db, b.db);
  EXPECT_EQ(shown(a), Value("a"));
  ASSERT_EQ(b.db.conflicts().size(), 1U);
  // Whoever knows the rule settles it the next time the row merges.
  a.db.execute("UPDATE picks SET n = 1");
  pull(b.db, a.db);
  EXPECT_EQ(shown(b), Value("a"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(MixedRulesThreads, DeletePoliciesThatDifferAreToldAndLoseNothing) {
  create_picks(a.db, last_writer());
  create_picks(b.db, last_writer(), {.delete_policy = DeletePolicy::delete_wins});
  a.db.execute("INSERT INTO picks(id, x) VALUES('p', 'a')");
  exchange(a.db, b.db);
  a.db.execute("UPDATE picks SET x = 'edited'");
  b.db.execute("DELETE FROM picks");
  test::SessionPair pair(a.db, b.db);
  pair.pump();
  EXPECT_EQ(shown(a), Value("edited"));
  EXPECT_TRUE(b.db.query("SELECT 1 FROM picks").empty());
  ASSERT_EQ(test::SessionPair::count(pair.right_events, SessionEvent::Kind::rules_differ), 1U);
  EXPECT_NE(pair.right_events[1].message.find("delete_wins"), std::string::npos)
      << pair.right_events[1].message;
  // Once b's app has a's policy, the edit is there.
  b.db.migrate(2, [](Schema& schema) { schema.replicate("picks", {{"x", last_writer()}}); });
  EXPECT_EQ(shown(b), Value("edited"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(MixedRulesThreads, RegistersOfAnotherKindShowWhatTheyWillAndKeepEverything) {
  expect_conflict(minimum(), last_writer());
  // A write that has seen both is the same for both.
  a.db.execute("UPDATE picks SET x = 'c'");
  exchange(a.db, b.db);
  EXPECT_EQ(shown(b), Value("c"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(MixedRulesThreads, AColumnOfAnotherShapeIsRefusedAndNothingIsApplied) {
  create_picks(a.db, rill::counter());
  create_picks(b.db, last_writer());
  a.db.execute("INSERT INTO picks(id, x) VALUES('p', 5)");
  b.db.execute("INSERT INTO picks(id, x) VALUES('q', 'text')");
  EXPECT_ERROR(pull(b.db, a.db), ErrorCode::rule_changed);
  EXPECT_ERROR(pull(a.db, b.db), ErrorCode::rule_changed);
  EXPECT_ERROR(sync(a.db, b.db), ErrorCode::rule_changed);
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM picks"), Value(1));
  EXPECT_EQ(value_of(b.db, "SELECT count(*) FROM picks"), Value(1));
  EXPECT_EQ(a.db.vector()[b.db.id()], 0U);
}

TEST_F(MixedRulesThreads, AnUnknownTableOfAnotherShapeIsNotAdopted) {
  create_picks(a.db, rill::counter());
  migrate_notes(b.db);
  a.db.execute("INSERT INTO picks(id, x) VALUES('p', 5)");
  pull(b.db, a.db);
  const auto adopt = [&](const Rule& rule) {
    b.db.migrate(2, [&](Schema& schema) {
      schema.execute(
          "CREATE TABLE picks(id TEXT PRIMARY KEY NOT NULL, x, n INTEGER NOT NULL DEFAULT 0)");
      schema.replicate("picks", {{"x", rule}, {"n", rill::counter()}});
    });
  };
  EXPECT_ERROR(adopt(last_writer()), ErrorCode::rule_changed);
  adopt(rill::counter());  // what was kept is still there
  EXPECT_EQ(value_of(b.db, "SELECT x FROM picks"), Value(5));
}

/// Two versions of an app that give one table different keys, and a row for each.
struct OtherKey {
  const char* name;
  const char* key_of_a;
  const char* row_of_a;
  const char* key_of_b;
  const char* row_of_b;
};

void PrintTo(const OtherKey& tested, std::ostream* out) { *out << tested.name; }

class MixedKeysThreads : public testing::TwoDevices,
                         public ::testing::WithParamInterface<OtherKey> {
 public:
  static void create(Database& db, const std::string& key) {
    db.migrate(1, [&](Schema& schema) {
      schema.execute("CREATE TABLE spots(n INTEGER NOT NULL DEFAULT 0, " + key + ")");
      schema.replicate("spots", {{"n", rill::counter()}});
    });
  }
  static void insert(Database& db, const std::string& row) {
    db.execute("INSERT INTO spots(x, y, n) VALUES(" + row + ", 1)");
  }
  static std::int64_t waiting(Database& db) {
    return value_of(db, "SELECT count(*) FROM rill_unknown").integer();
  }

  testing::Device third{folder / "third.db"};
};

TEST_P(MixedKeysThreads, RowsThatATableCannotHoldWaitAndArePassedOn) {
  create(a.db, GetParam().key_of_a);
  insert(a.db, GetParam().row_of_a);
  pull(b.db, a.db);
  // The table comes to b with another key: the app goes on without those rows.
  create(b.db, GetParam().key_of_b);
  insert(b.db, GetParam().row_of_b);
  EXPECT_EQ(lines(b.db, "spots").size(), 1U);
  EXPECT_EQ(waiting(b.db), 1);

  Collected<DatabaseEvent> events;
  const Subscription told = a.db.on_event([&](const DatabaseEvent& event) { events.add(event); });
  exchange(a.db, b.db);
  const DatabaseEvent event = events.wait_for(1)[0];
  EXPECT_EQ(event.kind, DatabaseEvent::Kind::rule_problem);
  EXPECT_EQ(event.code, ErrorCode::rule_changed);
  EXPECT_EQ(event.table, "spots");
  a.db.execute("UPDATE spots SET n = n + 1");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "spots").size(), 1U);
  EXPECT_EQ(waiting(a.db), 1);
  EXPECT_EQ(waiting(b.db), 1);
  EXPECT_EQ(findings(a.db) + findings(b.db), "");

  // A third device of a's version gets a's row by way of b, as it stands by now.
  create(third.db, GetParam().key_of_a);
  pull(third.db, b.db);
  EXPECT_EQ(lines(third.db, "spots"), lines(a.db, "spots"));
  EXPECT_EQ(third.db.digest(), a.db.digest());
}

INSTANTIATE_TEST_SUITE_P(
    OfOneTable, MixedKeysThreads,
    ::testing::Values(OtherKey{"WithMoreColumns",
                               "x TEXT NOT NULL, y TEXT NOT NULL, PRIMARY KEY(x, y)", "'1', '2'",
                               "x TEXT PRIMARY KEY NOT NULL, y TEXT", "'1', '2'"},
                      OtherKey{"WithFewerColumns", "x TEXT PRIMARY KEY NOT NULL, y TEXT",
                               "'1', '2'", "x TEXT NOT NULL, y TEXT NOT NULL, PRIMARY KEY(x, y)",
                               "'1', '2'"},
                      OtherKey{"ThatIsARowid", "x TEXT PRIMARY KEY NOT NULL, y TEXT", "'one', '2'",
                               "x INTEGER PRIMARY KEY NOT NULL, y TEXT", "1, '2'"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(MixedRulesThreads, AKeyOfAnotherTypeInAStrictTableWaits) {
  const auto create = [](Database& db, const std::string& type) {
    db.migrate(1, [&](Schema& schema) {
      schema.execute("CREATE TABLE spots(x " + type + " PRIMARY KEY NOT NULL) STRICT");
      schema.replicate("spots");
    });
  };
  create(a.db, "TEXT");
  create(b.db, "BLOB");
  a.db.execute("INSERT INTO spots(x) VALUES('one')");
  b.db.execute("INSERT INTO spots(x) VALUES(x'01')");
  exchange(a.db, b.db);
  EXPECT_EQ(lines(a.db, "spots"), testing::Lines{"'one'"});
  EXPECT_EQ(lines(b.db, "spots"), testing::Lines{"X'01'"});
  EXPECT_EQ(findings(a.db) + findings(b.db), "");
}

TEST(NewerFiles, AreRefusedUntouched) {
  const testing::TemporaryFolder folder;
  const auto path = folder / "a.db";
  {
    Device device(path);
    migrate_notes(device.db);
    device.db.execute("INSERT INTO notes(id) VALUES('n')");
  }
  sqlite3* stock = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &stock), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(stock, "UPDATE rill_file SET format = 99", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(stock);
  const auto content = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = content();
  ASSERT_FALSE(before.empty());
  EXPECT_ERROR((Database{path, testing::options_beside(path)}), ErrorCode::newer_format);
  EXPECT_EQ(content(), before);
}

}  // namespace
}  // namespace rill
