#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace notes {

/// Text read from bytes of an encoding that nobody names.
struct DecodedText {
  /// UTF-8, without byte order mark, lines ending in LF.
  std::string text;
  /// What it was: "UTF-8", "UTF-16LE", "windows-1252"…
  std::string_view encoding;
};

/// Reads `bytes` as text: by their byte order mark; as UTF-16 if every second byte is mostly 0; as
/// UTF-8 where that is valid; else as Windows-1252, or Latin-1 where bytes have no meaning there.
/// Empty if they are no text: NUL or many control characters.
std::optional<DecodedText> decode_text(std::string_view bytes);

}  // namespace notes
