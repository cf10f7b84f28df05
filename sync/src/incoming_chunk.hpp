#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "frame.hpp"

namespace rill {

/// The delta chunk whose pieces are arriving, at most `kMaxDeltaBytes` of it.
class IncomingChunk {
 public:
  /// Takes the payload of a DELTA. Returns the chunk if it is complete, valid until the next call
  /// or as long as the frame's payload. Throws `Error`: malformed, limit_exceeded.
  std::optional<std::string_view> add(const Frame& frame);
  /// Forgets what has come.
  void clear() noexcept { *this = {}; }

 private:
  std::string bytes_;
  bool complete_ = false;
};

}  // namespace rill
