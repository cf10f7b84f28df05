#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <deque>
#include <set>
#include <string>

#include "discovery/discovery.hpp"
#include "replicator/node.hpp"
#include "transport/endpoint.hpp"
#include "transport/signal.hpp"

namespace rill {

/// Inviters that a search looks at.
inline constexpr std::size_t kMaxFound = 64;

/// Waits for devices that announce a pairing code with given public digits. Thread safety: the I/O
/// thread's.
struct Replicator::Implementation::Search {
 public:
  Search(asio::io_context& io, std::string digits, std::chrono::milliseconds patience)
      : digits_(std::move(digits)), end_(Clock::now() + patience), wake_(io) {}

  /// A device that announces the digits.
  struct Found {
    HostAndPort address;
    std::string device;  ///< The nonce of its beacon.
  };

  /// The next device found. Throws `Error`: unreachable when the time is up, interrupted.
  asio::awaitable<Found> next();
  /// It could not be reached: an address may be so new that nothing leaves by it yet. It is found
  /// again by a later beacon.
  void missed(const Found& found, const Error& error);
  void found(const Discovery::Sighting& sighting);
  void cancel() {
    cancelled_ = true;
    wake_.notify();
  }

 private:
  using Clock = std::chrono::steady_clock;

  std::string digits_;
  Clock::time_point end_;
  std::set<std::string> seen_;  ///< Devices, by the nonces of their beacons; not those missed.
  std::deque<Found> waiting_;
  std::string trouble_;  ///< With the last that was missed.
  bool cancelled_ = false;
  Signal wake_;
};

}  // namespace rill
