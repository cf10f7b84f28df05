#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace notes {

enum class Style : std::uint8_t { bold, dim, good, attention };

/// One of the program's output streams, as far as it may be a terminal.
/// Thread safety: a value.
class Terminal {
 public:
  /// `descriptor` is 1 or 2. Colour only on a terminal that has any, and not where NO_COLOR is set
  /// (https://no-color.org).
  explicit Terminal(int descriptor);

  [[nodiscard]] bool is_terminal() const noexcept { return terminal_; }
  /// Columns per line, from the terminal or COLUMNS; 0 where lines have no end: files and pipes.
  [[nodiscard]] std::size_t width() const;
  /// `text` in a style, or as it is where there is no colour.
  [[nodiscard]] std::string styled(std::string_view text, Style style) const;
  [[nodiscard]] bool has_color() const noexcept { return color_; }

 private:
  int descriptor_;
  bool terminal_;
  bool color_;
};

/// Says on standard error how far long work has come: on a terminal in one line that is written
/// over, and elsewhere, if it is wanted at all, in a line every few seconds. Thread safety: one
/// user at a time.
class Progress {
 public:
  /// Silent if standard error is no terminal, unless `wanted`.
  explicit Progress(bool wanted);
  /// Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `text` is one line. Shown at most ten times a second (on a terminal) or every other second.
  void show(std::string_view text);
  /// Removes the line, so that something else can be printed; the next `show` brings it back.
  void clear();

 private:
  Terminal terminal_;
  bool silent_;
  bool line_shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace notes
