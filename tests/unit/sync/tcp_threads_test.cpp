// The transport over loopback sockets. Every test starts threads, so all of them run under the
// thread sanitizer.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/sync.hpp"
#include "rill/tcp.hpp"
#include "support/memory_replica.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::MemoryReplica;
using test::replica_id;

constexpr milliseconds kPatience{20'000};

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds{2});
  }
  return false;
}

template <typename Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::internal, "");
}

/// A bare socket connected to 127.0.0.1, or listening there, for peers that behave badly.
class RawSocket {
 public:
  static RawSocket connected_to(std::uint16_t port) {
    RawSocket raw;
    const sockaddr_in address = loopback(port);
    EXPECT_EQ(::connect(raw.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return raw;
  }
  static RawSocket listening() {
    RawSocket raw;
    const sockaddr_in address = loopback(0);
    EXPECT_EQ(::bind(raw.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(raw.fd_, 8), 0);
    return raw;
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  [[nodiscard]] std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }
  RawSocket accept() {
    RawSocket raw(::accept(fd_, nullptr, nullptr));
    return raw;
  }
  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// Reads until the other end closes; empty bytes for a reset.
  std::string read_all() const {
    std::string bytes;
    char buffer[4'096];
    for (ssize_t size = 0; (size = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0;) {
      bytes.append(buffer, static_cast<std::size_t>(size));
    }
    return bytes;
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  RawSocket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {}
  explicit RawSocket(int fd) : fd_(fd) {}
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int fd_;
};

TEST(TcpThreads, SyncsBothWaysOnceOverEachLoopbackAddress) {
  for (const std::string address : {"127.0.0.1", "::1", "localhost"}) {
    MemoryReplica a(replica_id(1));
    MemoryReplica b(replica_id(2));
    a.insert("notes", "milk", {{"title", "Milk"}});
    b.insert("notes", "tea", {{"title", "Tea"}});
    b.insert("notes", "eggs", {{"title", "Eggs"}});
    TcpServerOptions options;
    options.address = address;
    TcpServer server(b, options);
    const SyncReport report = sync_with(a, address, server.port());
    EXPECT_EQ(report.rows_sent, 1U) << address;
    EXPECT_EQ(report.rows_received, 2U);
    EXPECT_GT(report.bytes_sent, 0U);
    EXPECT_EQ(a.shown(), b.shown());
    EXPECT_EQ(sync_with(a, address, server.port()).rows_sent, 0U);
    EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  }
}

TEST(TcpThreads, OtherAddressesAreRefused) {
  MemoryReplica a(replica_id(1));
  for (const char* host : {"0.0.0.0", "192.168.1.2", "example.org", "::", "127.0.0.2", ""}) {
    const Error error = error_of([&] { sync_with(a, host, 4711); });
    EXPECT_EQ(error.code(), ErrorCode::refused_address) << host;
    TcpServerOptions options;
    options.address = host;
    EXPECT_EQ(error_of([&] { TcpServer server(a, options); }).code(), ErrorCode::refused_address);
  }
}

TEST(TcpThreads, TakenPortIsNamed) {
  MemoryReplica a(replica_id(1));
  TcpServer first(a);
  TcpServerOptions options;
  options.port = first.port();
  const Error error = error_of([&] { TcpServer second(a, options); });
  EXPECT_EQ(error.code(), ErrorCode::address_in_use);
  EXPECT_NE(std::string(error.what()).find(std::to_string(first.port())), std::string::npos);
}

TEST(TcpThreads, NobodyThereIsNamed) {
  MemoryReplica a(replica_id(1));
  std::uint16_t port = 0;
  {
    TcpServer gone(a);
    port = gone.port();
  }
  const Error error = error_of([&] { sync_with(a, "127.0.0.1", port); });
  EXPECT_EQ(error.code(), ErrorCode::unreachable);
  EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(port)), std::string::npos);
  EXPECT_EQ(error_of([&] { TcpConnection live(a, "localhost", port); }).code(),
            ErrorCode::unreachable);
}

TEST(TcpThreads, CopyOfTheFileIsForked) {
  MemoryReplica a(replica_id(1));
  MemoryReplica copy(replica_id(1));
  TcpServer server(a);
  EXPECT_EQ(error_of([&] { sync_with(copy, "::1", server.port()); }).code(),
            ErrorCode::unreachable);
  EXPECT_EQ(error_of([&] { sync_with(copy, "127.0.0.1", server.port()); }).code(),
            ErrorCode::forked);
}

TEST(TcpThreads, LiveConnectionsCarryCommitsOnwards) {
  MemoryReplica hub(replica_id(1));
  MemoryReplica b(replica_id(2));
  MemoryReplica c(replica_id(3));
  TcpServer server(hub);
  TcpConnection from_b(b, "127.0.0.1", server.port());
  TcpConnection from_c(c, "127.0.0.1", server.port());
  b.insert("notes", "milk", {{"title", "Milk"}});
  ASSERT_TRUE(eventually([&] { return c.shown() == b.shown(); }));
  c.update("notes", "milk", "title", "Oat milk");
  ASSERT_TRUE(eventually([&] { return b.shown() == c.shown(); }));
  hub.erase("notes", "milk");
  ASSERT_TRUE(eventually([&] { return b.shown().empty() && c.shown().empty(); }));
  EXPECT_TRUE(from_b.wait_in_sync(kPatience));
  EXPECT_EQ(b.deltas_applied(), 2U) << "nothing is sent back";
  EXPECT_EQ(c.deltas_applied(), 2U);
  EXPECT_EQ(hub.deltas_applied(), 2U);
}

TEST(TcpThreads, WaitInSyncCoversCommitsMadeBefore) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  TcpServer server(b);
  TcpConnection live(a, "127.0.0.1", server.port());
  for (int index = 0; index < 50; ++index) {
    a.insert("notes", std::to_string(index), {{"title", "Milk"}});
    ASSERT_TRUE(live.wait_in_sync(kPatience));
    ASSERT_EQ(b.shown(), a.shown());
  }
  EXPECT_TRUE(live.open());
  EXPECT_EQ(live.progress().rows_sent, 50U);
  live.close();
  EXPECT_FALSE(live.open());
  EXPECT_FALSE(live.error().has_value());
  EXPECT_FALSE(live.wait_in_sync(milliseconds{10}));
}

TEST(TcpThreads, EventsTellTheStory) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  b.insert("notes", "milk", {{"title", "Milk"}});
  TcpServerOptions server_options;
  server_options.name = "Kitchen";
  TcpServer server(b, server_options);
  std::vector<TcpEvent> events;
  TcpClientOptions options;
  options.on_event = [&](const TcpEvent& event) { events.push_back(event); };
  sync_with(a, "127.0.0.1", server.port(), options);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().event.kind, SessionEvent::Kind::connected);
  EXPECT_EQ(events.front().address, "127.0.0.1:" + std::to_string(server.port()));
  ASSERT_TRUE(events.front().peer.has_value());
  EXPECT_EQ(events.front().peer->name, "Kitchen");
  EXPECT_EQ(events.back().event.kind, SessionEvent::Kind::closed);
  EXPECT_FALSE(events.back().event.error.has_value());
}

TEST(TcpThreads, CallbackThatThrowsDoesNoHarm) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  b.insert("notes", "milk", {{"title", "Milk"}});
  TcpServerOptions options;
  options.on_event = [](const TcpEvent&) { throw std::runtime_error("from a callback"); };
  TcpServer server(b, options);
  sync_with(a, "127.0.0.1", server.port());
  EXPECT_EQ(a.shown(), b.shown());
}

TEST(TcpThreads, ManyClientsAtOnceConverge) {
  MemoryReplica hub(replica_id(100));
  TcpServer server(hub);
  constexpr int kClients = 6;
  std::vector<std::unique_ptr<MemoryReplica>> replicas;
  replicas.reserve(kClients);
  for (int index = 0; index < kClients; ++index) {
    replicas.push_back(
        std::make_unique<MemoryReplica>(replica_id(static_cast<std::uint8_t>(index))));
  }
  std::vector<std::thread> threads;
  threads.reserve(kClients);
  for (int index = 0; index < kClients; ++index) {
    threads.emplace_back([&, index] {
      MemoryReplica& replica = *replicas[static_cast<std::size_t>(index)];
      TcpConnection live(replica, "127.0.0.1", server.port());
      for (int row = 0; row < 20; ++row) {
        replica.insert("notes", std::to_string(index) + "/" + std::to_string(row),
                       {{"title", row}});
      }
      EXPECT_TRUE(live.wait_in_sync(kPatience));
      EXPECT_TRUE(eventually([&] {
        const auto shown = replica.shown();
        return shown.contains("notes") && shown.at("notes").size() == std::size_t{20} * kClients;
      }));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& replica : replicas) EXPECT_EQ(replica->shown(), hub.shown());
}

TEST(TcpThreads, LargeTransferBothWays) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  for (int row = 0; row < 40; ++row) {
    a.insert("notes", "a" + std::to_string(row), {{"body", std::string(100'000, 'a')}});
    b.insert("notes", "b" + std::to_string(row), {{"body", std::string(100'000, 'b')}});
  }
  TcpServer server(b);
  sync_with(a, "127.0.0.1", server.port());
  EXPECT_EQ(a.shown(), b.shown());
}

TEST(TcpThreads, PeerAtWorkForLongIsWaitedForAndOthersAreServed) {
  MemoryReplica hub(replica_id(1));
  MemoryReplica slow(replica_id(2));
  MemoryReplica quick(replica_id(3));
  TcpServerOptions options;
  options.timeouts.stall = options.timeouts.silence = milliseconds{400};
  options.timeouts.ping = milliseconds{200};
  TcpServer server(hub, options);
  slow.before_receive([] { std::this_thread::sleep_for(milliseconds{1'500}); });
  TcpClientOptions client_options;
  client_options.timeouts = options.timeouts;
  TcpConnection from_slow(slow, "127.0.0.1", server.port(), client_options);
  TcpConnection from_quick(quick, "127.0.0.1", server.port(), client_options);
  hub.insert("notes", "milk", {{"title", "Milk"}});
  EXPECT_TRUE(eventually([&] { return quick.shown() == hub.shown(); }));
  EXPECT_TRUE(slow.shown().empty());
  EXPECT_TRUE(eventually([&] { return slow.shown() == hub.shown(); }));
  EXPECT_TRUE(from_slow.wait_in_sync(kPatience));
  EXPECT_FALSE(from_slow.error().has_value());
  EXPECT_FALSE(from_quick.error().has_value());
}

TEST(TcpThreads, ServerThatClosesEndsConnectionsInGoodOrder) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  auto server = std::make_unique<TcpServer>(b);
  TcpConnection live(a, "127.0.0.1", server->port());
  server.reset();
  EXPECT_TRUE(eventually([&] { return !live.open(); }));
  EXPECT_FALSE(live.error().has_value());
}

TEST(TcpThreads, PeerThatDiesMidwayIsGoneAndNothingIsApplied) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "milk", {{"title", "Milk"}});
  RawSocket listener = RawSocket::listening();
  std::thread peer([&] {
    RawSocket connection = listener.accept();
    Hello hello;
    hello.summary.id = replica_id(2);
    hello.summary.vector.raise({replica_id(2), 5});
    std::string bytes;
    append_frame(bytes, FrameType::hello, 0, encode(hello));
    append_frame(bytes, FrameType::begin, 1, encode(Begin{hello.summary.vector}));
    append_frame(bytes, FrameType::delta, 1, std::string(1'000, 'x'), kFrameMore);
    connection.send(bytes);
    std::this_thread::sleep_for(milliseconds{50});
  });
  const std::string before = a.fingerprint();
  EXPECT_EQ(error_of([&] { sync_with(a, "127.0.0.1", listener.port()); }).code(),
            ErrorCode::peer_gone);
  peer.join();
  EXPECT_EQ(a.fingerprint(), before);
}

TEST(TcpThreads, ListenerThatNeverAnswersTimesOut) {
  MemoryReplica a(replica_id(1));
  RawSocket listener = RawSocket::listening();
  TcpClientOptions options;
  options.timeouts.hello = milliseconds{100};
  const Error error = error_of([&] { sync_with(a, "127.0.0.1", listener.port(), options); });
  EXPECT_EQ(error.code(), ErrorCode::peer_gone);
  EXPECT_NE(std::string(error.what()).find("HELLO"), std::string::npos);
}

TEST(TcpThreads, BadPeersAreToldAndOthersAreUnaffected) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  TcpServerOptions options;
  options.timeouts.hello = milliseconds{200};
  std::mutex mutex;
  std::vector<ErrorCode> errors;
  options.on_event = [&](const TcpEvent& event) {
    const std::lock_guard lock(mutex);
    if (event.event.error) errors.push_back(event.event.error->code());
  };
  TcpServer server(b, options);
  TcpConnection good(a, "127.0.0.1", server.port());
  RawSocket silent = RawSocket::connected_to(server.port());
  RawSocket web = RawSocket::connected_to(server.port());
  web.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_NE(web.read_all().find("limit_exceeded"), std::string::npos);
  {
    const RawSocket vanishing = RawSocket::connected_to(server.port());
  }
  silent.read_all();
  EXPECT_TRUE(eventually([&] { return server.connections() == 1; }));
  a.insert("notes", "milk", {{"title", "Milk"}});
  EXPECT_TRUE(good.wait_in_sync(kPatience));
  EXPECT_EQ(b.shown(), a.shown());
  server.stop();
  EXPECT_EQ(errors.size(), 3U);
}

TEST(TcpThreads, ConnectionsAreLimited) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  TcpServerOptions options;
  options.max_greeting_per_address = 2;
  TcpServer server(b, options);
  {
    const RawSocket first = RawSocket::connected_to(server.port());
    const RawSocket second = RawSocket::connected_to(server.port());
    ASSERT_TRUE(eventually([&] { return server.connections() == 2; }));
    EXPECT_EQ(error_of([&] { sync_with(a, "127.0.0.1", server.port()); }).code(),
              ErrorCode::peer_gone);
  }
  ASSERT_TRUE(eventually([&] { return server.connections() == 0; }));
  sync_with(a, "127.0.0.1", server.port());
}

TEST(TcpThreads, PeerThatNeverReadsIsGivenUp) {
  MemoryReplica b(replica_id(2));
  for (int row = 0; row < 100; ++row) {
    b.insert("notes", std::to_string(row), {{"body", std::string(200'000, 'b')}});
  }
  TcpServerOptions options;
  options.timeouts.stall = milliseconds{300};
  TcpServer server(b, options);
  RawSocket deaf = RawSocket::connected_to(server.port());
  Hello hello;
  hello.summary.id = replica_id(3);
  std::string bytes;
  append_frame(bytes, FrameType::hello, 0, encode(hello));
  deaf.send(bytes);
  ASSERT_TRUE(eventually([&] { return server.connections() == 1; }));
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(TcpThreads, DroppingEverythingWhileBusyIsClean) {
  for (int round = 0; round < 10; ++round) {
    MemoryReplica a(replica_id(1));
    MemoryReplica b(replica_id(2));
    std::atomic<bool> writing = true;
    std::thread writer([&] {
      for (int row = 0; writing; ++row) {
        a.insert("notes", std::to_string(row % 50), {{"title", row}});
        b.insert("notes", std::to_string(row % 50), {{"title", row}});
      }
    });
    {
      TcpServer server(b);
      TcpConnection live(a, "127.0.0.1", server.port());
      std::this_thread::sleep_for(milliseconds{5 * round});
      if (round % 2 == 0) server.stop();
    }
    writing = false;
    writer.join();
    sync(a, b);
    EXPECT_EQ(a.shown(), b.shown());
  }
}

}  // namespace
}  // namespace rill
