#pragma once

#include <cstdint>

namespace rill::fugue {

/// The first byte of a checkpoint (engine/README.md, "Text checkpoint"): without, and with marks of
/// epochs.
inline constexpr std::uint8_t kPlainCheckpoint = 1;
inline constexpr std::uint8_t kMarkedCheckpoint = 2;

}  // namespace rill::fugue
