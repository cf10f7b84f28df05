#pragma once

#include <cstdint>

namespace rill::fugue {

/// A character's number in one copy of a text: dense, in the order in which the copy came to know
/// the characters. So whatever a character was placed beside has a smaller serial.
using Serial = std::uint32_t;
/// No character: the beginning or the end of the text.
inline constexpr Serial kNoSerial = 0xFFFF'FFFFU;

/// A stretch of a text: characters of consecutive serials, all shown or all erased.
struct Run {
  Serial first = 0;
  /// The number of characters, and the two bits below.
  std::uint32_t packed = 0;
  /// Of the first character in the store; means nothing once erased.
  std::uint32_t offset = 0;

  static constexpr std::uint32_t kErased = 1U << 31U;
  /// Erased, and nothing new refers to it.
  static constexpr std::uint32_t kSealed = 1U << 30U;

  [[nodiscard]] std::uint32_t count() const noexcept { return packed & (kSealed - 1); }
  [[nodiscard]] bool erased() const noexcept { return (packed & kErased) != 0; }
  [[nodiscard]] bool sealed() const noexcept { return (packed & kSealed) != 0; }
  [[nodiscard]] std::uint32_t flags() const noexcept { return packed & (kErased | kSealed); }
  /// Characters shown.
  [[nodiscard]] std::uint32_t shown() const noexcept { return erased() ? 0 : packed; }
  /// The serial behind the last one.
  [[nodiscard]] Serial end() const noexcept { return first + count(); }
};

}  // namespace rill::fugue
