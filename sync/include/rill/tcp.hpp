#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rill/error.hpp"
#include "rill/replica.hpp"
#include "rill/session.hpp"
#include "rill/sync.hpp"

namespace rill {

/// Something that happened on one connection.
struct TcpEvent {
  /// Numbers the connections of one server from 1; 1 for a client.
  std::uint64_t connection = 0;
  /// The other end: "127.0.0.1:4711", "[::1]:4711".
  std::string address;
  /// Known from `connected` on.
  std::optional<Peer> peer;
  /// What happened.
  SessionEvent event;
};

/// Called from a thread of the transport, one call at a time per connection. It may take its time:
/// only its own connection waits. It must not throw, nor destroy the object that calls it.
using TcpCallback = std::function<void(const TcpEvent&)>;

/// Where a server listens and whom it lets in.
struct TcpServerOptions {
  /// "127.0.0.1", "::1" or "localhost"; nothing else until the transport is encrypted.
  std::string address = "127.0.0.1";
  /// 0 takes any free port; see `TcpServer::port`.
  std::uint16_t port = 0;
  /// What peers may call this device.
  std::string name = {};
  /// Connections at a time; one more is closed at once.
  std::size_t max_connections = 64;
  /// Connections of one address that have not said HELLO yet.
  std::size_t max_greeting_per_address = 8;
  /// When a peer is given up.
  SessionTimeouts timeouts = {};
  /// Told of every event of every connection; may be empty.
  TcpCallback on_event = {};
};

/// Accepts connections and keeps every connected peer up to date: commits of the replica are pushed
/// to all of them, and what one peer sends is passed on to the others.
///
/// Errors: the constructor throws `Error`: refused_address (not a loopback address), address_in_use
/// (names the port), io. Errors of a connection are events; other connections are unaffected.
/// Thread safety: all members may be called from any thread except a callback's. The destructor
/// says BYE to the peers, waits for a running `Replica::receive`, and joins all threads.
class TcpServer {
 public:
  /// Listens from here on. The replica must outlive the server.
  explicit TcpServer(Replica& replica, TcpServerOptions options = {});
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  /// The port that the server listens on.
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Connections at this moment.
  [[nodiscard]] std::size_t connections() const;
  /// Ends all connections and waits for them. Further calls do nothing.
  void stop();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// How a client connects.
struct TcpClientOptions {
  /// What the peer may call this device.
  std::string name = {};
  /// How long to wait for the peer to accept the connection.
  std::chrono::milliseconds connect_timeout{5'000};
  /// When the peer is given up.
  SessionTimeouts timeouts = {};
  /// Told of every event of the connection; may be empty.
  TcpCallback on_event = {};
};

/// Connects, brings both replicas up to date with each other, and disconnects: when it returns,
/// each has what either had when the session began.
///
/// `host` is "127.0.0.1", "::1" or "localhost". Throws `Error`: refused_address, unreachable (names
/// host and port), peer_gone, version_mismatch, forked, and whatever else ends a session. Whatever
/// is thrown, nothing was applied in part, and calling again goes on from there. Thread safety:
/// blocks the calling thread; the replica may be in use by others.
SyncReport sync_with(Replica& replica, const std::string& host, std::uint16_t port,
                     TcpClientOptions options = {});

/// A connection that stays: both sides push their commits as they happen, until one of them closes
/// it. There is no reconnection: `closed` is the last event, and a new object makes a new attempt.
///
/// Errors: the constructor throws as `sync_with` does, until the peer's HELLO has come. Later
/// errors are events, and `error`. Thread safety: all members may be called from any thread except
/// a callback's. The destructor says BYE, waits for a running `Replica::receive`, and joins all
/// threads.
class TcpConnection {
 public:
  /// Connects. The replica must outlive the connection.
  TcpConnection(Replica& replica, const std::string& host, std::uint16_t port,
                TcpClientOptions options = {});
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  /// Waits until both sides are known to have seen the same, the connection is over, or the time is
  /// up; returns whether they are in sync.
  bool wait_in_sync(std::chrono::milliseconds timeout);
  /// Whether the connection stands: false for good once it is over.
  [[nodiscard]] bool open() const;
  /// Why the connection is over; empty if it is not, or ended in good order.
  [[nodiscard]] std::optional<Error> error() const;
  /// What was moved so far.
  [[nodiscard]] SessionProgress progress() const;
  /// Says BYE and waits for the end. Further calls do nothing.
  void close();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rill
