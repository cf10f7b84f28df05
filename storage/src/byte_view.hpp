#pragma once

#include <string_view>

namespace rill::storage {

/// The bytes of an array of bytes, as SQLite's blobs are bound; valid as long as it is.
template <typename Bytes>
[[nodiscard]] std::string_view view(const Bytes& bytes) noexcept {
  static_assert(sizeof(*bytes.data()) == 1);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace rill::storage
