#pragma once

#include <stdexcept>
#include <string>

namespace notes {

/// What the program returns to the shell.
enum ExitCode : int {
  exit_ok = 0,
  exit_failed = 1,  ///< The command could not do its work.
  exit_usage = 2,   ///< The command line makes no sense; nothing was done.
};

/// A command that cannot go on. The message is one line for a person: what, where, what to do.
class Failure : public std::runtime_error {
 public:
  explicit Failure(const std::string& message, ExitCode code = exit_failed)
      : std::runtime_error(message), code_(code) {}

  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace notes
