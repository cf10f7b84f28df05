#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "discovery/backoff.hpp"
#include "replicator/links.hpp"
#include "rill/device_key.hpp"
#include "transport/endpoint.hpp"
#include "transport/signal.hpp"

namespace rill {

/// Addresses that are dialed; the oldest found by discovery alone goes first.
inline constexpr std::size_t kMaxTargets = 256;
/// How often an address that discovery found may fail before it is forgotten: it will be found
/// again if anybody is there.
inline constexpr unsigned kMaxFailures = 3;

/// Dials the addresses at which members are, or may be, for as long as those are not connected: at
/// once when something changed, and after 1 to 60 s, growing with each failure.
/// Thread safety: the I/O thread's.
class Dialer : public std::enable_shared_from_this<Dialer> {
 public:
  /// Why an address is dialed; the later, the longer it is kept.
  enum class Origin : std::uint8_t { discovered, remembered, given };

  /// `links` must outlive all of the dialer's coroutines.
  Dialer(asio::io_context& io, Links& links) : io_(io), links_(links) {}

  /// Dials the address soon, unless that goes on already. `member`: who was there last.
  void add(const HostAndPort& address, Origin origin, std::optional<DeviceId> member = {});
  /// The member at the address is known now.
  void met(const DeviceId& member, const HostAndPort& address);
  /// Dials again at once: the member was lost, or the network has changed.
  void retry(const DeviceId& member);
  void retry_all();
  /// Stops dialing until `resume`.
  void pause();
  void resume();
  /// Lets all coroutines end.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  struct Target {
    Target(asio::io_context& io, HostAndPort where, Origin why)
        : address(std::move(where)), origin(why), wake(io) {}
    HostAndPort address;
    Origin origin;
    std::optional<DeviceId> member;
    Backoff backoff;
    unsigned failures = 0;
    std::optional<Clock::time_point> connected;  ///< When dialing led to a session last.
    bool gone = false;
    Signal wake;
  };

  asio::awaitable<void> keep_dialing(std::shared_ptr<Dialer> self, std::shared_ptr<Target> target);
  asio::awaitable<void> attempt(Target& target);
  [[nodiscard]] bool idle(const Target& target) const;
  bool make_room();
  void forget(const HostAndPort& address);

  asio::io_context& io_;
  Links& links_;
  std::map<HostAndPort, std::shared_ptr<Target>> targets_;
  bool paused_ = true;
  bool ended_ = false;
};

}  // namespace rill
