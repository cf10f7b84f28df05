#pragma once

#include <string>
#include <vector>

#include "rill/value.hpp"

namespace rill {

/// How a person would read several values: (7, milk).
std::string to_display(const std::vector<Value>& values);

}  // namespace rill
