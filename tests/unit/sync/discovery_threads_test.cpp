// Discovery over real sockets, on the loopback interface alone. The context runs in a thread of its
// own, as it does in a replicator.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "discovery/discovery.hpp"
#include "discovery/interfaces.hpp"
#include "discovery/multicast.hpp"
#include "discovery/sightings.hpp"
#include "support/discovery_device.hpp"
#include "support/effort.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::discovery_key;
using test::DiscoveryDevice;
using test::free_discovery_port;

bool loopback_has_v6() {
  return std::ranges::any_of(list_interfaces(), [](const Interface& interface) {
    return interface.loopback && interface.has_v6();
  });
}

/// A socket of somebody who means ill.
class PlainSocket {
 public:
  PlainSocket() : fd_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
  }
  ~PlainSocket() { ::close(fd_); }
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;

  void send(std::string_view bytes, std::uint16_t port) const {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(0x7FFFFFFF);  // 127.255.255.255
    // What the system has no room for is lost, as floods are.
    static_cast<void>(::sendto(fd_, bytes.data(), bytes.size(), 0,
                               reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  }

 private:
  int fd_;
};

std::string beacon_bytes(std::uint16_t port, std::uint8_t nonce, const BeaconKey& key) {
  BeaconHeader header{port, {}, {}};
  header.nonce.fill(nonce);
  return encode(header, std::vector{key}, *system_random());
}

TEST(DiscoveryThreads, TwoProgramsOfOneMachineFindEachOtherOverV4) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("127.0.0.1", 1'002));
  EXPECT_TRUE(b.finds("127.0.0.1", 1'001));
  EXPECT_EQ(a.trouble(), "");
}

TEST(DiscoveryThreads, TwoProgramsOfOneMachineFindEachOtherOverV6) {
  if (!loopback_has_v6()) GTEST_SKIP() << "the loopback interface has no IPv6 address";
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("::1", 1'002));
  EXPECT_TRUE(b.finds("::1", 1'001));
}

TEST(DiscoveryThreads, ThreeProgramsOfOneMachineAllFindEachOther) {
  const std::uint16_t port = free_discovery_port();
  std::vector<std::unique_ptr<DiscoveryDevice>> devices;
  for (std::uint16_t own = 1'001; own <= 1'003; ++own) {
    devices.push_back(std::make_unique<DiscoveryDevice>(
        DiscoveryOptions{port, true},
        Discovery::Announcement{own, {discovery_key(1)}, std::nullopt}));
  }
  std::vector<std::string> hosts{"127.0.0.1"};
  if (loopback_has_v6()) hosts.emplace_back("::1");
  for (std::uint16_t index = 0; index < 3; ++index) {
    for (std::uint16_t other = 1'001; other <= 1'003; ++other) {
      for (const std::string& host : hosts) {
        if (other == 1'001 + index) continue;
        EXPECT_TRUE(devices[index]->finds(host, other)) << host;
      }
    }
    EXPECT_FALSE(devices[index]->has_found(1'001 + index)) << "itself";
  }
}

TEST(DiscoveryThreads, MoreProgramsThanPortsOnV6StillFindEachOtherOverV4) {
  const std::uint16_t port = free_discovery_port();
  std::vector<std::unique_ptr<DiscoveryDevice>> devices;
  for (std::uint16_t index = 0; index < kLoopbackPorts + 2; ++index) {
    const auto own = static_cast<std::uint16_t>(1'001 + index);
    devices.push_back(std::make_unique<DiscoveryDevice>(
        DiscoveryOptions{port, true},
        Discovery::Announcement{own, {discovery_key(1)}, std::nullopt}));
  }
  EXPECT_TRUE(devices.front()->finds("127.0.0.1", 1'000 + kLoopbackPorts + 2));
  EXPECT_TRUE(devices.back()->finds("127.0.0.1", 1'001));
  EXPECT_EQ(devices.back()->trouble(), "");
}

TEST(DiscoveryThreads, OwnBeaconsAreIgnored) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(b.finds("127.0.0.1", 1'001));  // so it was on its way to all
  EXPECT_TRUE(a.finds("127.0.0.1", 1'002));
  EXPECT_FALSE(a.has_found(1'001));
  EXPECT_FALSE(b.has_found(1'002));
}

TEST(DiscoveryThreads, AnotherGroupIsNotFound) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice stranger({port, true}, {1'002, {discovery_key(2)}, {}});
  DiscoveryDevice b({port, true}, {1'003, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("127.0.0.1", 1'003));
  EXPECT_TRUE(b.finds("127.0.0.1", 1'001));
  EXPECT_FALSE(a.has_found(1'002));
  EXPECT_FALSE(stranger.has_found(1'001));
  EXPECT_FALSE(stranger.has_found(1'003));
}

TEST(DiscoveryThreads, AChangedKeyStopsMatchingUntilBothHaveIt) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("127.0.0.1", 1'002));
  b.announce({1'003, {discovery_key(2)}, {}});
  DiscoveryDevice witness({port, true}, {1'004, {discovery_key(2)}, {}});
  EXPECT_TRUE(witness.finds("127.0.0.1", 1'003));
  EXPECT_FALSE(a.has_found(1'003));
  a.announce({1'001, {discovery_key(2), discovery_key(1)}, {}});
  b.announce_now();
  EXPECT_TRUE(a.finds("127.0.0.1", 1'003));
}

TEST(DiscoveryThreads, AnInviterIsFoundByStrangers) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice joiner({port, true}, {0, {}, {}});  // only listens
  DiscoveryDevice inviter({port, true}, {1'001, {discovery_key(1)}, "07"});
  EXPECT_TRUE(joiner.finds("127.0.0.1", 1'001));
  const Discovery::Sighting seen = joiner.sighting(1'001);
  EXPECT_EQ(seen.inviting, "07");
  EXPECT_FALSE(seen.member);
  EXPECT_EQ(seen.device.size(), kBeaconNonceBytes);
  // Whoever begins to look only now is told of it at once.
  joiner.forget();
  joiner.announce_now();
  EXPECT_TRUE(joiner.finds("127.0.0.1", 1'001));
}

TEST(DiscoveryThreads, PublicDigitsAreTwo) {
  DiscoveryDevice device({free_discovery_port(), true}, {0, {}, {}});
  for (const char* digits : {"", "7", "123", "a1", "-1"}) {
    EXPECT_TRUE(device.refuses({1'001, {}, digits})) << digits;
  }
}

TEST(DiscoveryThreads, StopsAndStartsAgain) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("127.0.0.1", 1'002));
  a.stop();
  a.forget();
  b.announce({1'003, {discovery_key(1)}, {}});
  DiscoveryDevice witness({port, true}, {1'004, {discovery_key(1)}, {}});
  EXPECT_TRUE(witness.finds("127.0.0.1", 1'003));
  EXPECT_FALSE(a.has_found(1'003));
  a.start();
  EXPECT_TRUE(b.finds("127.0.0.1", 1'001));
  b.announce_now();
  EXPECT_TRUE(a.finds("127.0.0.1", 1'003));
}

TEST(DiscoveryThreads, AFloodDoesNoHarm) {
  const std::uint16_t port = free_discovery_port();
  DiscoveryDevice a({port, true}, {1'001, {discovery_key(1)}, {}});
  const PlainSocket socket;
  const std::string replayed = beacon_bytes(2'001, 1, discovery_key(1));
  const std::string foreign = beacon_bytes(2'002, 2, discovery_key(2));
  const auto cpu = a.cpu_time();
  const auto end = std::chrono::steady_clock::now() + 2s;
  std::size_t sent = 0;
  while (std::chrono::steady_clock::now() < end) {
    socket.send(replayed, port);
    socket.send(foreign, port);
    socket.send(std::string(sent % 1'400, 'x'), port);
    sent += 3;
    if (sent % 300 == 0) std::this_thread::sleep_for(1ms);
  }
  EXPECT_GT(sent, 10 * kMaxDatagramsPerSecond);
  EXPECT_LT(a.cpu_time() - cpu, 500ms) << sent;
  EXPECT_LE(a.times_found(2'001), 1U);
  EXPECT_EQ(a.times_found(2'002), 0U);
  // Afterwards all is as before.
  std::this_thread::sleep_for(1'100ms);
  DiscoveryDevice b({port, true}, {1'002, {discovery_key(1)}, {}});
  EXPECT_TRUE(a.finds("127.0.0.1", 1'002));
  a.announce_now();
  EXPECT_TRUE(b.finds("127.0.0.1", 1'001));
}

TEST(DiscoveryThreads, IdlesAtNextToNoCost) {
  DiscoveryDevice a({free_discovery_port(), true}, {1'001, {discovery_key(1)}, {}});
  std::this_thread::sleep_for(200ms);
  const auto before = a.cpu_time();
  std::this_thread::sleep_for(4'100ms);
  // Four looks at the interfaces and two beacons; a thousandth of a core would be 4 ms.
  EXPECT_LT(a.cpu_time() - before, testing::kEffortPercent < 100 ? 200ms : 20ms);
}

}  // namespace
}  // namespace rill
