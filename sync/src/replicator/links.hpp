#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "group/group.hpp"
#include "replicator/event_feed.hpp"
#include "replicator/peer_table.hpp"
#include "rill/device_key.hpp"
#include "rill/replica.hpp"
#include "transport/connection.hpp"
#include "transport/listener.hpp"
#include "transport/tls.hpp"

namespace rill {

/// A connection is young, and one begun at the same time from the other end no surprise, for this
/// long.
inline constexpr std::chrono::seconds kYoung{5};
/// How long a peer may take to answer when something suggests that it is gone.
inline constexpr std::chrono::milliseconds kProbePatience{1'500};

/// The sessions with members: one for each that is connected, whoever began it.
///
/// Of two connections with one member, one goes: when both ends dialed at once, that begun by the
/// lower device id stays, which both judge alike. Otherwise a peer that dials has lost the earlier
/// one, so the later stays; and an end that finds its own dialing redundant makes sure that the
/// earlier still lives. Thread safety: the I/O thread's.
class Links {
 public:
  struct Options {
    DeviceId own;
    SessionOptions session;
    std::chrono::milliseconds handshake_timeout{};
    /// A member is gone.
    std::function<void(const DeviceId&)> on_offline;
    /// A member was met, that listens there.
    std::function<void(const DeviceId&, const asio::ip::tcp::endpoint&)> on_met;
    /// The last of the sessions that `close` ends is over.
    std::function<void()> on_idle;
  };
  /// What came of dialing.
  struct Dialed {
    std::optional<DeviceId> member;  ///< Who is there, if a member.
    std::optional<Error> error;      ///< Why there is no session; empty where one stands.
  };

  Links(asio::io_context& io, asio::thread_pool& workers, asio::ssl::context& tls, Replica& replica,
        Group& group, PeerTable& peers, EventFeed& feed, Options options);

  /// Where this device listens, told to members.
  void set_own_port(std::uint16_t port) { own_port_ = port; }
  asio::awaitable<Dialed> dial(asio::ip::tcp::endpoint endpoint);
  /// Takes a connection whose handshake is done. Throws `Error` if it is not a member's.
  asio::awaitable<void> accept(SecureStream stream, Doorkeeper::Pass pass);

  /// Whether this device may sync at all.
  [[nodiscard]] bool usable() const { return !closing_ && group_.own_role().has_value(); }
  [[nodiscard]] bool online(const DeviceId& id) const { return links_.contains(id); }
  /// The replica has news.
  void push();
  /// Ends sessions with devices that are no longer members or play another role, and tells the
  /// others.
  void group_changed();
  /// Ends those that do not answer soon.
  void probe();
  /// Ends all in good order, for good or until `resume`.
  void close();
  void resume() { closing_ = false; }
  /// Whether there is no session, not even one that is ending.
  [[nodiscard]] bool idle() const noexcept { return all_.empty(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Link {
    std::shared_ptr<Connection> connection;
    Member member;
    bool dialed = false;
    Clock::time_point since;
    std::uint64_t number = 0;
  };
  struct Entrant {
    Member member;
    std::string early;
    std::uint16_t port = 0;
  };

  /// Goes on with a connection that this device began. `id`: whose it is.
  asio::awaitable<void> enter(SecureStream stream, DeviceId id, asio::ip::tcp::endpoint endpoint);
  asio::awaitable<Entrant> pass_gate(SecureStream& stream, bool dialed);
  /// Whether a new connection with the member should go on; decides about an earlier one.
  bool prefer_new(const DeviceId& id, bool dialed);
  void begin(SecureStream stream, Entrant entrant, bool dialed);
  void on_end(const DeviceId& id, std::uint64_t number);
  void tell_refused(const DeviceId& id, const std::string& address, const Error& error);

  asio::io_context& io_;
  asio::thread_pool& workers_;
  asio::ssl::context& tls_;
  Replica& replica_;
  Group& group_;
  PeerTable& peers_;
  EventFeed& feed_;
  const Options options_;
  std::uint16_t own_port_ = 0;
  std::optional<Role> own_role_;
  std::set<DeviceId> entering_;  ///< Dialed, and at the gate.
  std::map<DeviceId, Link> links_;
  std::map<std::uint64_t, std::shared_ptr<Connection>> all_;  ///< Those that are ending, too.
  std::uint64_t next_number_ = 1;
  bool closing_ = false;
};

}  // namespace rill
