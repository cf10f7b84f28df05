#pragma once

#include <ostream>

namespace rill::testing {

/// What another program does to a file, and what Rill must say of it.
struct Meddling {
  const char* name;
  const char* sql;
  const char* told;
};

inline void PrintTo(const Meddling& meddling, std::ostream* out) { *out << meddling.name; }

}  // namespace rill::testing
