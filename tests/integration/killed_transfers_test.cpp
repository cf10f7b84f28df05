// Processes that are killed (SIGKILL) while a large transaction is on its way: whoever opens the
// receiver's file sees all of it or nothing, and the next connection goes on where the last one
// ended.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "replicating_process.hpp"
#include "support/database_device.hpp"
#include "support/effort.hpp"
#include "support/noise.hpp"

namespace rill {
namespace {

using test::agree;
using test::DatabaseDevice;
using test::eventually;
using testing::ReplicatingProcess;

class KilledTransfersThreads : public ::testing::Test {
 public:
  static constexpr int kRows = 1'500;
  /// More than greetings take: changes are on their way.
  static constexpr std::uint64_t kGreetings = 20'000;
  /// What may be under way when a connection is cut, and so has to be sent again.
  static constexpr std::uint64_t kUnderWay = 1'500'000;

  /// The next transaction, of 12 MB.
  void write(Database& db) {
    db.transaction([&] {
      for (int row = 0; row < kRows; ++row, ++written) {
        db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(written),
                   test::noise(8'000, static_cast<unsigned>(written)));
      }
    });
  }
  static ReplicatorOptions options() { return test::hasty(DatabaseDevice::quiet()); }
  /// Kills the process at some moment after `moved` shows that changes are on their way.
  template <typename Moved>
  void kill_in_the_middle(ReplicatingProcess& process, std::uint64_t before, const Moved& moved) {
    ASSERT_TRUE(eventually([&] { return moved() > before + kGreetings; }));
    // A few chunks later; or some time later, when all have come and are being applied, or stand.
    const unsigned longest = random() % 3 == 0 ? 200'000 : 8'000;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % longest));
    process.send_signal(SIGKILL);
    process.wait();
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder / name; }

  testing::TemporaryFolder folder;
  std::mt19937 random{50};
  int written = 0;
};

TEST_F(KilledTransfersThreads, AReceiverHoldsAllOrNothingAtFiftyMomentsAndGoesOn) {
  const unsigned moments = testing::scaled(50);
  DatabaseDevice a(path("a.db"), options());
  DatabaseDevice uncut(path("c.db"), options());
  pair(a, uncut);
  DeviceId id;
  {
    DatabaseDevice b(path("b.db"), options());
    pair(a, b);
    ASSERT_TRUE(agree(a, b));
    id = b.id();
  }
  const auto sent = [&a](const DeviceId& to) { return a.peer(to)->moved.bytes_sent; };
  std::set<std::uint32_t> places;
  std::uint32_t staged = 0;
  unsigned cuts = 0;
  write(a.db);
  // Under load cuts come closer together: then there are more of them.
  for (unsigned round = 0; cuts < moments || places.size() < moments / 4; ++round) {
    ASSERT_LT(round, 4 * moments) << "only " << cuts << " cuts were in the middle, at "
                                  << places.size() << " places";
    ReplicatingProcess b(folder, "b.db", {a.address()});
    kill_in_the_middle(b, sent(id), [&] { return sent(id); });
    Database file(path("b.db"), testing::options_beside(path("b.db")));
    const auto rows = testing::value_of(file, "SELECT count(*) FROM notes").integer();
    ASSERT_TRUE(rows == written || rows == written - kRows) << rows << " of " << written;
    const auto inboxes = file.summary().inboxes;
    if (rows == written) {
      EXPECT_TRUE(inboxes.empty());
      staged = 0;
      write(a.db);
      continue;
    }
    ++cuts;
    const std::uint32_t now = inboxes.empty() ? 0 : inboxes.front().chunks;
    EXPECT_GE(now, staged) << "what stood in the inbox was sent again";
    staged = now;
    places.insert(now);
  }
  RecordProperty("places", std::to_string(places.size()));

  {
    ReplicatingProcess b(folder, "b.db", {a.address()});
    ASSERT_TRUE(eventually([&] { return a.peer(id)->in_sync; }));
  }
  ASSERT_TRUE(agree(a, uncut));
  const std::uint64_t again = sent(id) - std::min(sent(id), sent(uncut.id()));
  RecordProperty("bytes_sent_again_per_cut", std::to_string(again / cuts));
  EXPECT_LT(again, cuts * kUnderWay);
  Database file(path("b.db"), testing::options_beside(path("b.db")));
  EXPECT_EQ(file.digest(), a.db.digest());
  EXPECT_EQ(file.vector(), a.db.vector());
}

TEST_F(KilledTransfersThreads, ASenderThatIsKilledLeavesAllOrNothing) {
  DatabaseDevice b(path("b.db"), options());
  DeviceId id;
  {
    DatabaseDevice a(path("a.db"), options());
    pair(b, a);
    id = a.id();
    ASSERT_TRUE(agree(a, b));
  }
  const auto write_more = [this] {
    Database file(path("a.db"), testing::options_beside(path("a.db")));
    write(file);
  };
  write_more();
  const auto received = [&] { return b.peer(id)->moved.bytes_received; };
  unsigned cuts = 0;
  for (unsigned round = 0; round < testing::scaled(10); ++round) {
    ReplicatingProcess a(folder, "a.db", {b.address()});
    kill_in_the_middle(a, received(), received);
    // All may have been sent before, and is applied yet.
    ASSERT_TRUE(eventually([&] { return !b.online(id); }));
    const std::int64_t rows = b.notes();
    ASSERT_TRUE(rows == written || rows == written - kRows) << rows << " of " << written;
    if (rows == written) {
      write_more();
    } else {
      ++cuts;
    }
  }
  EXPECT_GT(cuts, 0U);
  ReplicatingProcess a(folder, "a.db", {b.address()});
  EXPECT_TRUE(eventually([&] { return b.notes() == written; }));
}

}  // namespace
}  // namespace rill
