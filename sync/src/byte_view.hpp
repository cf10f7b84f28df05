#pragma once

#include <cstdint>
#include <string_view>

namespace rill {

/// The bytes of an array, as text; valid as long as it is.
template <typename Bytes>
[[nodiscard]] std::string_view view(const Bytes& bytes) noexcept {
  static_assert(sizeof(*bytes.data()) == 1);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The same as OpenSSL takes them.
[[nodiscard]] inline const std::uint8_t* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace rill
