// A member whose process stands still (SIGSTOP): its connections stay open, since the system keeps
// them, and nothing comes from it.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "replicating_process.hpp"
#include "support/database_device.hpp"
#include "support/effort.hpp"
#include "support/noise.hpp"
#include "support/process_memory.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::agree;
using test::DatabaseDevice;
using test::eventually;
using testing::kMebibyte;
using testing::ReplicatingProcess;
using Kind = ReplicatorEvent::Kind;

/// A and C in this process, B in one of its own.
class FrozenPeersThreads : public ::testing::Test {
 public:
  FrozenPeersThreads() {
    pair(a, c);
    DatabaseDevice joining(folder / "b.db", options());
    pair(a, joining);
    b_id = joining.id();
    joining.turn_off();
    run_b();
    EXPECT_TRUE(in_sync());
    EXPECT_TRUE(agree(a, c));
  }

  static ReplicatorOptions options() { return test::hasty(DatabaseDevice::quiet()); }
  void run_b() { b.emplace(folder, "b.db", std::vector{a.address()}); }
  void freeze() { b->send_signal(SIGSTOP); }
  void thaw() { b->send_signal(SIGCONT); }

  /// Whether A and B come to have seen the same.
  bool in_sync() {
    return eventually([this] {
      const auto status = a.peer(b_id);
      return status && status->connection == PeerStatus::Connection::online && status->in_sync &&
             status->lag == 0;
    });
  }
  /// Whether C hears of a change of A at once.
  bool undisturbed(const std::string& note) {
    a.add(note);
    return agree(a, c, test::kAtOnce);
  }
  /// Why A lost B; empty if it has not.
  std::optional<ErrorCode> loss() {
    for (const ReplicatorEvent& event : a.seen(Kind::peer_offline)) {
      if (event.peer == b_id && event.error) return event.error->code();
    }
    return std::nullopt;
  }
  /// Ends B in good order and compares its file.
  void expect_same_file() {
    b.reset();
    Database file(folder / "b.db", testing::options_beside(folder / "b.db"));
    EXPECT_EQ(file.vector(), a.db.vector());
    EXPECT_EQ(file.digest(), a.db.digest());
  }

  testing::TemporaryFolder folder;
  DatabaseDevice a{folder / "a.db", options()};
  DatabaseDevice c{folder / "c.db", options()};
  DeviceId b_id;
  std::optional<ReplicatingProcess> b;
};

TEST_F(FrozenPeersThreads, OneThatStandsStillForAMomentIsWaitedFor) {
  freeze();
  EXPECT_TRUE(undisturbed("meanwhile"));
  std::this_thread::sleep_for(700ms);
  thaw();
  EXPECT_TRUE(in_sync());
  EXPECT_EQ(loss(), std::nullopt);
  expect_same_file();
}

TEST_F(FrozenPeersThreads, OneThatStandsStillIsGivenUpAndComesBack) {
  freeze();
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(undisturbed("meanwhile"));
  ASSERT_TRUE(eventually([this] { return !a.online(b_id); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3 * options().timeouts.silence);
  EXPECT_TRUE(eventually([this] { return loss() == ErrorCode::peer_gone; }));
  // It goes on to be dialed, which its system answers and nobody else.
  const testing::MemoryPeak peak;
  const auto end = std::chrono::steady_clock::now() + 3s;
  for (int note = 0; std::chrono::steady_clock::now() < end; ++note) {
    ASSERT_TRUE(undisturbed("still frozen " + std::to_string(note)));
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_FALSE(a.online(b_id));
  EXPECT_LT(peak.grown(), 8 * kMebibyte);
  thaw();
  EXPECT_TRUE(in_sync());
  EXPECT_TRUE(c.seen(Kind::peer_offline).empty());
  expect_same_file();
}

TEST_F(FrozenPeersThreads, OneThatStandsStillInATransferHoldsUpNobody) {
  const auto rows = static_cast<int>(std::max(1'000U, testing::scaled(4'000)));
  const auto sent = [this] { return a.peer(b_id)->moved.bytes_sent; };
  const std::uint64_t before = sent();
  a.db.transaction([this] {
    for (int row = 0; row < rows; ++row) {
      a.db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(row),
                   test::noise(8'000, static_cast<unsigned>(row)));
    }
  });
  ASSERT_TRUE(eventually([&] { return sent() > before + kMebibyte; }));
  freeze();
  const testing::MemoryPeak peak;
  EXPECT_TRUE(agree(a, c)) << "all of it";
  EXPECT_TRUE(undisturbed("meanwhile"));
  ASSERT_TRUE(eventually([this] { return !a.online(b_id); }));
  EXPECT_LT(peak.grown(), 32 * kMebibyte);
  EXPECT_TRUE(eventually([this] { return loss() == ErrorCode::peer_gone; }));
  thaw();
  EXPECT_TRUE(in_sync());
  EXPECT_TRUE(c.seen(Kind::peer_offline).empty());
  expect_same_file();
}

}  // namespace
}  // namespace rill
