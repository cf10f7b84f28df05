#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "rill/rill.hpp"
#include "support/collected.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"
#include "support/pairs_app.hpp"
#include "support/process.hpp"

namespace rill {
namespace {

using testing::Collected;
using testing::count_pairs;
using testing::half_pairs;
using testing::migrate_pairs;
using testing::Process;
using testing::pull;
using testing::value_of;
using testing::write_pair;

using namespace std::chrono_literals;

/// Several processes work on one file; see database_worker_main.cpp for what they do.
class ProcessesThreads : public ::testing::Test {
 public:
  Process worker(const std::vector<std::string>& arguments) {
    return {folder, testing::beside_tests("database_worker"), arguments};
  }
  [[nodiscard]] std::string path(const char* name) const { return (folder / name).string(); }

  testing::TemporaryFolder folder;
};

void expect_success(Process& process) {
  const Process::Result result = process.wait();
  EXPECT_EQ(result.exit_code, 0) << result.errors;
}

TEST_F(ProcessesThreads, WritersThatSyncWithAThirdFileLoseNothingAndReuseNoDot) {
  constexpr int kWrites = 60;
  Database db(path("a.db"), testing::options_beside(path("a.db")));
  Database third(path("third.db"), testing::options_beside(path("third.db")));
  migrate_pairs(db);
  migrate_pairs(third);
  const std::string count = std::to_string(kWrites);
  Process first = worker({"write_and_sync", path("a.db"), path("third.db"), "x", count});
  Process second = worker({"write_and_sync", path("a.db"), path("third.db"), "y", count});
  for (int write = 0; write < kWrites; ++write) {
    write_pair(db, "here" + std::to_string(write));
    EXPECT_EQ(half_pairs(db), 0);
    EXPECT_EQ(half_pairs(third), 0);
  }
  expect_success(first);
  expect_success(second);
  sync(db, third);
  EXPECT_EQ(count_pairs(db), 3 * kWrites);
  EXPECT_EQ(value_of(db, "SELECT pairs FROM totals"), Value(std::int64_t{3} * kWrites));
  EXPECT_EQ(db.digest(), third.digest());
  // One dot for each transaction, in whichever process.
  EXPECT_EQ(db.vector()[db.id()], std::uint64_t{3} * kWrites);
  EXPECT_EQ(third.vector()[db.id()], std::uint64_t{3} * kWrites);
}

TEST_F(ProcessesThreads, ObserversSeeAnotherProcesssTransactionsWholeAndToTheLast) {
  constexpr std::size_t kWrites = 200;
  Database db(path("a.db"), testing::options_beside(path("a.db")));
  migrate_pairs(db);
  Collected<std::size_t> listed;
  Collected<Value> watched;
  const Subscription changes = db.observe({"pairs"}, [&](const ChangeSet& set) {
    EXPECT_TRUE(set.unlisted.empty());
    // Rows come in the order of the file, and the halves of a pair in one set.
    EXPECT_EQ(set.changes.size() % 2, 0U);
    for (std::size_t index = 0; index + 1 < set.changes.size(); index += 2) {
      EXPECT_EQ(set.changes[index].key[0].text() + "'", set.changes[index + 1].key[0].text());
    }
    listed.add(set.changes.size());
  });
  const Subscription rows =
      db.watch("SELECT (SELECT pairs FROM totals), (SELECT count(*) / 2 FROM pairs)",
               [&](const Rows& result) {
                 if (!result.front()[0].is_null()) {
                   EXPECT_EQ(result.front()[0], result.front()[1]);
                   watched.add(result.front()[0]);
                 }
               });
  Process writer = worker({"write", path("a.db"), "x", std::to_string(kWrites)});
  expect_success(writer);
  listed.wait_until([&](const std::vector<std::size_t>& sets) {
    std::size_t sum = 0;
    for (const std::size_t size : sets) sum += size;
    return sum == 2 * kWrites;
  });
  watched.wait_until([&](const std::vector<Value>& values) {
    return !values.empty() && values.back() == Value(kWrites);
  });
}

TEST_F(ProcessesThreads, AWriteWaitsForAnotherProcesssTransactionAsLongAsItMay) {
  Database db(path("a.db"), testing::options_beside(path("a.db")));
  migrate_pairs(db);
  Process holder = worker({"hold", path("a.db"), "300"});
  ASSERT_TRUE(holder.wait_for_output("held"));
  write_pair(db, "patient");
  EXPECT_EQ(count_pairs(db), 2);
  expect_success(holder);
}

TEST_F(ProcessesThreads, AWriteThatWaitedInVainIsBusyAndMayBeTriedAgain) {
  DatabaseOptions options = testing::options_beside(path("a.db"));
  options.busy_timeout = 50ms;
  Database db(path("a.db"), options);
  migrate_pairs(db);
  Process holder = worker({"hold", path("a.db"), "1500"});
  ASSERT_TRUE(holder.wait_for_output("held"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_ERROR(write_pair(db, "hasty"), ErrorCode::busy);
  EXPECT_ERROR(db.execute("INSERT INTO pairs(id, other) VALUES('x', 'x')"), ErrorCode::busy);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 1s);
  // Readers do not wait at all.
  EXPECT_EQ(count_pairs(db), 0);
  expect_success(holder);
  write_pair(db, "hasty");
  EXPECT_EQ(count_pairs(db), 2);
  EXPECT_EQ(db.vector()[db.id()], 2U);
}

TEST_F(ProcessesThreads, AReceiveThatWaitedInVainIsBusyAndAppliesWhenTriedAgain) {
  DatabaseOptions options = testing::options_beside(path("a.db"));
  options.busy_timeout = 50ms;
  Database db(path("a.db"), options);
  Database peer(path("peer.db"), testing::options_beside(path("peer.db")));
  migrate_pairs(db);
  migrate_pairs(peer);
  for (int pair = 0; pair < 100; ++pair) write_pair(peer, "p" + std::to_string(pair));
  Process holder = worker({"hold", path("a.db"), "1500"});
  ASSERT_TRUE(holder.wait_for_output("held"));
  EXPECT_ERROR(pull(db, peer), ErrorCode::busy);         // one chunk, applied at once
  EXPECT_ERROR(pull(db, peer, 1'000), ErrorCode::busy);  // several, kept until the last
  EXPECT_EQ(count_pairs(db), 0);
  expect_success(holder);
  pull(db, peer, 1'000);
  EXPECT_EQ(count_pairs(db), 101);
  pull(peer, db);
  EXPECT_EQ(db.digest(), peer.digest());
}

}  // namespace
}  // namespace rill
