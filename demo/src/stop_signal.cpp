#include "stop_signal.hpp"

#include <cerrno>
#include <ctime>

namespace notes {

StopSignal::StopSignal() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

bool StopSignal::wait_for(std::chrono::milliseconds time) const {
  const auto end = std::chrono::steady_clock::now() + time;
  while (true) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() < 0) return false;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec span{.tv_sec = static_cast<std::time_t>(seconds.count()),
                        .tv_nsec = static_cast<long>((left - seconds).count())};
    if (::sigtimedwait(&signals_, nullptr, &span) > 0) return true;
    if (errno != EINTR) return false;
  }
}

void StopSignal::wait() const {
  int signal = 0;
  ::sigwait(&signals_, &signal);
}

}  // namespace notes
