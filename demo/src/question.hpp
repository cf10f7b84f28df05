#pragma once

#include <optional>
#include <string>

#include "stop_signal.hpp"

namespace notes {

/// Asks on standard error and reads a line from standard input: true for one that begins with y or
/// Y, false for any other and for its end. Empty if `stop` came first.
std::optional<bool> ask(const std::string& question, const StopSignal& stop);

}  // namespace notes
