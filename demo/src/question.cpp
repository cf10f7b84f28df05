#include "question.hpp"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <iostream>

namespace notes {

std::optional<bool> ask(const std::string& question, const StopSignal& stop) {
  using namespace std::chrono_literals;
  std::cerr << question << " [y/N] " << std::flush;
  std::string line;
  while (true) {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&input, 1, 0);
    if (ready <= 0) {
      if (stop.wait_for(100ms)) return std::nullopt;
      continue;
    }
    char letter = 0;
    const bool more = ::read(STDIN_FILENO, &letter, 1) == 1 && letter != '\n';
    if (!more) return !line.empty() && (line.front() == 'y' || line.front() == 'Y');
    line += letter;
  }
}

}  // namespace notes
