#include "text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cwchar>

namespace notes {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kBlanks = " \t\r\n\f\v";

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
}

bool is_blank(char32_t code_point) {
  return code_point == ' ' || code_point == 0xA0 || code_point == 0xFEFF || is_control(code_point);
}

std::size_t width_of(char32_t code_point) {
  const int width = ::wcwidth(static_cast<wchar_t>(code_point));
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

/// Whether a line could name a text.
bool says_something(std::string_view line) {
  if (line.starts_with("Format: http") || line.starts_with("Format-Specification: http"))
    return false;
  return std::any_of(line.begin(), line.end(), [](char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= 0x80 || std::isalnum(value) != 0;
  });
}

std::string_view without_markup(std::string_view line) {
  line = trimmed(line);
  const std::size_t heading = line.find_first_not_of('#');
  if (heading != 0 && heading != std::string_view::npos && line[heading] == ' ') {
    line.remove_prefix(heading);
  }
  return trimmed(line);
}

}  // namespace

Character first_character(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  if (byte(0) < 0x80) return {byte(0), 1, true};

  const Character broken{0xFFFD, 1, false};
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return broken;
  char32_t code_point = byte(0) & (0x7FU >> size);
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) return broken;
    code_point = (code_point << 6U) | (byte(index) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kLeast[size] || code_point > 0x10FFFF || surrogate) return broken;
  return {code_point, size, true};
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (!character.valid) return false;
    text.remove_prefix(character.size);
  }
  return true;
}

std::string with_valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    result += character.valid ? text.substr(0, character.size) : kReplacement;
    text.remove_prefix(character.size);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += width_of(character.code_point);
    text.remove_prefix(character.size);
  }
  return width;
}

std::string fit_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t used = 0;
  std::size_t end = 0;
  while (true) {
    const Character character = first_character(text.substr(end));
    const std::size_t next = used + width_of(character.code_point);
    if (next > width - 1) break;
    used = next;
    end += character.size;
  }
  return std::string(text.substr(0, end)).append(kEllipsis);
}

std::string limit_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  std::size_t before_last = 0;
  for (std::size_t seen = 0; seen < count && end < text.size(); ++seen) {
    before_last = end;
    end += first_character(text.substr(end)).size;
  }
  if (end == text.size()) return std::string(text);
  return std::string(trimmed(text.substr(0, before_last))).append(kEllipsis);
}

std::string one_line(std::string_view text) {
  std::string result;
  bool blank = false;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (is_blank(character.code_point)) {
      blank = !result.empty();
    } else {
      if (blank) result += ' ';
      blank = false;
      result += character.valid ? text.substr(0, character.size) : kReplacement;
    }
    text.remove_prefix(character.size);
  }
  return result;
}

std::string many_lines(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = first_character(text);
    const bool plain = character.code_point == '\n' || character.code_point == '\t' ||
                       !is_control(character.code_point);
    result += character.valid && plain ? text.substr(0, character.size) : kReplacement;
    text.remove_prefix(character.size);
  }
  return result;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

std::string title_of(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = without_markup(text.substr(0, end));
    if (says_something(line)) return limit_characters(one_line(line), kTitleCharacters);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string counted(std::size_t count, std::string_view singular, std::string_view plural) {
  return grouped(count).append(" ").append(count == 1 ? singular : plural);
}

}  // namespace notes
