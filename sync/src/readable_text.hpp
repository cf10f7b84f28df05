#pragma once

#include <string>
#include <string_view>

namespace rill {

/// The start of `name` that fits `kMaxDeviceName` bytes, no character cut in two.
std::string limited_name(std::string_view name);

/// What a peer wrote, as it may be shown to a person: bytes that are no UTF-8, control characters
/// (commands to a terminal), line ends, and marks that turn the direction of writing become '?'.
std::string readable_text(std::string_view text);

}  // namespace rill
