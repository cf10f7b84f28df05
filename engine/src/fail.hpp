#pragma once

#include "rill/error.hpp"

namespace rill {

/// Throws what a reader says of bytes that do not decode.
[[noreturn]] inline void fail(const char* message) { throw Error(ErrorCode::malformed, message); }

}  // namespace rill
