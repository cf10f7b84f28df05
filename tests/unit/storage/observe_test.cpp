#include <gtest/gtest.h>

#include "rill/database.hpp"
#include "support/collected.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::Collected;
using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

/// Callbacks come from the database's own thread, so these run under the thread sanitizer.
class ObserveThreads : public testing::TwoDevices {
 public:
  ObserveThreads() {
    testing::migrate_notes(a.db);
    testing::migrate_notes(b.db);
  }

  Subscription observe(Database& db) {
    return db.observe({"notes"}, [this](const ChangeSet& set) { changes.add(set); });
  }

  Collected<ChangeSet> changes;
};

TEST_F(ObserveThreads, ATransactionIsSeenWhole) {
  const Subscription subscription = observe(a.db);
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id, title) VALUES('1', 'x')");
    a.db.execute("INSERT INTO notes(id, title) VALUES('2', 'y')");
    a.db.execute("UPDATE notes SET title = 'z' WHERE id = '1'");
  });
  const ChangeSet set = changes.wait_for(1)[0];
  ASSERT_EQ(set.changes.size(), 2U);
  for (const Change& change : set.changes) {
    EXPECT_EQ(change.kind, Change::Kind::insert);
    EXPECT_TRUE(change.local);
    EXPECT_EQ(change.origin, a.db.id());
  }
}

TEST_F(ObserveThreads, AnUpdateCarriesOldAndNewValuesOfWhatChanged) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  const Subscription subscription = observe(a.db);
  a.db.execute("UPDATE notes SET title = 'Oat milk'");
  const Change change = changes.wait_for(1)[0].changes.at(0);
  EXPECT_EQ(change.kind, Change::Kind::update);
  EXPECT_EQ(change.key, std::vector<Value>{"n"});
  ASSERT_EQ(change.columns.size(), 1U);
  EXPECT_EQ(change.columns[0].column, "title");
  EXPECT_EQ(change.columns[0].old_value, Value("Milk"));
  EXPECT_EQ(change.columns[0].new_value, Value("Oat milk"));
}

TEST_F(ObserveThreads, ReceivedChangesNameTheirOrigin) {
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'Milk')");
  pull(b.db, a.db);
  const Subscription subscription = observe(b.db);
  a.db.execute("DELETE FROM notes");
  pull(b.db, a.db);
  const Change change = changes.wait_for(1)[0].changes.at(0);
  EXPECT_EQ(change.kind, Change::Kind::erase);
  EXPECT_FALSE(change.local);
  EXPECT_EQ(change.origin, a.db.id());
}

TEST_F(ObserveThreads, WhatASavepointUndidIsNotReported) {
  const Subscription subscription = observe(a.db);
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id) VALUES('kept')");
    EXPECT_THROW(a.db.transaction([&] {
      a.db.execute("INSERT INTO notes(id) VALUES('undone')");
      throw std::runtime_error("no");
    }),
                 std::runtime_error);
  });
  const ChangeSet set = changes.wait_for(1)[0];
  ASSERT_EQ(set.changes.size(), 1U);
  EXPECT_EQ(set.changes[0].key, std::vector<Value>{"kept"});
}

TEST_F(ObserveThreads, ChangesThroughAnotherConnectionToTheFileAreNoticed) {
  const Subscription subscription = observe(a.db);
  Device other{folder / "a.db"};
  testing::migrate_notes(other.db);
  other.db.execute("INSERT INTO notes(id) VALUES('n')");
  EXPECT_EQ(changes.wait_for(1)[0].changes.at(0).key, std::vector<Value>{"n"});
}

TEST_F(ObserveThreads, AWatchedQueryRunsNowAndAfterEachChange) {
  Collected<Value> counts;
  const Subscription subscription = a.db.watch(
      "SELECT count(*) FROM notes", [&](const Rows& rows) { counts.add(rows.front()[0]); });
  EXPECT_EQ(counts.wait_for(1)[0], Value(0));
  a.db.execute("INSERT INTO notes(id) VALUES('n')");
  EXPECT_EQ(counts.wait_for(2)[1], Value(1));
}

TEST_F(ObserveThreads, ACallbackThatEndsItsOwnSubscriptionIsTheLast) {
  Collected<int> calls;
  Subscription subscription;
  subscription = a.db.observe({}, [&](const ChangeSet&) {
    calls.add(1);
    subscription.stop();
  });
  a.db.execute("INSERT INTO notes(id) VALUES('1')");
  calls.wait_for(1);
  const Subscription second = observe(a.db);
  a.db.execute("INSERT INTO notes(id) VALUES('2')");
  changes.wait_for(1);
  EXPECT_EQ(calls.wait_for(1).size(), 1U);
}

TEST_F(ObserveThreads, ASubscriptionMayOutliveItsDatabase) {
  Subscription subscription;
  {
    Device c{folder / "c.db"};
    testing::migrate_notes(c.db);
    subscription = observe(c.db);
    c.db.execute("INSERT INTO notes(id) VALUES('n')");
  }
  subscription.stop();
}

TEST_F(ObserveThreads, CallbacksRunOnTheAppsExecutor) {
  Collected<std::function<void()>> posted;
  DatabaseOptions options;
  options.executor = [&](std::function<void()> call) { posted.add(std::move(call)); };
  Database db{folder / "d.db", options};
  testing::migrate_notes(db);
  const Subscription subscription = observe(db);
  db.execute("INSERT INTO notes(id) VALUES('n')");
  posted.wait_for(1)[0]();
  EXPECT_EQ(changes.wait_for(1).size(), 1U);
}

TEST_F(ObserveThreads, RejectedWritesAreReported) {
  for (Device* device : {&a, &b}) {
    device->db.migrate(2, [](Schema& schema) {
      schema.execute("CREATE TABLE seats(id TEXT PRIMARY KEY NOT NULL, guest TEXT)");
      schema.replicate("seats", {{"guest", first_writer()}});
    });
  }
  a.db.execute("INSERT INTO seats(id) VALUES('1')");
  pull(b.db, a.db);
  Collected<DatabaseEvent> events;
  const Subscription subscription =
      b.db.on_event([&](const DatabaseEvent& event) { events.add(event); });
  a.db.execute("UPDATE seats SET guest = 'first'");
  b.clock->advance(1'000);
  b.db.execute("UPDATE seats SET guest = 'second'");
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(b.db, "SELECT guest FROM seats"), Value("first"));
  const DatabaseEvent event = events.wait_for(1)[0];
  EXPECT_EQ(event.kind, DatabaseEvent::Kind::rejected);
  EXPECT_EQ(event.column, "guest");
}

TEST_F(ObserveThreads, UnknownTablesAndUnreplicatedQueriesAreRefused) {
  EXPECT_ERROR(a.db.observe({"nowhere"}, [](const ChangeSet&) {}), ErrorCode::unknown_table);
  EXPECT_ERROR(a.db.watch("SELECT 1", [](const Rows&) {}), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.db.watch("SELEKT", [](const Rows&) {}), ErrorCode::sql);
}

}  // namespace
}  // namespace rill
