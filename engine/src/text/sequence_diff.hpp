#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace rill::fugue {

/// What is compared: equal pieces have equal tokens.
using Tokens = std::vector<std::uint32_t>;

/// Tokens [before_begin, before_end) became [after_begin, after_end).
struct Difference {
  std::size_t before_begin = 0;
  std::size_t before_end = 0;
  std::size_t after_begin = 0;
  std::size_t after_end = 0;
};

/// Single differences from front to back; none if there are more than `kMaxEdits`, or if `steps`,
/// which the work is taken off, does not last. Source: Myers, "An O(ND) Difference Algorithm and
/// Its Variations", 1986: the greedy algorithm.
std::optional<std::vector<Difference>> compare(const Tokens& before, const Tokens& after,
                                               std::int64_t& steps);
inline constexpr std::int32_t kMaxEdits = 400;

/// The longest series of tokens that stand once on either side, in the same order: their places.
/// Tokens are below `numbers`. Source: Cohen's patience diff.
std::vector<std::pair<std::size_t, std::size_t>> anchors(const Tokens& before, const Tokens& after,
                                                         std::size_t numbers);

}  // namespace rill::fugue
