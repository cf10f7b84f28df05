#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rill {

/// HMAC-SHA-256 of `message`, 32 bytes (RFC 2104). Throws `Error{internal}` if OpenSSL fails.
std::string hmac_sha256(std::span<const std::uint8_t> key, std::string_view message);

/// Whether two byte strings are equal, in a time that does not tell where they differ.
bool equal_secrets(std::string_view one, std::string_view other) noexcept;

}  // namespace rill
