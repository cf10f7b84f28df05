#pragma once

#include <cstdlib>

// A fault may stand on one line with what it changes.
#pragma GCC diagnostic ignored "-Wmisleading-indentation"

/// Included by the sources of the planted build that have faults, and nowhere else.
namespace planted {

/// Whether this run is to have the fault of that number (see faults.txt): RILL_PLANT names it.
inline bool on(int fault) {
  static const int kChosen = [] {
    const char* text = std::getenv("RILL_PLANT");
    return text == nullptr ? 0 : std::atoi(text);
  }();
  return kChosen == fault;
}

}  // namespace planted
