#pragma once

#include <cstdlib>

/// Included before every source of the planted build, and nowhere else.
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
