#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "run.hpp"

namespace rill::fugue {

/// A set of characters as ranges of serials: its size follows their number, not that of the
/// characters, of which one operation of a few bytes can name very many.
class SerialSet {
 public:
  /// Characters from `first` up to, but not including, `end`.
  struct Range {
    Serial first;
    Serial end;
    /// Characters of the set before this range.
    std::uint32_t before;
  };

  /// The characters of ranges in any order, which may overlap.
  static SerialSet of(std::vector<Range> ranges);
  /// The characters for which `keep(whether this set has it, whether the other has it)`, which is
  /// false for what neither has.
  template <typename Keep>
  [[nodiscard]] SerialSet combine(const SerialSet& other, Keep keep) const;

  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] bool contains(Serial serial) const noexcept;
  /// How many characters of the set have smaller serials.
  [[nodiscard]] std::uint32_t count_before(Serial serial) const noexcept;
  /// Disjoint, ascending, with gaps between them.
  [[nodiscard]] const std::vector<Range>& ranges() const noexcept { return ranges_; }
  /// Calls `visit(first, count)` for what a range has that is not in the set.
  template <typename Visit>
  void for_each_outside(Serial first, std::uint32_t count, Visit visit) const;

 private:
  // The first range that ends behind the character.
  [[nodiscard]] std::vector<Range>::const_iterator reaching(Serial serial) const noexcept;

  std::vector<Range> ranges_;
};

template <typename Keep>
SerialSet SerialSet::combine(const SerialSet& other, Keep keep) const {
  std::vector<Range> kept;
  auto left = ranges_.begin();
  auto right = other.ranges_.begin();
  Serial at = 0;
  while (left != ranges_.end() || right != other.ranges_.end()) {
    const bool in_left = left != ranges_.end() && left->first <= at;
    const bool in_right = right != other.ranges_.end() && right->first <= at;
    // Up to where neither changes.
    Serial next = kNoSerial;
    if (left != ranges_.end()) next = in_left ? left->end : left->first;
    if (right != other.ranges_.end()) {
      const Serial change = in_right ? right->end : right->first;
      next = change < next ? change : next;
    }
    if ((in_left || in_right) && keep(in_left, in_right)) kept.push_back({at, next, 0});
    at = next;
    if (left != ranges_.end() && left->end == at) ++left;
    if (right != other.ranges_.end() && right->end == at) ++right;
  }
  return of(std::move(kept));
}

template <typename Visit>
void SerialSet::for_each_outside(Serial first, std::uint32_t count, Visit visit) const {
  const Serial end = first + count;
  for (auto range = reaching(first); first < end; ++range) {
    const Serial gap_end = range == ranges_.end() || range->first > end ? end : range->first;
    if (gap_end > first) visit(first, gap_end - first);
    if (range == ranges_.end()) break;
    first = range->end;
  }
}

}  // namespace rill::fugue
