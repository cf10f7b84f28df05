#pragma once

#include <string_view>

namespace rill {

/// Throws what `decode_key` would throw, without making the values.
void check_key(std::string_view key);

}  // namespace rill
