#pragma once

#include <stdexcept>

namespace simulation {

/// Thrown where a life goes as it must not.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace simulation
