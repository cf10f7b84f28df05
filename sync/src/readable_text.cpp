#include "readable_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "rill/session.hpp"

namespace rill {
namespace {

/// How many bytes the character at the start of `text` takes, and which it is; 0 for bytes that are
/// no UTF-8.
struct Character {
  std::size_t size = 0;
  char32_t code_point = 0;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  if (lead < 0x80) return {1, lead};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code_point = lead & (0x7FU >> size);
  for (std::size_t index = 1; index < size; ++index) {
    const auto byte = static_cast<std::uint8_t>(text[index]);
    if ((byte & 0xC0U) != 0x80) return {};
    code_point = code_point << 6U | (byte & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kLeast[size - 2] || code_point > 0x10FFFF || surrogate) return {};
  return {size, code_point};
}

bool misleads(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool line_end = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || line_end || direction;
}

}  // namespace

std::string limited_name(std::string_view name) {
  if (name.size() <= kMaxDeviceName) return std::string(name);
  std::size_t end = kMaxDeviceName;
  while (end > 0 && (static_cast<std::uint8_t>(name[end]) & 0xC0U) == 0x80) --end;
  return std::string(name.substr(0, end));
}

std::string readable_text(std::string_view text) {
  std::string readable;
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    if (character.size == 0 || misleads(character.code_point)) {
      readable += '?';
    } else {
      readable.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return readable;
}

}  // namespace rill
