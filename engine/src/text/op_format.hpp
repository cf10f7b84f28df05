#pragma once

#include <cstdint>

namespace rill::fugue {

/// The lowest bits of a part's header in an operation (engine/README.md, "Text operation").
enum class PartTag : std::uint8_t {
  continued = 0,  ///< Text behind the author's last character, with the same right origin.
  inserted = 1,   ///< Text with both origins.
  erased = 2,     ///< Characters that go.
  gone = 3,       ///< Insertion of characters that were erased since.
};
inline constexpr unsigned kPartBits = 2;

/// How a character is named in an operation: no character, or the number of one of the author's or
/// of a listed replica's.
inline constexpr std::uint64_t kRefNone = 0;
inline constexpr std::uint64_t kRefAuthor = 1;
inline constexpr std::uint64_t kRefListed = 2;

}  // namespace rill::fugue
