#include "serial_set.hpp"

#include <algorithm>

namespace rill::fugue {

SerialSet SerialSet::of(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& left, const Range& right) { return left.first < right.first; });
  SerialSet set;
  for (const Range& range : ranges) {
    if (!set.ranges_.empty() && range.first <= set.ranges_.back().end) {
      set.ranges_.back().end = std::max(set.ranges_.back().end, range.end);
    } else {
      set.ranges_.push_back(range);
    }
  }
  std::uint32_t before = 0;
  for (Range& range : set.ranges_) {
    range.before = before;
    before += range.end - range.first;
  }
  return set;
}

std::vector<SerialSet::Range>::const_iterator SerialSet::reaching(Serial serial) const noexcept {
  return std::partition_point(ranges_.begin(), ranges_.end(),
                              [&](const Range& range) { return range.end <= serial; });
}

bool SerialSet::contains(Serial serial) const noexcept {
  const auto range = reaching(serial);
  return range != ranges_.end() && range->first <= serial;
}

std::uint32_t SerialSet::count_before(Serial serial) const noexcept {
  const auto range = reaching(serial);
  if (range != ranges_.end())
    return range->before + (std::max(serial, range->first) - range->first);
  if (ranges_.empty()) return 0;
  return ranges_.back().before + (ranges_.back().end - ranges_.back().first);
}

}  // namespace rill::fugue
