#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "discovery/beacon.hpp"

namespace rill {

/// Places that are remembered. The oldest goes first, inviters before members.
inline constexpr std::size_t kMaxPlaces = 256;
/// Addresses of one beacon: a replayed one cannot name more. Whoever was first is kept.
inline constexpr std::size_t kMaxPlacesPerNonce = 8;
/// Datagrams that are looked at in one second, whatever they hold.
inline constexpr std::size_t kMaxDatagramsPerSecond = 200;
/// Suggestions in one second, over all places.
inline constexpr std::size_t kMaxSuggestionsPerSecond = 32;
/// No place is suggested more often.
inline constexpr std::chrono::milliseconds kSuggestionInterval{5'000};
/// A place is forgotten when its beacons have stayed away for so long: three in a row.
inline constexpr std::chrono::milliseconds kPlaceLife{90'000};

/// Where a device may be dialed.
struct Place {
  /// The address that the beacon came from, such as "192.168.1.7" or "fe80::1%eth0".
  std::string host;
  std::uint16_t port = 0;
  /// One device's beacons have one nonce, at whichever of its addresses, until it chooses another.
  BeaconNonce nonce{};

  friend bool operator==(const Place&, const Place&) = default;
};

/// What beacons have told: who is near, and whom to dial. Bounded, whatever is received.
///
/// Beacons of strangers that do not invite are not kept at all. Time is the caller's, and must not
/// go back. Thread safety: one user at a time.
class Sightings {
 public:
  using Time = std::chrono::milliseconds;

  /// Counts a datagram; false if there were too many in this second, and it is to be dropped.
  bool admit(Time now) { return datagrams_.admit(now); }

  /// Notes a beacon from `host`. `member`: it matches a key of the group. Returns whether to act
  /// on it now: to dial the member, or to tell who waits for an inviter.
  bool note(const std::string& host, const Beacon& beacon, bool member, Time now);

  /// A place, and who is there.
  struct Known {
    Place where;
    bool member = false;
    /// The public digits with which the device invites.
    std::optional<std::uint8_t> inviting;

    friend bool operator==(const Known&, const Known&) = default;
  };
  /// Where devices invite, latest first; with these public digits, if any are given.
  [[nodiscard]] std::vector<Known> inviters(Time now,
                                            std::optional<std::uint8_t> digits = {}) const;

  /// The keys or the network have changed: everything is to be seen anew.
  void clear() { entries_.clear(); }
  /// How many places are remembered.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  /// Counts what happens in a second.
  class Rate {
   public:
    explicit Rate(std::size_t limit) : limit_(limit) {}
    bool admit(Time now);

   private:
    std::size_t limit_;
    std::size_t count_ = 0;
    Time began_{-1'000'000};
  };
  struct Entry {
    Known known;
    Time seen{};
    std::optional<Time> suggested;
  };

  Entry* find_or_add(const Place& where, bool member);
  void forget_old(Time now);
  bool make_room(bool for_member);

  Rate datagrams_{kMaxDatagramsPerSecond};
  Rate suggestions_{kMaxSuggestionsPerSecond};
  std::vector<Entry> entries_;
};

}  // namespace rill
