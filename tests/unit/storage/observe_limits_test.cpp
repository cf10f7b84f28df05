#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <future>
#include <set>
#include <thread>

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

/// Inserts `count` notes in one transaction, with bodies of `bytes`.
void insert_notes(Database& db, std::size_t count, std::size_t bytes = 0) {
  const std::string body(bytes, 'x');
  db.transaction([&] {
    for (std::size_t note = 0; note < count; ++note) {
      db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(note), body);
    }
  });
}

/// What an observer that keeps a copy of the notes' ids ends up with, if it does as it is told.
std::set<std::string> copied_ids(Database& db, const std::vector<ChangeSet>& sets) {
  std::set<std::string> ids;
  for (const ChangeSet& set : sets) {
    if (!set.unlisted.empty()) {
      ids.clear();
      for (const Row& row : db.query("SELECT id FROM notes")) ids.insert(row[0].text());
    }
    for (const Change& change : set.changes) {
      if (change.kind == Change::Kind::erase) ids.erase(change.key[0].text());
      if (change.kind == Change::Kind::insert) ids.insert(change.key[0].text());
    }
  }
  return ids;
}

class ObserveLimitsThreads : public testing::TwoDevices {
 public:
  ObserveLimitsThreads() {
    for (Device* device : {&a, &b}) {
      testing::migrate_notes(device->db);
      device->db.migrate(2, [](Schema& schema) {
        schema.execute(
            "CREATE TABLE marks(id TEXT PRIMARY KEY NOT NULL, note TEXT);"
            "CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT)");
        schema.replicate("marks", {{"note", first_writer()}});
      });
    }
  }

  Subscription observe(Database& db) {
    return db.observe({}, [this](const ChangeSet& set) { changes.add(set); });
  }

  Collected<ChangeSet> changes;
};

TEST_F(ObserveLimitsThreads, ALargeDeltaNamesTheTablesToReadAgain) {
  insert_notes(a.db, kMaxListedRows + 1);
  a.db.execute("INSERT INTO marks(id) VALUES('m')");
  const Subscription subscription = observe(b.db);
  pull(b.db, a.db, std::size_t{1} << 20U);
  const ChangeSet set = changes.wait_for(1)[0];
  EXPECT_EQ(set.unlisted, std::vector<std::string>{"notes"});
  ASSERT_EQ(set.changes.size(), 1U);
  EXPECT_EQ(set.changes[0].table, "marks");
}

TEST_F(ObserveLimitsThreads, AsManyRowsAsTheLimitAreListed) {
  const Subscription subscription = observe(a.db);
  insert_notes(a.db, kMaxListedRows);
  const ChangeSet set = changes.wait_for(1)[0];
  EXPECT_TRUE(set.unlisted.empty());
  EXPECT_EQ(set.changes.size(), kMaxListedRows);
}

TEST_F(ObserveLimitsThreads, AMassDeleteIsNotListedEither) {
  insert_notes(a.db, kMaxListedRows + 1);
  const Subscription subscription = observe(a.db);
  a.db.execute("DELETE FROM notes");
  const ChangeSet set = changes.wait_for(1)[0];
  EXPECT_EQ(set.unlisted, std::vector<std::string>{"notes"});
  EXPECT_TRUE(set.changes.empty());
}

TEST_F(ObserveLimitsThreads, BytesAreLimitedAsRowsAre) {
  const Subscription subscription = observe(a.db);
  insert_notes(a.db, 17, std::size_t{1} << 20U);
  EXPECT_EQ(changes.wait_for(1)[0].unlisted, std::vector<std::string>{"notes"});
}

TEST_F(ObserveLimitsThreads, OldValuesBeyondTheLimitAreForgotten) {
  insert_notes(a.db, 17, std::size_t{1} << 20U);
  const Subscription subscription = observe(a.db);
  a.db.execute("UPDATE notes SET body = 'short'");
  const ChangeSet set = changes.wait_for(1)[0];
  ASSERT_EQ(set.changes.size(), 17U);
  for (const Change& change : set.changes) {
    for (const ColumnChange& column : change.columns) EXPECT_FALSE(column.old_value.has_value());
  }
  // The next transaction is none the worse for it.
  a.db.execute("UPDATE notes SET body = 'shorter' WHERE id = '1'");
  const ChangeSet next = changes.wait_for(2)[1];
  EXPECT_EQ(next.changes.at(0).columns.at(0).old_value, Value("short"));
}

TEST_F(ObserveLimitsThreads, OldValuesOfARowThatAnotherProcessWroteInBetweenAreUnknown) {
  Device other{folder / "a.db"};
  testing::migrate_notes(other.db);
  a.db.execute("INSERT INTO notes(id, title) VALUES('n', 'old')");
  std::promise<void> entered;
  std::promise<void> go_on;
  const Subscription blocking =
      a.db.observe({"marks"}, [&entered, wait = go_on.get_future().share()](const ChangeSet&) {
        entered.set_value();
        wait.wait();
      });
  const Subscription subscription = observe(a.db);
  a.db.execute("INSERT INTO marks(id) VALUES('m')");
  // While the dispatcher waits, both write.
  entered.get_future().wait();
  other.db.execute("UPDATE notes SET title = 'theirs'");
  a.db.execute("UPDATE notes SET title = 'mine'");
  go_on.set_value();
  const auto sets = changes.wait_until([](const std::vector<ChangeSet>& all) {
    return !all.empty() && !all.back().changes.empty() &&
           all.back().changes.back().table == "notes";
  });
  const Change& change = sets.back().changes.back();
  const auto title = std::find_if(change.columns.begin(), change.columns.end(),
                                  [](const auto& column) { return column.column == "title"; });
  ASSERT_NE(title, change.columns.end());
  EXPECT_EQ(title->new_value, Value("mine"));
  EXPECT_NE(title->old_value, std::optional<Value>("theirs"));
}

TEST_F(ObserveLimitsThreads, AnExecutorThatFallsBehindIsToldWhatToReadAgain) {
  Collected<std::function<void()>> posted;
  DatabaseOptions options = testing::options_beside(folder / "c.db");
  options.executor = [&](std::function<void()> call) { posted.add(std::move(call)); };
  Database db(folder / "c.db", options);
  testing::migrate_notes(db);
  const Subscription subscription = observe(db);
  std::set<std::string> written;
  for (std::size_t note = 0; note < kMaxWaitingCalls + 20; ++note) {
    const std::string id = std::to_string(note);
    db.execute("INSERT INTO notes(id) VALUES(?)", id);
    written.insert(id);
    if (note < kMaxWaitingCalls) posted.wait_for(note + 1);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(250));  // some looks
  ASSERT_EQ(posted.items().size(), kMaxWaitingCalls);
  for (const auto& call : posted.items()) call();
  const auto rest = posted.wait_for(kMaxWaitingCalls + 1);
  for (std::size_t index = kMaxWaitingCalls; index < rest.size(); ++index) rest[index]();
  EXPECT_EQ(changes.items().at(kMaxWaitingCalls).unlisted, std::vector<std::string>{"notes"});
  EXPECT_EQ(copied_ids(db, changes.items()), written);
}

TEST_F(ObserveLimitsThreads, AWatchThatFailsIsToldAndHoldsUpNobody) {
  const char* sql = "SELECT count(*) FROM notes, settings";
  a.db.execute("INSERT INTO settings(name) VALUES('s')");
  Collected<Value> counts;
  Collected<DatabaseEvent> events;
  const Subscription watch = a.db.watch(sql, [&](const Rows& rows) { counts.add(rows[0][0]); });
  counts.wait_for(1);
  const Subscription later = observe(a.db);
  const Subscription told = a.db.on_event([&](const DatabaseEvent& event) { events.add(event); });
  a.db.execute("DROP TABLE settings");
  a.db.execute("INSERT INTO notes(id) VALUES('1')");
  const DatabaseEvent event = events.wait_for(1)[0];
  EXPECT_EQ(event.kind, DatabaseEvent::Kind::background_error);
  EXPECT_EQ(event.code, ErrorCode::sql);
  EXPECT_NE(event.message.find(sql), std::string::npos) << event.message;
  EXPECT_EQ(changes.wait_for(1)[0].changes.size(), 1U);
  // It recovers with what it reads.
  a.db.execute("CREATE TABLE settings(name TEXT PRIMARY KEY, value TEXT)");
  a.db.execute("INSERT INTO settings(name) VALUES('s')");
  a.db.execute("INSERT INTO notes(id) VALUES('2')");
  EXPECT_EQ(counts.wait_for(2)[1], Value(2));
}

TEST_F(ObserveLimitsThreads, WhatHappenedWhileNobodyListenedIsNobodysNews) {
  observe(a.db).stop();
  a.db.execute("INSERT INTO notes(id) VALUES('unheard')");
  const Subscription subscription = observe(a.db);
  a.db.execute("INSERT INTO notes(id) VALUES('heard')");
  const ChangeSet set = changes.wait_for(1)[0];
  ASSERT_EQ(set.changes.size(), 1U);
  EXPECT_EQ(set.changes[0].key, std::vector<Value>{"heard"});
}

TEST_F(ObserveLimitsThreads, TablesAreObservedByNamesInAnyCase) {
  const Subscription subscription =
      a.db.observe({"NOTES"}, [this](const ChangeSet& set) { changes.add(set); });
  a.db.execute("INSERT INTO notes(id) VALUES('n')");
  EXPECT_EQ(changes.wait_for(1)[0].changes.size(), 1U);
}

TEST_F(ObserveLimitsThreads, EventsBeyondTheLimitAreCounted) {
  constexpr std::size_t kRejected = kMaxWaitingEvents + 5;
  for (Device* device : {&a, &b}) {
    device->db.transaction([&] {
      for (std::size_t mark = 0; mark < kRejected; ++mark) {
        device->db.execute("INSERT INTO marks(id, note) VALUES(?, ?)", std::to_string(mark),
                           device == &a ? "a" : "b");
      }
    });
  }
  Collected<DatabaseEvent> events;
  const Subscription subscription =
      b.db.on_event([&](const DatabaseEvent& event) { events.add(event); });
  pull(b.db, a.db);
  const auto told = events.wait_for(kMaxWaitingEvents + 1);
  ASSERT_EQ(told.size(), kMaxWaitingEvents + 1);
  EXPECT_EQ(told.front().kind, DatabaseEvent::Kind::rejected);
  EXPECT_EQ(told.back().kind, DatabaseEvent::Kind::events_omitted);
  EXPECT_EQ(told.back().message.substr(0, 2), "5 ");
}

TEST_F(ObserveLimitsThreads, SubscriptionsThatComeAndGoMissNothingAndCostLittle) {
  const Subscription steady = observe(a.db);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        Subscription brief = a.db.observe({"notes"}, [](const ChangeSet&) {});
        brief.stop();
      }
    });
  }
  std::set<std::string> written;
  for (int note = 0; note < 50; ++note) {
    a.db.execute("INSERT INTO notes(id) VALUES(?)", std::to_string(note));
    written.insert(std::to_string(note));
  }
  for (std::thread& thread : threads) thread.join();
  const auto sets = changes.wait_until(
      [&](const std::vector<ChangeSet>& all) { return copied_ids(a.db, all) == written; });
  EXPECT_LE(sets.size(), 50U);
}

}  // namespace
}  // namespace rill
