#pragma once

#include <cstdint>
#include <vector>

#include "run.hpp"

namespace rill::fugue {

/// In which leaf of a `RunTree` each character stands: ranges of serials, in chunks of bounded
/// length.
class LeafIndex {
 public:
  /// All characters from `first` on, `count` of them, stand in `leaf`. `first` is at most `end()`.
  void set(Serial first, std::uint32_t count, std::uint32_t leaf);
  /// The leaf of a character below `end()`.
  [[nodiscard]] std::uint32_t find(Serial serial) const noexcept;
  /// The number of characters.
  [[nodiscard]] Serial end() const noexcept { return end_; }

 private:
  static constexpr std::size_t kChunk = 128;

  // Up to the next range's first character.
  struct Range {
    Serial first;
    std::uint32_t leaf;
  };
  using Chunk = std::vector<Range>;
  struct Spot {
    std::size_t chunk;
    std::size_t index;
  };

  // The range that the character is in.
  [[nodiscard]] Spot spot(Serial serial) const noexcept;
  // Makes a range begin at the character, and returns where.
  Spot split(Serial serial);
  Spot insert(Spot spot, const Range& range);
  void erase(Spot spot);

  std::vector<Chunk> chunks_;
  Serial end_ = 0;
};

}  // namespace rill::fugue
