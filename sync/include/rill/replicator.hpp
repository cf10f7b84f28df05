#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/device_key.hpp"
#include "rill/device_store.hpp"
#include "rill/error.hpp"
#include "rill/member.hpp"
#include "rill/replica.hpp"
#include "rill/session.hpp"
#include "rill/subscription.hpp"

namespace rill {

/// The UDP port on which devices look for each other.
inline constexpr std::uint16_t kDiscoveryPort = 41'317;

/// How a replicator presents itself, and where.
struct ReplicatorOptions {
  /// What other devices show for this one, at most `kMaxDeviceName` bytes; empty: the host's name.
  std::string device_name = {};
  /// Where the device's key is kept; empty: in a file beside the database (`FileKeyStore`).
  std::shared_ptr<KeyStore> key_store = {};
  /// The TCP port to listen on; 0 takes the one of last time, or any that is free.
  std::uint16_t port = 0;
  /// Neither listen nor look beyond this machine: 127.0.0.1 and ::1 alone.
  bool loopback_only = false;
  /// Look for others, and let them find this device, by multicast in the local network. Without it
  /// only addresses that are known or given are dialed.
  bool discovery = true;
  /// Devices that are to find each other need the same.
  std::uint16_t discovery_port = kDiscoveryPort;
  /// When a peer is given up.
  SessionTimeouts timeouts = {};
  /// From the TCP connection to the end of the TLS handshake.
  std::chrono::milliseconds handshake_timeout{5'000};
};

/// A device that was given the code or link and asks to be let in.
struct PairingRequest {
  /// Names the request in `Replicator::confirm` and `decline`.
  std::uint64_t number = 0;
  /// Proved by its key; people compare `fingerprint(device)`.
  DeviceId device;
  /// What the device calls itself.
  std::string name;
  /// What it will be in the group.
  Role role = Role::writer;
};

/// How it stands with one member of the group.
struct PeerStatus {
  /// Whether there is a session with it.
  enum class Connection : std::uint8_t { offline, online };

  /// Who it is.
  Member member;
  /// Whether there is a session now.
  Connection connection = Connection::offline;
  /// Both are known to have seen the same.
  bool in_sync = false;
  /// Commits known here that the peer is not known to have, as of the last session with it.
  std::uint64_t lag = 0;
  /// Where it is, or was last: "192.168.1.7:40123"; empty if that is not known.
  std::string address;
  /// When something last came from it; empty if not since the replicator was made.
  std::optional<std::chrono::system_clock::time_point> last_contact;
  /// All sessions with it since the replicator was made, added up.
  SessionProgress moved;
  /// Why the last session ended, if not in good order.
  std::optional<Error> last_error;
};

/// How it stands with this device.
struct ReplicatorStatus {
  /// Who this device is.
  DeviceId device;
  /// What others are told that it is called.
  std::string name;
  /// `start` was called, and neither `pause` nor `stop`.
  bool running = false;
  /// This device's place in its group; empty without a group, and after it was removed.
  std::optional<Role> role;
  /// The port that is listened on; 0 if none is.
  std::uint16_t port = 0;
  /// Connections that were turned away: of strangers, garbage, and too many at once.
  std::uint64_t refused = 0;
  /// What hinders discovery at the moment, for people; empty if nothing does.
  std::string discovery_trouble;
};

/// Something that happened, in the order it happened.
struct ReplicatorEvent {
  /// What happened.
  enum class Kind : std::uint8_t {
    peer_online,      ///< A session with a member began.
    peer_offline,     ///< It is over; `error` tells why, if not in good order.
    received,         ///< `rows` changed here by what the peer sent.
    in_sync,          ///< This device and the peer have seen the same.
    rules_differ,     ///< A column merges differently at the peer; `message` names it.
    diverged,         ///< Digests differ though both have seen the same; `message` tells where.
    group_changed,    ///< Devices were admitted or removed, or their roles changed.
    removed,          ///< This device was removed from the group; it no longer syncs.
    pairing_request,  ///< `request` waits for `confirm` or `decline`.
    paired,           ///< A device was admitted here, or this one was admitted.
    pairing_failed,   ///< An attempt came to nothing; `error` tells why.
    /// A device that may not sync was turned away, or turned this one away; or a session with a
    /// member came to nothing, as with another version of the protocol. `error` tells why.
    refused,
    trouble,  ///< Something of this device's own failed; `error` tells what.
  };

  /// What happened.
  Kind kind = Kind::trouble;
  /// The peer concerned, where there is one.
  std::optional<DeviceId> peer;
  /// What it is called.
  std::string name;
  /// Where it is.
  std::string address;
  /// For `received`: rows that changed here.
  std::uint64_t rows = 0;
  /// For `rules_differ` and `diverged`: for people.
  std::string message;
  /// Why, where something failed.
  std::optional<Error> error;
  /// For `pairing_request`: what to answer.
  std::optional<PairingRequest> request;
};

/// "peer_online", "received": the enumerator's own name.
std::string_view to_string(ReplicatorEvent::Kind kind) noexcept;

/// Told of events, on a thread of the replicator's own, one call at a time. It may take its time
/// and call the replicator's members, but not destroy it. What it throws is dropped.
using ReplicatorCallback = std::function<void(const ReplicatorEvent&)>;

/// Keeps one database in sync with every member of its group that can be reached: finds them in
/// the local network, lets new ones in, and moves changes both ways as they are made.
///
///     rill::Replicator replicator{db, {.device_name = "Kitchen tablet"}};
///     replicator.start();
///     std::cout << "pairing code: " << replicator.invite() << '\n';
///
/// Connections are TLS 1.3 between device keys; a device that no member admitted learns nothing,
/// not even which group this is. See sync/README.md for the protocol, and for what it does and does
/// not protect from.
///
/// `start`, once per database file: a second replicator that starts on the same file, in this or
/// another process, gets `Error{busy}`. Inviting and joining work beside one that runs.
///
/// Errors: calls throw `Error`; what happens on connections is told as events. Thread safety: all
/// members may be called from any thread. The destructor ends all sessions in good order, makes
/// calls that wait throw `Error{interrupted}`, and joins all threads.
class Replicator {
 public:
  /// `database` implements `Replica` and `DeviceStore`, as `rill::Database` does, and must outlive
  /// the replicator. Loads the device's key, or makes it. Throws `Error`: those of `KeyStore`;
  /// invalid_argument for a database without a file and no `key_store`.
  template <typename Store>
    requires std::derived_from<Store, Replica> && std::derived_from<Store, DeviceStore>
  explicit Replicator(Store& database, ReplicatorOptions options = {})
      : Replicator(static_cast<Replica&>(database), static_cast<DeviceStore&>(database),
                   std::move(options)) {}
  /// The same for a replica and a store that are two objects.
  Replicator(Replica& replica, DeviceStore& store, ReplicatorOptions options);
  ~Replicator();
  Replicator(const Replicator&) = delete;
  Replicator& operator=(const Replicator&) = delete;

  /// Begins to listen, to look for members, and to sync. Without a group it waits until there is
  /// one. Throws `Error`: busy, address_in_use, io. Further calls do nothing.
  void start();
  /// Ends all sessions, dials nobody and lets nobody in, until `resume`.
  void pause();
  /// Goes on after `pause`. Throws as `start` does.
  void resume();

  /// Opens an invitation and returns its code, "1234 5678": 8 digits to be typed at the other
  /// device within 2 minutes. The first invitation makes this device the first member, and admin,
  /// of a new group. An earlier code is withdrawn. Throws `Error{not_allowed}` unless this device
  /// is an admin.
  std::string invite(Role role = Role::writer);
  /// The same by a link that is shown as a QR code, say: good for 10 minutes, once.
  std::string invite_link(Role role = Role::writer);
  /// Lets the device of a `pairing_request` in. Throws `Error`: not_found if it no longer waits.
  void confirm(std::uint64_t request);
  /// Turns it away.
  void decline(std::uint64_t request);

  /// Joins a group by a code or a link, as `invite` or `invite_link` gave it at the other device,
  /// whose user has to confirm. Waits for that, and for at most `patience` until the other device
  /// is found. `address` ("host:port") is where to look for it instead of in the whole network.
  /// Returns who let this device in. This device's rows stay; they are merged with the group's.
  ///
  /// Throws `Error`: invalid_argument (neither code nor link), already_in_group, unreachable (no
  /// device with this code was found), wrong_code, expired, declined, peer_gone, interrupted.
  Member join(std::string_view code_or_link, const std::string& address = {},
              std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// Removes a device from the group, for good: it can return only under a new key. Sessions with
  /// it end. Throws `Error`: not_found, not_allowed unless this device is an admin.
  void revoke(const DeviceId& member);
  /// Gives a member another role. Throws as `revoke` does.
  void set_role(const DeviceId& member, Role role);
  /// Forgets the group: this device no longer syncs, and may join another. The others are not told;
  /// an admin of theirs may revoke it.
  void leave();

  /// Keeps dialing "host:port", beside what discovery finds. Throws `Error{invalid_argument}`.
  void connect(const std::string& address);
  /// A member was seen by other means, such as the platform's own discovery: dials it soon.
  void report_peer(const std::string& address);

  /// Waits until this device has exchanged everything with at least one member, and is in sync with
  /// all that are online, or until the time is up; returns which.
  bool wait_in_sync(std::chrono::milliseconds timeout);

  /// The group's other members, removed ones apart.
  [[nodiscard]] std::vector<PeerStatus> peers() const;
  /// Every device of the group, this one and removed ones included.
  [[nodiscard]] std::vector<Member> members() const;
  /// How it stands with this device.
  [[nodiscard]] ReplicatorStatus status() const;

  /// Calls `callback` for every event from now on. The subscription may outlive the replicator.
  [[nodiscard]] Subscription on_event(ReplicatorCallback callback);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rill
