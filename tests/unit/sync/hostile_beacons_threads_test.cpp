// Beacons that somebody repeats: the tags in them are right, and who sends them is not.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "discovery/beacon.hpp"
#include "support/attacker.hpp"
#include "support/discovery_device.hpp"
#include "support/network_device.hpp"
#include "support/process_memory.hpp"

namespace rill {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::NetworkDevice;
using test::RawListener;
using test::RawSocket;
using ::testing::HasSubstr;
using ::testing::Not;

/// 127.0.0.66, where no device is.
constexpr std::uint32_t kElsewhere = INADDR_LOOPBACK + 65;

/// Hears what devices of this machine send each other over UDP, and says it again from another
/// address.
class Parrot {
 public:
  explicit Parrot(std::uint16_t port) : port_(port) {
    const int on = 1;
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(heard_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ::setsockopt(heard_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    ::setsockopt(heard_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(said_, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
    bind(heard_, kBroadcast, port);
    bind(said_, kElsewhere, 0);
  }
  ~Parrot() {
    ::close(heard_);
    ::close(said_);
  }
  Parrot(const Parrot&) = delete;
  Parrot& operator=(const Parrot&) = delete;

  /// The next beacon of a device that listens on this TCP port.
  std::string hear(std::uint16_t tcp_port) const {
    std::array<char, 2'048> buffer{};
    while (true) {
      const ssize_t size = ::recv(heard_, buffer.data(), buffer.size(), 0);
      if (size < 0) return {};
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(size));
      const auto beacon = decode_beacon(bytes);
      if (beacon && beacon->header.port == tcp_port) return std::string(bytes);
    }
  }
  void say(std::string_view bytes) const {
    const sockaddr_in address = address_of(kBroadcast, port_);
    static_cast<void>(::sendto(said_, bytes.data(), bytes.size(), 0,
                               reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  }

 private:
  static constexpr std::uint32_t kBroadcast = 0x7FFFFFFF;

  static sockaddr_in address_of(std::uint32_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
  }
  static void bind(int socket, std::uint32_t host, std::uint16_t port) {
    const sockaddr_in address = address_of(host, port);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }

  std::uint16_t port_;
  int heard_ = ::socket(AF_INET, SOCK_DGRAM, 0);
  int said_ = ::socket(AF_INET, SOCK_DGRAM, 0);
};

TEST(HostileBeaconsThreads, WhoRepeatsABeaconIsDialedSeldomAndLearnsNothing) {
  ReplicatorOptions options = NetworkDevice::quiet();
  options.discovery = true;
  options.discovery_port = test::free_discovery_port();
  options.handshake_timeout = 1'000ms;
  const Parrot parrot(options.discovery_port);
  NetworkDevice a(1, options);
  NetworkDevice b(2, options);
  pair(a, b);
  ASSERT_TRUE(eventually([&] { return a.in_sync_with(b.id()); }));
  const std::string before = a.replica.fingerprint();
  const std::string beacon = parrot.hear(b.port());
  ASSERT_FALSE(beacon.empty());
  b.turn_off();  // A member that is there would not be looked for.
  ASSERT_TRUE(eventually([&] { return !a.seen(ReplicatorEvent::Kind::peer_offline).empty(); }));

  const RawListener listener(kElsewhere, decode_beacon(beacon)->header.port);
  const testing::MemoryPeak peak;
  std::atomic<bool> over = false;
  std::thread flood([&] {
    while (!over) {
      for (int time = 0; time < 20; ++time) parrot.say(beacon);
      std::this_thread::sleep_for(5ms);
    }
  });
  int dials = 0;
  const auto end = std::chrono::steady_clock::now() + 4s;
  while (std::chrono::steady_clock::now() < end) {
    if (!listener.wait(200ms)) continue;
    ++dials;
    const std::string heard = RawSocket::of(listener.accept()).read_all();
    // A ClientHello, which names no group and no device.
    EXPECT_LT(heard.size(), 1'024U);
    for (const Member& member : a.replicator->members()) {
      EXPECT_THAT(heard, Not(HasSubstr(std::string(member.key.begin(), member.key.end()))));
      EXPECT_THAT(heard, Not(HasSubstr(member.name + "\n")));
    }
  }
  over = true;
  flood.join();
  EXPECT_GE(dials, 1) << "the test has not shown anything";
  EXPECT_LE(dials, 4);
  EXPECT_EQ(a.replica.fingerprint(), before);
  EXPECT_LT(peak.grown(), 4 * testing::kMebibyte);
  // The member itself is found as ever.
  b.turn_on();
  a.replica.insert("notes", "after", {{"title", "written after the attack"}});
  EXPECT_TRUE(eventually([&] { return b.replica.shown() == a.replica.shown(); }));
}

}  // namespace
}  // namespace rill
