#include "utf8.hpp"

#include <cstring>
#include <string>

#include "rill/error.hpp"

namespace rill::fugue {
namespace {

constexpr std::uint64_t kHighBits = 0x8080808080808080ULL;

std::uint64_t load_word(const char* bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

[[noreturn]] void refuse(std::size_t offset) {
  throw Error(ErrorCode::bad_value, "the text is not UTF-8 at byte " + std::to_string(offset) +
                                        "; convert it before it is inserted");
}

// What may follow a first byte: how many bytes, and the bounds of the first of them.
struct Sequence {
  unsigned more = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

Sequence sequence_of(unsigned char first, std::size_t offset) {
  if (first < 0xC2 || first > 0xF4) refuse(offset);
  if (first < 0xE0) return {1};
  if (first < 0xF0) {
    if (first == 0xE0) return {2, 0xA0};
    if (first == 0xED) return {2, 0x80, 0x9F};  // surrogates
    return {2};
  }
  if (first == 0xF0) return {3, 0x90};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return {3};
}

// The length of the sequence of two bytes or more that begins at `offset`.
std::size_t checked_sequence(std::string_view text, std::size_t offset) {
  const Sequence sequence = sequence_of(static_cast<unsigned char>(text[offset]), offset);
  if (text.size() - offset <= sequence.more) refuse(offset);
  const auto second = static_cast<unsigned char>(text[offset + 1]);
  if (second < sequence.least || second > sequence.most) refuse(offset);
  for (std::size_t index = 2; index <= sequence.more; ++index) {
    if (begins_char(text[offset + index])) refuse(offset);
  }
  return 1 + std::size_t{sequence.more};
}

}  // namespace

bool is_ascii(std::string_view text) noexcept {
  std::size_t index = 0;
  for (; index + 8 <= text.size(); index += 8) {
    if ((load_word(text.data() + index) & kHighBits) != 0) return false;
  }
  for (; index < text.size(); ++index) {
    if (static_cast<unsigned char>(text[index]) >= 0x80) return false;
  }
  return true;
}

Extent measure(std::string_view text) noexcept {
  Extent extent{0, 0, static_cast<std::uint32_t>(text.size())};
  for (const char byte : text) {
    extent.chars += begins_char(byte) ? 1U : 0U;
    extent.units += (begins_char(byte) ? 1U : 0U) + (begins_pair(byte) ? 1U : 0U);
  }
  return extent;
}

Extent measure_checked(std::string_view text) {
  Extent extent{0, 0, static_cast<std::uint32_t>(text.size())};
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (offset + 8 <= text.size() && (load_word(text.data() + offset) & kHighBits) == 0) {
      offset += 8;
      extent.chars += 8;
      extent.units += 8;
      continue;
    }
    const bool ascii = static_cast<unsigned char>(text[offset]) < 0x80;
    const std::size_t length = ascii ? 1 : checked_sequence(text, offset);
    offset += length;
    extent.chars += 1;
    extent.units += length == 4 ? 2U : 1U;
  }
  return extent;
}

std::size_t bytes_of(std::string_view text, std::size_t chars) noexcept {
  std::size_t offset = 0;
  for (; offset < text.size(); ++offset) {
    if (!begins_char(text[offset])) continue;
    if (chars == 0) break;
    --chars;
  }
  return offset;
}

}  // namespace rill::fugue
