#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rill::fugue {

/// The extent of some text in the units of `TextUnit`.
struct Extent {
  std::uint32_t chars = 0;  ///< Code points.
  std::uint32_t units = 0;  ///< UTF-16 code units.
  std::uint32_t bytes = 0;  ///< Bytes of UTF-8.

  Extent& operator+=(const Extent& other) noexcept {
    chars += other.chars;
    units += other.units;
    bytes += other.bytes;
    return *this;
  }
  Extent& operator-=(const Extent& other) noexcept {
    chars -= other.chars;
    units -= other.units;
    bytes -= other.bytes;
    return *this;
  }
  friend bool operator==(const Extent&, const Extent&) = default;
};

/// Whether `byte` begins a code point.
constexpr bool begins_char(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}
/// Whether `byte` begins a code point of two UTF-16 code units.
constexpr bool begins_pair(char byte) noexcept { return static_cast<unsigned char>(byte) >= 0xF0U; }

/// The extent of valid UTF-8.
Extent measure(std::string_view text) noexcept;
/// The extent of `text`, or `bad_value` with the offset of the first byte that is not UTF-8.
/// Surrogates, overlong forms and what lies beyond U+10FFFF are refused (RFC 3629).
Extent measure_checked(std::string_view text);
/// Whether all bytes are ASCII.
bool is_ascii(std::string_view text) noexcept;
/// Bytes of the first `chars` code points of valid UTF-8 that has at least so many.
std::size_t bytes_of(std::string_view text, std::size_t chars) noexcept;

}  // namespace rill::fugue
