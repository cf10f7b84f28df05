// Discovery between two machines joined by a cable: threads in network namespaces of their own.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "discovery/discovery.hpp"
#include "support/discovery_device.hpp"
#include "support/network_namespace.hpp"
#include "support/replicator_device.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::discovery_key;
using test::DiscoveryDevice;
using test::eventually;
using test::NetworkNamespace;

/// The networks are the tests' own, so is the port.
constexpr std::uint16_t kPort = 41'317;

class DiscoveryNamespacesThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const NetworkNamespace* machine : {&a_, &b_}) {
      if (!machine->trouble().empty()) {
        GTEST_SKIP() << "no network namespaces here: " << machine->trouble();
      }
    }
    if (!a_.connect(b_, "v0")) GTEST_SKIP() << "no veth devices here";
  }

  static void up(const NetworkNamespace& machine, const std::string& address) {
    if (!address.empty()) {
      ASSERT_TRUE(machine.run("address add " + address + "/24 dev v0"));
    }
    ASSERT_TRUE(machine.run("link set v0 up"));
  }
  static Discovery::Announcement announcement(std::uint16_t port) {
    return {port, {discovery_key(1)}, {}};
  }

  const NetworkNamespace a_;
  const NetworkNamespace b_;
};

/// A device on one of the machines.
class PlacedDevice : public DiscoveryDevice {
 public:
  PlacedDevice(const NetworkNamespace& machine, std::uint16_t port)
      : DiscoveryDevice({kPort}, {port, {discovery_key(1)}, {}}, [&machine] { machine.enter(); }) {}
};

TEST_F(DiscoveryNamespacesThreads, DevicesFindEachOtherOverV4AndV6) {
  up(a_, "10.77.0.1");
  up(b_, "10.77.0.2");
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  EXPECT_TRUE(a.finds("10.77.0.2", 1'002));
  EXPECT_TRUE(b.finds("10.77.0.1", 1'001));
  EXPECT_TRUE(a.finds("fe80::", 1'002));
  EXPECT_TRUE(b.finds("fe80::", 1'001));
  EXPECT_TRUE(a.sighting(1'002).member);
  EXPECT_FALSE(a.has_found(1'001));
  EXPECT_EQ(a.own_addresses(), std::vector<std::string>{"10.77.0.1"});
  EXPECT_TRUE(eventually([&] { return a.trouble().empty(); })) << a.trouble();
}

TEST_F(DiscoveryNamespacesThreads, LinkLocalAddressesSayOnWhichInterface) {
  up(a_, "");
  up(b_, "");
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  ASSERT_TRUE(a.finds("fe80::", 1'002));
  const auto address = a.sighting(1'002).endpoint.address();
  ASSERT_TRUE(address.is_v6());
  EXPECT_NE(address.to_v6().scope_id(), 0U);
}

TEST_F(DiscoveryNamespacesThreads, ANetworkThatComesLaterIsUsed) {
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  std::this_thread::sleep_for(200ms);
  EXPECT_FALSE(a.has_found(1'002));
  up(a_, "10.77.0.1");
  up(b_, "10.77.0.2");
  EXPECT_TRUE(a.finds("10.77.0.2", 1'002));
  EXPECT_TRUE(b.finds("10.77.0.1", 1'001));
  EXPECT_GE(a.network_changes(), 1U);
}

TEST_F(DiscoveryNamespacesThreads, ALinkThatWasDownIsUsedAgain) {
  up(a_, "10.77.0.1");
  up(b_, "10.77.0.2");
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  ASSERT_TRUE(a.finds("10.77.0.2", 1'002));
  ASSERT_TRUE(b.finds("10.77.0.1", 1'001));
  const unsigned before = a.network_changes();
  ASSERT_TRUE(b_.run("link set v0 down"));
  EXPECT_TRUE(eventually([&] { return a.network_changes() > before; })) << "the carrier is gone";
  a.forget();
  b.forget();
  ASSERT_TRUE(b_.run("link set v0 up"));
  for (const std::string host : {"10.77.0.", "fe80::"}) {
    EXPECT_TRUE(a.finds(host, 1'002)) << host;
    EXPECT_TRUE(b.finds(host, 1'001)) << host;
  }
}

TEST_F(DiscoveryNamespacesThreads, ANewAddressIsAnnounced) {
  up(a_, "10.77.0.1");
  up(b_, "10.77.0.2");
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  ASSERT_TRUE(a.finds("10.77.0.2", 1'002));
  const std::string nonce = a.sighting(1'002).device;
  ASSERT_TRUE(b_.run("address del 10.77.0.2/24 dev v0"));
  ASSERT_TRUE(b_.run("address add 10.77.0.3/24 dev v0"));
  EXPECT_TRUE(a.finds("10.77.0.3", 1'002));
  EXPECT_TRUE(eventually([&] { return a.sighting(1'002).device != nonce; }));
  EXPECT_GE(b.network_changes(), 1U);
}

TEST_F(DiscoveryNamespacesThreads, OneThatKeepsToItsMachineIsNotFoundFromOutside) {
  up(a_, "10.77.0.1");
  up(b_, "10.77.0.2");
  PlacedDevice a(a_, 1'001);
  PlacedDevice b(b_, 1'002);
  DiscoveryDevice hidden({kPort, true}, announcement(1'003), [&] { b_.enter(); });
  ASSERT_TRUE(a.finds("10.77.0.2", 1'002));
  ASSERT_TRUE(b.finds("127.0.0.1", 1'003));
  EXPECT_FALSE(a.has_found(1'003));
  EXPECT_FALSE(hidden.has_found(1'001));
}

}  // namespace
}  // namespace rill
