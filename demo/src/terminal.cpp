#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "text.hpp"

namespace notes {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTerminalInterval = 100ms;
constexpr std::chrono::milliseconds kPlainInterval = 2s;
constexpr std::size_t kUsualWidth = 80;

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::string_view escape_code(Style style) {
  switch (style) {
    case Style::bold:
      return "\033[1m";
    case Style::dim:
      return "\033[2m";
    case Style::good:
      return "\033[32m";
    case Style::attention:
      return "\033[33m";
  }
  return {};
}

}  // namespace

Terminal::Terminal(int descriptor)
    : descriptor_(descriptor),
      terminal_(::isatty(descriptor) == 1),
      color_(terminal_ && environment("NO_COLOR").empty() && environment("TERM") != "dumb") {}

std::size_t Terminal::width() const {
  if (!terminal_) return 0;
  winsize size{};
  if (::ioctl(descriptor_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::size_t columns =
      std::strtoul(std::string(environment("COLUMNS")).c_str(), nullptr, 10);
  return columns > 0 ? columns : kUsualWidth;
}

std::string Terminal::styled(std::string_view text, Style style) const {
  if (!color_) return std::string(text);
  return std::string(escape_code(style)).append(text).append("\033[0m");
}

Progress::Progress(bool wanted)
    : terminal_(STDERR_FILENO), silent_(!wanted && !terminal_.is_terminal()) {
  // Work that is done before the first line is due needs none.
  if (!terminal_.is_terminal()) next_ = std::chrono::steady_clock::now() + kPlainInterval;
}

Progress::~Progress() { clear(); }

void Progress::show(std::string_view text) {
  const auto now = std::chrono::steady_clock::now();
  if (silent_ || now < next_) return;
  if (terminal_.is_terminal()) {
    next_ = now + kTerminalInterval;
    std::cerr << '\r' << fit_width(text, terminal_.width() - 1) << "\033[K" << std::flush;
    line_shown_ = true;
  } else {
    next_ = now + kPlainInterval;
    std::cerr << text << '\n';
  }
}

void Progress::clear() {
  if (line_shown_) std::cerr << "\r\033[K" << std::flush;
  line_shown_ = false;
}

}  // namespace notes
