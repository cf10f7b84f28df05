#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace rill {

/// What SHA-256 makes of a message.
using Sha256 = std::array<std::uint8_t, 32>;

/// SHA-256 of `message` (FIPS 180-4). Throws `Error{internal}` if OpenSSL fails.
Sha256 sha256(std::string_view message);

/// HMAC-SHA-256 of `message` (RFC 2104). Throws `Error{internal}` if OpenSSL fails.
Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view message);

/// Whether two byte strings are equal, in a time that does not tell where they differ.
bool equal_secrets(std::string_view one, std::string_view other) noexcept;

}  // namespace rill
