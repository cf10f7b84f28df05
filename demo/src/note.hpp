#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace notes {

/// A note as its row shows it.
/// Thread safety: a value.
struct Note {
  std::string id;
  std::string title;
  std::string body;
  std::vector<std::string> tags;
  std::int64_t views = 0;
  std::string status;
  /// Milliseconds since 1970, by the clock of the device that wrote them.
  std::uint64_t created_ms = 0;
  std::uint64_t updated_ms = 0;
};

/// What a new note begins with.
struct NewNote {
  std::string title;
  std::string body;
  std::vector<std::string> tags;
};

/// What an edit changes; what is empty stays as it is.
struct NoteEdit {
  std::optional<std::string> title;
  std::optional<std::string> body;
  std::optional<std::string> status;

  [[nodiscard]] bool empty() const noexcept { return !title && !body && !status; }
};

/// What came of an edit.
enum class EditResult {
  unchanged,
  changed,
  merged,  ///< Changed, together with what was written since the user saw the text.
};

/// Which notes to list; empty members let all pass.
struct NoteFilter {
  std::string tag;
  std::string status;
};

/// A note found by its words.
struct SearchHit {
  std::string id;
  std::string title;
  /// A part of the text, found words between `kHitBegin` and `kHitEnd`.
  std::string snippet;
};
/// U+E000 and U+E001, for private use: no text has them, and they survive being made printable.
inline constexpr std::string_view kHitBegin = "\xEE\x80\x80";
inline constexpr std::string_view kHitEnd = "\xEE\x80\x81";

}  // namespace notes
