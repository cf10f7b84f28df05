#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace notes {

/// One character read from UTF-8.
struct Character {
  char32_t code_point = 0;
  /// Bytes it took; 0 at the end of the text.
  std::size_t size = 0;
  bool valid = false;
};

/// The character at the start of `text`. Bytes that are no UTF-8 (overlong forms and surrogates
/// among them) are taken one at a time, as U+FFFD, not valid.
Character first_character(std::string_view text);
bool is_valid_utf8(std::string_view text);
/// `text` with bytes that are no UTF-8 replaced by U+FFFD.
std::string with_valid_utf8(std::string_view text);

/// How many columns of a terminal the text takes: 2 for wide characters, 0 for combining ones.
std::size_t display_width(std::string_view text);
/// The beginning of `text` that fits `width` columns, ending in "…" if anything was cut.
std::string fit_width(std::string_view text, std::size_t width);
/// The first `count` characters of `text`, ending in "…" if anything was cut.
std::string limit_characters(std::string_view text, std::size_t count);

/// What may be printed on one line: control characters (another device's text could hold terminal
/// commands) and line ends become spaces, runs of blanks one space, ends are trimmed.
std::string one_line(std::string_view text);
/// What may be printed as it stands: control characters other than line end and tab become U+FFFD.
std::string many_lines(std::string_view text);

/// `text` without blanks at both ends.
std::string_view trimmed(std::string_view text);
/// What a text is called: its first line that says something, without Markdown's marks, of at most
/// `kTitleCharacters`; empty if there is none.
///
/// Rulers ("=====") say nothing; nor does the line "Format: https://…" with which Debian's
/// copyright files begin: hundreds of notes would be called by it.
std::string title_of(std::string_view text);
inline constexpr std::size_t kTitleCharacters = 100;

/// "1 note", "2 notes", "12,345 notes".
std::string counted(std::size_t count, std::string_view singular, std::string_view plural);
/// "12,345".
std::string grouped(std::size_t number);

}  // namespace notes
