// Whole devices, with databases on disk, on machines of their own: cables that are pulled,
// addresses that change, packets that vanish. The machines are network namespaces joined by a
// switch.

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/database_device.hpp"
#include "support/switched_network.hpp"
#include "support/temporary_folder.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::agree;
using test::DatabaseDevice;
using test::eventually;
using test::kPatience;
using test::SwitchedNetwork;
using Kind = ReplicatorEvent::Kind;
using Family = SwitchedNetwork::Family;

class NetworksThreads : public ::testing::Test {
 public:
  static ReplicatorOptions options() { return test::hasty({}); }

  explicit NetworksThreads(Family family = Family::both) : network(family) {}

  void SetUp() override {
    if (!network.trouble().empty()) GTEST_SKIP() << "no networks here: " << network.trouble();
    for (std::size_t number = 0; number < SwitchedNetwork::kMachines; ++number) {
      const std::string name(1, static_cast<char>('a' + number));
      devices.push_back(std::make_unique<DatabaseDevice>(folder / (name + ".db"), options(),
                                                         &network.machine(number)));
    }
    pair_all();
  }
  DatabaseDevice& a() { return *devices[0]; }
  DatabaseDevice& b() { return *devices[1]; }
  DatabaseDevice& c() { return *devices[2]; }

  /// All three in one group, found by their beacons alone.
  void pair_all() {
    for (DatabaseDevice* joiner : {&b(), &c()}) {
      joiner->replicator->join(a().replicator->invite());
    }
    ASSERT_TRUE(eventually([&] { return met(a(), b()) && met(a(), c()) && met(b(), c()); }));
    a().add("first");
    ASSERT_TRUE(agree(a(), b()));
    ASSERT_TRUE(agree(a(), c()));
  }
  static bool met(DatabaseDevice& left, DatabaseDevice& right) {
    return left.online(right.id()) && right.online(left.id());
  }
  static bool parted(DatabaseDevice& left, DatabaseDevice& right) {
    return !left.online(right.id()) && !right.online(left.id());
  }
  static std::string where(DatabaseDevice& device, DatabaseDevice& peer) {
    const auto status = device.peer(peer.id());
    return status ? status->address : "";
  }

  /// Whether a change of A reaches C at once, so that what befalls B does not hold it up.
  bool undisturbed(const std::string& note) {
    a().add(note);
    return agree(a(), c(), test::kAtOnce);
  }
  /// How often a session of A and C has ended.
  std::size_t breaks() { return offline(a(), c()) + offline(c(), a()); }
  static std::size_t offline(DatabaseDevice& device, DatabaseDevice& peer) {
    std::size_t count = 0;
    for (const ReplicatorEvent& event : device.seen(Kind::peer_offline)) {
      if (event.peer == peer.id()) ++count;
    }
    return count;
  }
  /// Changes on every device, some of the same row.
  void edit_everywhere() {
    for (const auto& device : devices) {
      device->add("meanwhile " + std::to_string(edits_++));
      device->db.execute("UPDATE notes SET views = views + 1 WHERE id = 'first'");
    }
  }
  /// All hold what all wrote by `edit_everywhere`, which happened `edits` times.
  void expect_whole(int edits) {
    EXPECT_TRUE(agree(a(), b()));
    EXPECT_TRUE(agree(b(), c()));
    const Value views = testing::value_of(b().db, "SELECT views FROM notes WHERE id = 'first'");
    EXPECT_EQ(views, Value(3 * edits));
    for (const auto& device : devices) EXPECT_TRUE(device->seen(Kind::diverged).empty());
  }

  testing::TemporaryFolder folder;
  const SwitchedNetwork network;
  std::vector<std::unique_ptr<DatabaseDevice>> devices;

 private:
  int edits_ = 0;
};

class NetworksOfV4Threads : public NetworksThreads {
 public:
  NetworksOfV4Threads() : NetworksThreads(Family::v4) {}
};

class NetworksOfV6Threads : public NetworksThreads {
 public:
  NetworksOfV6Threads() : NetworksThreads(Family::v6) {}
};

TEST_F(NetworksOfV4Threads, DevicesPairAndSync) {
  EXPECT_TRUE(where(a(), b()).starts_with("10.77.0.2:")) << where(a(), b());
  EXPECT_TRUE(where(b(), a()).starts_with("10.77.0.1:")) << where(b(), a());
  edit_everywhere();
  expect_whole(1);
}

TEST_F(NetworksOfV6Threads, DevicesPairAndSync) {
  EXPECT_TRUE(where(a(), b()).starts_with("[fe80::")) << where(a(), b());
  EXPECT_TRUE(where(b(), a()).starts_with("[fe80::")) << where(b(), a());
  edit_everywhere();
  expect_whole(1);
}

TEST_F(NetworksThreads, ACableThatWasPulledIsUsedAgain) {
  ASSERT_TRUE(network.plug(1, false));
  ASSERT_TRUE(eventually([&] { return parted(a(), b()) && parted(b(), c()); }));
  const std::size_t before = breaks();
  edit_everywhere();
  EXPECT_TRUE(undisturbed("while B is away"));
  EXPECT_EQ(a().peer(b().id())->in_sync, false);
  ASSERT_TRUE(network.plug(1, true));
  EXPECT_TRUE(agree(a(), b(), 10s));
  EXPECT_EQ(breaks(), before) << "A and C went on";
  expect_whole(1);
}

TEST_F(NetworksThreads, ACableThatIsPulledForAMomentDoesNoHarm) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(network.plug(1, false));
    edit_everywhere();
    std::this_thread::sleep_for(200ms);
    ASSERT_TRUE(network.plug(1, true));
    ASSERT_TRUE(agree(a(), b(), 10s)) << round;
  }
  expect_whole(3);
}

TEST_F(NetworksOfV4Threads, ADeviceThatGetsAnotherAddressIsFoundThere) {
  ASSERT_TRUE(network.renumber(1, "10.77.0.9"));
  edit_everywhere();
  EXPECT_TRUE(undisturbed("while B moves"));
  EXPECT_TRUE(agree(a(), b(), 10s));
  EXPECT_TRUE(eventually([&] { return where(a(), b()).starts_with("10.77.0.9:"); }))
      << where(a(), b());
  EXPECT_TRUE(eventually([&] { return met(a(), b()) && met(b(), c()); }));
  EXPECT_EQ(breaks(), 0U);
  expect_whole(1);
}

TEST_F(NetworksThreads, ADeviceThatHearsNothingIsGivenUpByBothAndFoundAgain) {
  ASSERT_TRUE(network.deafen(1, true));
  const auto began = std::chrono::steady_clock::now();
  edit_everywhere();
  EXPECT_TRUE(undisturbed("while B is deaf"));
  ASSERT_TRUE(eventually([&] { return parted(a(), b()) && parted(b(), c()); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3 * options().timeouts.silence);
  EXPECT_FALSE(b().seen(Kind::peer_offline).empty());
  ASSERT_TRUE(network.deafen(1, false));
  EXPECT_TRUE(agree(a(), b()));
  EXPECT_EQ(breaks(), 0U);
  expect_whole(1);
}

TEST_F(NetworksThreads, ADeviceThatIsNotHeardIsGivenUpByBothAndFoundAgain) {
  ASSERT_TRUE(network.mute(1, true));
  const auto began = std::chrono::steady_clock::now();
  edit_everywhere();
  EXPECT_TRUE(undisturbed("while B is mute"));
  ASSERT_TRUE(eventually([&] { return parted(a(), b()) && parted(b(), c()); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3 * options().timeouts.silence);
  const auto lost = a().seen(Kind::peer_offline);
  ASSERT_FALSE(lost.empty());
  ASSERT_TRUE(lost.front().error.has_value());
  EXPECT_EQ(lost.front().error.value_or(Error(ErrorCode::internal, "")).code(),
            ErrorCode::peer_gone);
  ASSERT_TRUE(network.mute(1, false));
  EXPECT_TRUE(agree(a(), b()));
  EXPECT_EQ(breaks(), 0U);
  expect_whole(1);
}

}  // namespace
}  // namespace rill
