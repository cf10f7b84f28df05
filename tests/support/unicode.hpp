#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8 and code points, for tests: short, and on text that is known to be valid.
namespace rill::test {

inline std::string to_utf8(std::u32string_view code_points) {
  const auto tail = [](char32_t value) { return static_cast<char>(0x80U | (value & 0x3FU)); };
  std::string out;
  for (const char32_t value : code_points) {
    if (value < 0x80) {
      out += static_cast<char>(value);
    } else if (value < 0x800) {
      out += {static_cast<char>(0xC0U | (value >> 6U)), tail(value)};
    } else if (value < 0x10000) {
      out += {static_cast<char>(0xE0U | (value >> 12U)), tail(value >> 6U), tail(value)};
    } else {
      out += {static_cast<char>(0xF0U | (value >> 18U)), tail(value >> 12U), tail(value >> 6U),
              tail(value)};
    }
  }
  return out;
}

inline std::u32string to_code_points(std::string_view utf8) {
  std::u32string out;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) {
      out.back() = (out.back() << 6U) | (byte & 0x3FU);
    } else if (byte < 0x80) {
      out += byte;
    } else if (byte < 0xE0) {
      out += byte & 0x1FU;
    } else {
      out += byte < 0xF0 ? byte & 0x0FU : byte & 0x07U;
    }
  }
  return out;
}

/// The length in UTF-16 code units.
inline std::size_t utf16_length(std::u32string_view code_points) {
  std::size_t length = code_points.size();
  for (const char32_t value : code_points) length += value >= 0x10000 ? 1 : 0;
  return length;
}

}  // namespace rill::test
