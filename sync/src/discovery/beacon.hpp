#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "group/group_key.hpp"
#include "rill/environment.hpp"

namespace rill {

/// No datagram of discovery is longer, in this version or a later one.
inline constexpr std::size_t kMaxBeaconBytes = 256;
/// Tags in a beacon, whether the device has that many keys or not.
inline constexpr std::size_t kBeaconTags = kMaxGroupKeys;
inline constexpr std::size_t kBeaconTagBytes = 16;
inline constexpr std::size_t kBeaconNonceBytes = 16;
/// The public digits of a pairing code are a number up to this.
inline constexpr std::uint8_t kMaxPublicDigits = 99;

/// A key that the members of a group share.
using BeaconKey = GroupSecret;
using BeaconNonce = std::array<std::uint8_t, kBeaconNonceBytes>;
using BeaconTag = std::array<std::uint8_t, kBeaconTagBytes>;

/// What a beacon says to everybody.
struct BeaconHeader {
  /// Where the device accepts TCP connections, at the address that the beacon came from. Not 0.
  std::uint16_t port = 0;
  /// The public digits of the pairing code that is open at the device; nothing without one.
  std::optional<std::uint8_t> inviting;
  /// Chosen at random whenever anything else in the beacon changes.
  BeaconNonce nonce{};

  friend bool operator==(const BeaconHeader&, const BeaconHeader&) = default;
};

/// A datagram by which devices of one group find each other.
///
/// Only who has a key of the group can tell its tags from random bytes. There are always as many of
/// them, the rest being random indeed, so that a stranger does not learn how many keys there are.
/// Thread safety: a value.
struct Beacon {
  BeaconHeader header;
  std::array<BeaconTag, kBeaconTags> tags{};

  friend bool operator==(const Beacon&, const Beacon&) = default;
};

/// The bytes to send, with a tag for each of the first `kBeaconTags` keys, newest first. Two calls
/// for one header differ in their random tags, which tells a listener how many are random: encode
/// a header once. Throws `Error`: invalid_argument (port 0, digits above the maximum), internal.
std::string encode(const BeaconHeader& header, std::span<const BeaconKey> keys,
                   RandomSource& random);

/// Reads a datagram from anywhere; nothing if it is no beacon of this version. Never throws for
/// what the bytes are.
std::optional<Beacon> decode_beacon(std::string_view bytes);

/// Whether the sender has one of the first `kBeaconTags` keys. Takes a time that depends on the
/// number of keys alone.
bool matches(const Beacon& beacon, std::span<const BeaconKey> keys);

}  // namespace rill
