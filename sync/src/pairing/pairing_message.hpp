#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto.hpp"
#include "pairing/invitations.hpp"
#include "pairing/spake2.hpp"
#include "rill/group_log.hpp"

namespace rill::pairing {

/// The versions of the pairing protocol that this build speaks.
inline constexpr std::uint32_t kOldestPairing = 1;
inline constexpr std::uint32_t kNewestPairing = 1;

/// Frames of a pairing, in the order in which they are sent. Their numbers are none of a session's,
/// so that a frame that strays into the other protocol is refused.
enum class PairingFrame : std::uint8_t {
  hello = 32,    ///< Joiner: which invitation.
  offer = 33,    ///< Inviter: its share.
  proof = 34,    ///< Joiner: its share and confirmation.
  accept = 35,   ///< Inviter: its confirmation.
  ready = 36,    ///< Joiner: the confirmation was right; ask your user.
  records = 37,  ///< Inviter: its user agreed; a piece of the group's records.
  done = 38,     ///< Joiner: the records are stored.
  error = 39,    ///< Either: why it ends.
};

/// The longest frame before the other side's confirmation was checked, and of all that an inviter
/// receives.
inline constexpr std::size_t kMaxEarlyFrameBytes = 4'096;
/// The longest piece of the records.
inline constexpr std::size_t kMaxRecordsFrameBytes = std::size_t{64} << 10U;
/// The longest encoding of the records: their bytes, a length before each, and their number.
inline constexpr std::size_t kMaxRecordsBytes = kMaxGroupBytes + 4 * (kMaxGroupRecords + 1);

/// Hash of a group's id that means something on one connection alone.
using GroupTag = Sha256;
/// The tag of the group with this id, on the connection with this exporter value.
GroupTag tag_of_group(std::string_view exporter, std::string_view group);

/// What a joiner says first.
struct PairingHello {
  std::uint32_t oldest = kOldestPairing;
  std::uint32_t newest = kNewestPairing;
  InvitationName invitation;
  /// Of the group to which the joiner belongs already.
  std::optional<GroupTag> group;

  friend bool operator==(const PairingHello&, const PairingHello&) = default;
};

struct PairingOffer {
  /// The version that both will speak.
  std::uint32_t version = kNewestPairing;
  Share share{};

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(version, share);
  }
};

struct PairingProof {
  Share share{};
  Confirmation confirmation{};

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(share, confirmation);
  }
};

struct PairingAccept {
  Confirmation confirmation{};
  /// What the inviter calls itself.
  std::string name;
};

struct PairingReady {
  /// What the joiner calls itself.
  std::string name;
};

std::string encode(const PairingHello& message);
std::string encode(const PairingOffer& message);
std::string encode(const PairingProof& message);
std::string encode(const PairingAccept& message);
std::string encode(const PairingReady& message);
/// Throws `Error{limit_exceeded}` above `kMaxGroupBytes` in all or `kMaxGroupRecords`.
std::string encode_records(const std::vector<std::string>& records);

/// The inverse of `encode`. All throw `Error{malformed}` or `Error{limit_exceeded}`; the first also
/// `Error{version_mismatch}`, judged before anything that another version may lay out differently.
/// Names come as `readable_text` leaves them.
PairingHello decode_pairing_hello(std::string_view payload);
PairingOffer decode_offer(std::string_view payload);
PairingProof decode_proof(std::string_view payload);
PairingAccept decode_accept(std::string_view payload);
PairingReady decode_ready(std::string_view payload);
std::vector<std::string> decode_records(std::string_view bytes);

}  // namespace rill::pairing
