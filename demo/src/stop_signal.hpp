#pragma once

#include <signal.h>

#include <chrono>

namespace notes {

/// Ctrl-C (SIGINT) and SIGTERM as something to wait for, instead of the end of the process, so that
/// connections are closed and the database too.
///
/// Make it before any thread is started: threads inherit that they are not interrupted. It lasts to
/// the end of the program.
class StopSignal {
 public:
  StopSignal();
  /// Waits until a signal came, or the time is up; returns whether one came.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds time) const;
  /// Waits until a signal came.
  void wait() const;

 private:
  sigset_t signals_{};
};

}  // namespace notes
