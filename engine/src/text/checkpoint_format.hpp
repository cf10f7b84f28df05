#pragma once

#include <cstdint>

namespace rill::fugue {

/// The first byte of a checkpoint (engine/README.md, "Text checkpoint").
inline constexpr std::uint8_t kCheckpointFormat = 1;

}  // namespace rill::fugue
