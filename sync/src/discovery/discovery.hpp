#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "discovery/beacon.hpp"
#include "rill/environment.hpp"

namespace rill {

/// Between beacons, once the first three are out.
inline constexpr std::chrono::milliseconds kBeaconInterval{30'000};
/// The same while a pairing code is open: somebody waits at the other device.
inline constexpr std::chrono::milliseconds kInvitingInterval{2'000};
/// How soon a change of interfaces or addresses is noticed. A look takes some 50 microseconds.
inline constexpr std::chrono::milliseconds kInterfacePoll{1'000};

/// How a device looks for others.
struct DiscoveryOptions {
  /// The UDP port that all devices share; the next `kLoopbackPorts` serve programs of one machine.
  std::uint16_t port = 0;
  /// Stay within this machine.
  bool loopback_only = false;
  /// Where nonces come from.
  std::shared_ptr<RandomSource> random = system_random();
};

/// Finds the devices of the same group, and those that invite, in the networks at hand: announces
/// this device by beacons, listens to theirs, and notices when the networks change.
///
/// The source of a beacon with the advertised port is where to dial; nothing is ever answered over
/// UDP. Beacons leave at 0, 1 and 3 s, then every 30 s, and again so after `announce_now` and when
/// addresses change. What a network refuses is never an error, see `trouble`.
///
/// Thread safety: construction apart, everything is for the thread that runs the I/O context, on
/// which the callbacks come. A callback may call any member, but not destroy the object.
class Discovery {
 public:
  /// What this device says of itself.
  struct Announcement {
    /// Where it accepts TCP connections; 0: nothing is sent, only listened to.
    std::uint16_t port = 0;
    /// The group's keys, newest first; the first `kBeaconTags` count.
    std::vector<BeaconKey> keys;
    /// The two public digits of a pairing code that is open, such as "07".
    std::optional<std::string> inviting;

    friend bool operator==(const Announcement&, const Announcement&) = default;
  };

  /// A device that was seen.
  struct Sighting {
    asio::ip::tcp::endpoint endpoint;
    /// It holds a key of the group, or repeats the beacon of a device that does: it is the
    /// connection that must prove it.
    bool member = false;
    /// The public digits with which it invites.
    std::optional<std::string> inviting;
    /// The same for all sightings of one device, until its announcement or its network changes.
    std::string device;
  };

  struct Callbacks {
    /// A member, or a device that invites, was seen: at most once per 5 s and endpoint, and
    /// `kMaxSuggestionsPerSecond` over all. Must not throw.
    std::function<void(const Sighting&)> on_found;
    /// Interfaces or addresses have changed; new sockets stand already. Must not throw.
    std::function<void()> on_network_change;
  };

  Discovery(asio::io_context& io, DiscoveryOptions options, Callbacks callbacks);
  /// Closes everything; no callback comes any more.
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

  /// Opens sockets, and announces what there is to announce. Nothing while started.
  void start();
  /// Closes everything and forgets what was seen. No callback comes until it is started again.
  void stop();
  /// From now on says this, under a new nonce, beginning at once; nothing if it is what was said.
  /// Throws `Error{invalid_argument}` for digits that are not two.
  void set_announcement(Announcement announcement);
  /// Sends a beacon soon, as at the start, and tells again of the devices known to invite.
  void announce_now();

  /// The addresses of this device that others may reach, link-local ones left out, for a link or
  /// a QR code; those of the loopback interface if it is the only one.
  [[nodiscard]] std::vector<asio::ip::address> own_addresses() const;
  /// What hinders discovery at the moment, for people; empty if nothing does.
  [[nodiscard]] std::string trouble() const;

 private:
  class Implementation;
  std::shared_ptr<Implementation> implementation_;
};

}  // namespace rill
