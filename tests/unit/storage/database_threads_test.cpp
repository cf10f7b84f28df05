#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <functional>
#include <thread>

#include "rill/database.hpp"
#include "support/collected.hpp"
#include "support/pairs_app.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::Collected;
using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

constexpr int kWrites = 60;

class DatabaseThreads : public testing::TwoDevices {};

TEST_F(DatabaseThreads, WriteReadAndReceiveAtOnce) {
  testing::migrate_notes(a.db);
  testing::migrate_notes(b.db);
  a.db.execute("INSERT INTO notes(id) VALUES('shared')");
  pull(b.db, a.db);
  std::atomic<int> seen = 0;
  const Subscription subscription =
      a.db.observe({}, [&](const ChangeSet& set) { seen += static_cast<int>(set.changes.size()); });
  std::vector<std::thread> threads;
  threads.reserve(5);
  for (int writer = 0; writer < 3; ++writer) {
    threads.emplace_back([&, writer] {
      for (int write = 0; write < kWrites; ++write) {
        a.db.transaction([&] {
          a.db.execute("UPDATE notes SET views = views + 1 WHERE id = 'shared'");
          a.db.execute("INSERT INTO notes(id, title) VALUES(?, ?)", a.db.new_id(), writer);
        });
      }
    });
  }
  threads.emplace_back([&] {
    for (int write = 0; write < kWrites; ++write) {
      b.db.execute("UPDATE notes SET views = views + 1 WHERE id = 'shared'");
      exchange(a.db, b.db);
    }
  });
  threads.emplace_back([&] {
    for (int round = 0; round < kWrites; ++round) {
      // A transaction is seen whole: as many notes as its counter says, or more from the other
      // device.
      const Row row = a.db.query(
                              "SELECT views, (SELECT count(*) FROM notes) AS n FROM notes "
                              "WHERE id = 'shared'")
                          .front();
      EXPECT_GE(row.get<int>("views") + 1, row.get<int>("n"));
    }
  });
  for (std::thread& thread : threads) thread.join();
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(a.db, "SELECT views FROM notes WHERE id = 'shared'"), Value(4 * kWrites));
  EXPECT_EQ(value_of(b.db, "SELECT count(*) FROM notes"), Value(3 * kWrites + 1));
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(DatabaseThreads, TwoOpeningsOfOneFileTakeTurns) {
  Device second{folder / "a.db"};
  testing::migrate_notes(a.db);
  testing::migrate_notes(second.db);
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (Device* device : {&a, &second}) {
    threads.emplace_back([device] {
      for (int write = 0; write < kWrites; ++write) {
        device->db.execute("INSERT INTO notes(id) VALUES(?)", device->db.new_id());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM notes"), Value(2 * kWrites));
  // Each transaction took a dot of its own.
  EXPECT_EQ(a.db.vector()[a.db.id()], 2U * kWrites);
}

/// Runs `work` over and over on a thread of its own for as long as it lives.
class Meanwhile {
 public:
  explicit Meanwhile(std::function<void()> work)
      : thread_([this, work = std::move(work)] {
          while (!stop_) work();
        }) {}
  ~Meanwhile() {
    stop_ = true;
    thread_.join();
  }
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;  // last: it uses the others
};

TEST_F(DatabaseThreads, AStatementOnTheRawHandleDoesNotSlipIntoAnotherThreadsTransaction) {
  testing::migrate_notes(a.db);
  int raw = 0;
  {
    const Meanwhile failing([&] {
      EXPECT_THROW(a.db.transaction([&] {
        a.db.execute("INSERT INTO notes(id) VALUES(?)", a.db.new_id());
        std::this_thread::yield();
        throw std::runtime_error("undo");
      }),
                   std::runtime_error);
    });
    for (; raw < 200; ++raw) {
      const std::string sql = "INSERT INTO notes(id) VALUES('raw" + std::to_string(raw) + "')";
      ASSERT_EQ(sqlite3_exec(a.db.handle(), sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    }
  }
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM notes"), Value(raw));
}

TEST_F(DatabaseThreads, ReadersOfTheReceivingSideSeeTransactionsWhole) {
  testing::migrate_pairs(a.db);
  testing::migrate_pairs(b.db);
  const Meanwhile reading([&] { EXPECT_EQ(testing::half_pairs(b.db), 0); });
  const Meanwhile counting([&] {
    const Rows rows = b.db.query("SELECT pairs, (SELECT count(*) / 2 FROM pairs) FROM totals");
    if (rows.empty()) return;
    EXPECT_EQ(rows[0][0], rows[0][1]);
  });
  for (int pair = 0; pair < kWrites; ++pair) {
    testing::write_pair(a.db, std::to_string(pair));
    pull(b.db, a.db, 50);  // several chunks
  }
  EXPECT_EQ(testing::count_pairs(b.db), kWrites);
}

TEST_F(DatabaseThreads, EverythingAtOnceOnOneDatabase) {
  testing::migrate_pairs(a.db);
  testing::migrate_pairs(b.db);
  Collected<std::int64_t> totals;
  std::atomic<std::size_t> listed = 0;
  const Subscription watch = a.db.watch("SELECT sum(pairs) FROM totals", [&](const Rows& rows) {
    if (!rows[0][0].is_null()) totals.add(rows[0][0].integer());
  });
  const Subscription observer = a.db.observe({"pairs"}, [&](const ChangeSet& set) {
    EXPECT_EQ(set.changes.size() % 2, 0U);
    listed += set.changes.size();
  });
  {
    const Meanwhile reading([&] { EXPECT_EQ(testing::half_pairs(a.db), 0); });
    const Meanwhile extracting([&] {
      const auto changes = a.db.changes_since({});
      while (changes->next(500)) {
      }
      static_cast<void>(a.db.digest());
      static_cast<void>(a.db.conflicts());
    });
    const Meanwhile subscribing([&] {
      const Subscription brief = a.db.observe({"totals"}, [](const ChangeSet&) {});
      const Subscription vector = a.db.on_vector_change([] {});
    });
    std::vector<std::thread> writers;
    writers.reserve(3);
    for (int writer = 0; writer < 2; ++writer) {
      writers.emplace_back([&, writer] {
        for (int pair = 0; pair < kWrites; ++pair) {
          testing::write_pair(a.db, std::to_string(writer) + "-" + std::to_string(pair));
        }
      });
    }
    writers.emplace_back([&] {
      for (int pair = 0; pair < kWrites; ++pair) {
        testing::write_pair(b.db, "b-" + std::to_string(pair));
        pull(a.db, b.db);
      }
    });
    for (std::thread& writer : writers) writer.join();
  }
  totals.wait_until(
      [](const std::vector<std::int64_t>& all) { return all.back() == std::int64_t{3} * kWrites; });
  const auto patience = std::chrono::steady_clock::now() + testing::kPatience;
  while (listed < std::uint64_t{6} * kWrites && std::chrono::steady_clock::now() < patience) {
    std::this_thread::yield();
  }
  EXPECT_EQ(listed, std::uint64_t{6} * kWrites);
  pull(b.db, a.db);
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

}  // namespace
}  // namespace rill
