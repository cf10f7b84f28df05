// What strangers get from a device that listens, over real sockets. Each test checks that two
// members beside it go on undisturbed, and that nothing was changed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gate.hpp"
#include "pairing/pairing_message.hpp"
#include "support/attacker.hpp"
#include "support/expect_error.hpp"
#include "support/network_device.hpp"
#include "support/process_memory.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::eventually;
using test::kPatience;
using test::NetworkDevice;
using test::RawSocket;
using test::RawTls;
using test::TlsManners;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kMebibyte;
using testing::MemoryPeak;
using ::testing::Not;
using Kind = ReplicatorEvent::Kind;

/// A frame of a gate, or what looks like one.
std::string frame(GateFrame type, std::string_view payload) {
  std::string out;
  append_frame(out, static_cast<FrameType>(type), 0, payload);
  return out;
}

class HostileThreads : public ::testing::Test {
 public:
  /// What scrypt takes, at both ends in this process.
  static constexpr std::uint64_t kStretching = 32 * kMebibyte;

  HostileThreads() {
    std::signal(SIGPIPE, SIG_IGN);  // attackers write to connections that were ended
    pair(a, b);
    EXPECT_TRUE(a.replicator->wait_in_sync(kPatience));
    state = a.replica.fingerprint();
    peak.emplace();
  }
  void TearDown() override {
    EXPECT_EQ(a.replica.fingerprint(), state) << "the database has changed";
    EXPECT_TRUE(undisturbed("after the attack"));
    EXPECT_TRUE(b.seen(Kind::peer_offline).empty()) << "the member was disturbed";
    EXPECT_EQ(a.replicator->members().size(), members);
    RecordProperty("kilobytes", std::to_string(peak->grown() / 1'024));
    EXPECT_LT(peak->grown(), memory);
  }
  /// Whether a change of A reaches B at once.
  bool undisturbed(const std::string& when) {
    a.replica.insert("notes", when, {{"title", "written " + when}});
    const bool agreed =
        eventually([this] { return b.replica.shown() == a.replica.shown(); }, milliseconds{1'500});
    state = a.replica.fingerprint();
    return agreed;
  }

  static ReplicatorOptions hasty() {
    ReplicatorOptions options = NetworkDevice::quiet();
    options.handshake_timeout = milliseconds{1'500};
    options.timeouts.hello = milliseconds{1'500};
    return options;
  }
  std::uint16_t port() { return a.replicator->status().port; }
  std::uint64_t refused() { return a.replicator->status().refused; }
  bool refuses(std::uint64_t before) {
    return eventually([&] { return refused() > before; });
  }

  NetworkDevice a{1, hasty()};
  NetworkDevice b{2, hasty()};
  std::string state;
  std::size_t members = 2;
  /// What an attack may cost.
  std::uint64_t memory = 16 * kMebibyte;
  std::optional<MemoryPeak> peak;
};

TEST_F(HostileThreads, GarbageIsHungUpOn) {
  for (const std::string& words :
       std::vector<std::string>{"GET / HTTP/1.1\r\nHost: rill\r\n\r\n", std::string(100'000, '\0'),
                                std::string("\x16\x03\x01\xff\xff", 5), std::string(3, '\x80')}) {
    const std::uint64_t before = refused();
    const RawSocket stranger(port());
    stranger.send(words);
    EXPECT_LT(stranger.read_all().size(), 64U) << "at most an alert";
    EXPECT_TRUE(refuses(before));
  }
}

TEST_F(HostileThreads, WhoNeverSpeaksIsHungUpOnInTime) {
  const auto began = std::chrono::steady_clock::now();
  const RawSocket silent(port());
  EXPECT_THAT(silent.read_all(), IsEmpty());
  RawTls halfway(port());
  ASSERT_TRUE(halfway.connected());
  halfway.read_all();
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds{15'000});
}

TEST_F(HostileThreads, OlderTlsAndOtherProtocolsAndKeysAreRefused) {
  const std::vector<TlsManners> bad{{.newest = TLS1_2_VERSION},
                                    {.alpn = "\x02h2"},
                                    {.alpn = ""},
                                    {.alpn = "\xffshort"},
                                    {.key = ""},
                                    {.key = "EC"},
                                    {.chain = true}};
  for (std::size_t index = 0; index < bad.size(); ++index) {
    const std::uint64_t before = refused();
    RawTls stranger(port(), bad[index]);
    EXPECT_THAT(stranger.read_all(), IsEmpty()) << index;
    EXPECT_TRUE(refuses(before)) << index;
  }
}

TEST_F(HostileThreads, AStrangerLearnsNothingButThatItIsOne) {
  RawTls stranger(port());
  ASSERT_TRUE(stranger.connected());
  stranger.send(frame(GateFrame::proof, std::string("\x01\x20", 2) + std::string(32, 'x')));
  const std::string heard = stranger.read_all();
  EXPECT_LT(heard.size(), 1'024U);
  EXPECT_THAT(heard, HasSubstr("not_a_member"));
  const GroupId group = Group(a.store, DeviceKey::generate()).id();
  EXPECT_THAT(heard, Not(HasSubstr(std::string(group.begin(), group.end()))));
  for (const Member& member : a.replicator->members()) {
    EXPECT_THAT(heard, Not(HasSubstr(std::string(member.key.begin(), member.key.end()))));
  }
  EXPECT_TRUE(eventually([&] { return !a.seen(Kind::refused).empty(); }));
}

TEST_F(HostileThreads, FramesThatAreTooLongOutOfTurnOrGarbageAreNamed) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {std::string("\xff\xff\xff\x7f\x40\x00\x00\x00", 8), "limit_exceeded"},
      {frame(GateFrame::credential, "x"), "protocol"},
      {frame(GateFrame::welcome, ""), "protocol"},
      {frame(static_cast<GateFrame>(1), "HELLO"), "protocol"},
      {frame(GateFrame::proof, std::string("\xff\xff\xff\xff\x0f", 5)), "limit_exceeded"},
      {frame(GateFrame::proof, std::string("\x01\x20", 2)), "malformed"}};
  for (const auto& [bytes, answer] : bad) {
    RawTls stranger(port());
    ASSERT_TRUE(stranger.connected());
    stranger.send(bytes);
    const std::string heard = stranger.read_all();
    const bool named = heard.find("limit_exceeded") != std::string::npos ||
                       heard.find(answer) != std::string::npos;
    EXPECT_TRUE(named) << answer;
    EXPECT_LT(heard.size(), 1'024U);
  }
}

TEST_F(HostileThreads, AProofIsOfNoUseOnAnotherConnection) {
  RawTls first(port());
  const std::string header = first.read(8);
  ASSERT_EQ(header.size(), 8U);
  const std::string proof = header + first.read(static_cast<std::uint8_t>(header[0]) +
                                                256U * static_cast<std::uint8_t>(header[1]));
  first.send(proof);  // reflected
  EXPECT_THAT(first.read_all(), HasSubstr("not_a_member"));
  RawTls second(port());
  second.send(proof);  // relayed
  EXPECT_THAT(second.read_all(), HasSubstr("not_a_member"));
}

TEST_F(HostileThreads, AFloodOfConnectionsIsBoundedAndPasses) {
  {
    std::vector<RawSocket> flood;
    flood.reserve(100);
    for (int index = 0; index < 100; ++index) flood.emplace_back(port());
    EXPECT_TRUE(undisturbed("during the flood"));
  }
  // The address is let in again at its rate.
  EXPECT_TRUE(eventually([this] {
    RawTls stranger(port());
    return stranger.connected();
  }));
}

/// Connections from many addresses that say nothing, each begun again as soon as it is ended.
class Flood {
 public:
  explicit Flood(std::uint16_t port) : thread_([this, port] { run(port); }) {}
  ~Flood() {
    stop_ = true;
    thread_.join();
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  [[nodiscard]] unsigned begun() const { return begun_; }
  [[nodiscard]] unsigned ended() const { return ended_; }

 private:
  static constexpr unsigned kAddresses = 20;
  static constexpr unsigned kOfEach = 10;

  static bool is_ended(const RawSocket& socket) {
    pollfd ready{socket.descriptor(), POLLIN, 0};
    return ::poll(&ready, 1, 0) > 0;
  }
  void run(std::uint16_t port) {
    std::vector<std::optional<RawSocket>> sockets(std::size_t{kAddresses} * kOfEach);
    while (!stop_) {
      for (std::size_t index = 0; index < sockets.size(); ++index) {
        std::optional<RawSocket>& socket = sockets[index];
        if (socket && !is_ended(*socket)) continue;
        if (socket) ++ended_;
        const auto own = static_cast<std::uint32_t>(index % kAddresses);
        socket.reset();
        socket.emplace(port, INADDR_LOOPBACK + 10 + own);
        ++begun_;
      }
      std::this_thread::sleep_for(milliseconds{20});
    }
  }

  std::atomic<bool> stop_ = false;
  std::atomic<unsigned> begun_ = 0;
  std::atomic<unsigned> ended_ = 0;
  std::thread thread_;
};

TEST_F(HostileThreads, AFloodFromManyAddressesKeepsNoMemberOut) {
  NetworkDevice c{3, hasty()};
  pair(a, c);
  members = 3;
  ASSERT_TRUE(eventually([&] { return a.online(c.id()); }));
  const DeviceId id = c.id();
  c.turn_off();
  ASSERT_TRUE(eventually([&] { return !a.online(id); }));
  peak.emplace();  // without what pairing took
  const Flood flood(port());
  ASSERT_TRUE(eventually([&] { return flood.begun() > 200 && flood.ended() > 100; }))
      << "all beyond the limits are ended";
  EXPECT_TRUE(undisturbed("during the flood"));
  c.turn_on();
  EXPECT_TRUE(eventually([&] { return a.online(id) && a.in_sync_with(id); }));
  EXPECT_TRUE(undisturbed("after C came back"));
  EXPECT_TRUE(eventually([&] { return c.replica.shown() == a.replica.shown(); }));
}

TEST_F(HostileThreads, PairingWithoutAnInvitationIsRefused) {
  TlsManners manners;
  manners.alpn = "\x0brill-pair/1";
  RawTls stranger(port(), manners);
  ASSERT_TRUE(stranger.connected());
  pairing::PairingHello hello;
  hello.invitation.name = "xx";
  std::string bytes;
  append_frame(bytes, static_cast<FrameType>(pairing::PairingFrame::hello), 0, encode(hello));
  stranger.send(bytes);
  EXPECT_THAT(stranger.read_all(), HasSubstr("wrong_code"));
}

/// Passes on what comes on one connection to the other, both ways, until either ends.
void relay(RawTls& left, RawTls& right) {
  while (true) {
    std::array<pollfd, 2> ready{pollfd{left.descriptor(), POLLIN, 0},
                                pollfd{right.descriptor(), POLLIN, 0}};
    if (!left.has_pending() && !right.has_pending() && ::poll(ready.data(), 2, 20'000) <= 0) return;
    for (const bool from_left : {true, false}) {
      RawTls& from = from_left ? left : right;
      if (!from.has_pending() && ready.at(from_left ? 0 : 1).revents == 0) continue;
      const std::string bytes = from.read_some();
      if (bytes.empty()) return;
      (from_left ? right : left).send(bytes);
    }
  }
}

TEST_F(HostileThreads, WhoRelaysAPairingGetsNothingWithTheRightCodeAtBothEnds) {
  NetworkDevice joiner{3, hasty()};
  const test::RawListener listener;
  std::thread man_in_the_middle([&] {
    RawTls victim(listener);
    TlsManners manners;
    manners.alpn = "\x0brill-pair/1";
    RawTls inviter(port(), manners);
    relay(victim, inviter);
  });
  EXPECT_ERROR(joiner.replicator->join(a.replicator->invite(),
                                       "127.0.0.1:" + std::to_string(listener.port())),
               ErrorCode::wrong_code);
  man_in_the_middle.join();
  EXPECT_TRUE(joiner.replicator->members().empty());
  EXPECT_EQ(a.seen(Kind::pairing_request).size(), 1U) << "only B was ever asked about";
  memory += kStretching;
}

TEST_F(HostileThreads, WrongCodesAndTheFourthAttemptGetNothing) {
  NetworkDevice joiner{3, hasty()};
  const std::string code = a.replicator->invite();
  for (int attempt = 1; attempt <= 3; ++attempt) {
    std::string wrong = code;
    wrong[wrong.size() - static_cast<std::size_t>(attempt)] ^= 1;
    EXPECT_ERROR(joiner.replicator->join(wrong, a.address()), ErrorCode::wrong_code);
    EXPECT_TRUE(undisturbed("after attempt " + std::to_string(attempt)));
  }
  EXPECT_ERROR(joiner.replicator->join(code, a.address()), ErrorCode::expired);
  EXPECT_TRUE(joiner.replicator->members().empty());
  EXPECT_EQ(a.seen(Kind::pairing_request).size(), 1U) << "only B was ever asked about";
  EXPECT_TRUE(eventually([this] { return a.seen(Kind::pairing_failed).size() >= 3; }));
  memory += kStretching;
}

TEST_F(HostileThreads, AUsedCodeAndOneThatWasWithdrawnGetNothing) {
  NetworkDevice c{3, hasty()};
  NetworkDevice late{4, hasty()};
  const std::string withdrawn = a.replicator->invite();
  const std::string link = a.replicator->invite_link();
  std::string code = a.replicator->invite();
  while (code.substr(0, 2) == withdrawn.substr(0, 2)) code = a.replicator->invite();
  EXPECT_ERROR(late.replicator->join(withdrawn, a.address()), ErrorCode::expired);
  c.replicator->join(code, a.address());
  members = 3;
  EXPECT_ERROR(late.replicator->join(code, a.address()), ErrorCode::expired);
  c.replicator->leave();
  c.replicator->join(link, a.address());
  EXPECT_ERROR(late.replicator->join(link, a.address()), ErrorCode::expired);
  EXPECT_TRUE(late.replicator->members().empty());
  memory += kStretching;
}

}  // namespace
}  // namespace rill
