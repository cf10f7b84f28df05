#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rill/device_key.hpp"
#include "rill/environment.hpp"

namespace rill::pairing {

/// How many of a code's digits find the inviter; the others are the secret.
inline constexpr std::size_t kPublicDigits = 2;
inline constexpr std::size_t kSecretDigits = 6;
/// How many addresses a link may name.
inline constexpr std::size_t kMaxLinkAddresses = 8;
/// The longest text that `parse_invitation` looks at; a link takes less than half of it.
inline constexpr std::size_t kMaxInvitationText = 1'024;

/// Eight digits that one person reads to another. Thread safety: a value.
struct PairingCode {
  /// Without blanks.
  std::string digits;

  /// A new one; all are equally likely.
  static PairingCode draw(RandomSource& random);

  /// What everybody may know.
  [[nodiscard]] std::string public_digits() const { return digits.substr(0, kPublicDigits); }
  [[nodiscard]] std::string secret() const { return digits.substr(kPublicDigits); }

  friend bool operator==(const PairingCode&, const PairingCode&) = default;
};

/// "1234 5678".
std::string to_string(const PairingCode& code);

/// An invitation that a person sends, or shows as a QR code. Thread safety: a value.
struct PairingLink {
  using Secret = std::array<std::uint8_t, 16>;
  /// Which of an inviter's links it is.
  using Id = std::array<std::uint8_t, 16>;

  DeviceId inviter;
  Secret secret{};
  /// "192.0.2.1:4000" or "[2001:db8::1]:4000", at most `kMaxLinkAddresses`, where the inviter
  /// listens. Empty if it must be found otherwise.
  std::vector<std::string> addresses;

  /// One with a new secret. Throws `Error{invalid_argument}` for addresses that no link can name.
  static PairingLink draw(RandomSource& random, const DeviceId& inviter,
                          std::vector<std::string> addresses);

  /// A hash of the secret, which tells nothing of it.
  [[nodiscard]] Id id() const;

  friend bool operator==(const PairingLink&, const PairingLink&) = default;
};

/// "rill:pair?1." and 66 to 268 characters of URL-safe base64 (RFC 4648, section 5, unpadded) of:
/// key hash (32 bytes), secret (16), number of addresses (1), and for each the length of its IP
/// address (4 or 16), the IP address, and the port, big-endian. Addresses are kept as numbers, so
/// that a QR code of it is small. Throws `Error{invalid_argument}` for addresses that no link can
/// name.
std::string to_string(const PairingLink& link);

/// What a person typed or pasted. Blanks anywhere are ignored, and dashes in a code.
using Invitation = std::variant<PairingCode, PairingLink>;
/// Throws `Error{invalid_argument}`, saying what is wrong and what to do; secrets are not repeated
/// in it.
Invitation parse_invitation(std::string_view text);

}  // namespace rill::pairing
