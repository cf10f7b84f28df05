#pragma once

#include <functional>

#include "application.hpp"

namespace notes {

/// What a command line asks for.
struct Invocation {
  GlobalOptions options;
  /// The command; empty if all was said already: help, version, a mistake in the line.
  std::function<void(Application&)> command;
  /// What to return if there is no command to run.
  int exit_code = 0;
};

/// Reads the command line; prints help and, on standard error, what is wrong with it.
Invocation parse_command_line(int argc, char** argv);

}  // namespace notes
