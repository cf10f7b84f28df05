#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "frame.hpp"

namespace rill::test {

/// One frame of a session, as bytes.
inline std::string frame(FrameType type, std::uint16_t stream, std::string_view payload,
                         std::uint8_t flags = 0) {
  std::string out;
  append_frame(out, type, stream, payload, flags);
  return out;
}

}  // namespace rill::test
