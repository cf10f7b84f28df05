#include "leaf_index.hpp"

#include <algorithm>
#include <iterator>

namespace rill::fugue {

LeafIndex::Spot LeafIndex::spot(Serial serial) const noexcept {
  const auto chunk = std::upper_bound(
      chunks_.begin(), chunks_.end(), serial,
      [](Serial wanted, const Chunk& candidate) { return wanted < candidate.front().first; });
  const Chunk& ranges = *std::prev(chunk);
  const auto range = std::upper_bound(
      ranges.begin(), ranges.end(), serial,
      [](Serial wanted, const Range& candidate) { return wanted < candidate.first; });
  return {static_cast<std::size_t>(chunk - chunks_.begin()) - 1,
          static_cast<std::size_t>(range - ranges.begin()) - 1};
}

std::uint32_t LeafIndex::find(Serial serial) const noexcept {
  const Spot found = spot(serial);
  return chunks_[found.chunk][found.index].leaf;
}

LeafIndex::Spot LeafIndex::insert(Spot spot, const Range& range) {
  Chunk& ranges = chunks_[spot.chunk];
  ranges.insert(ranges.begin() + static_cast<std::ptrdiff_t>(spot.index), range);
  if (ranges.size() < kChunk) return spot;
  const std::size_t half = spot.index + 1 == ranges.size() ? ranges.size() - 8 : ranges.size() / 2;
  Chunk upper;
  upper.reserve(kChunk);
  upper.assign(ranges.begin() + static_cast<std::ptrdiff_t>(half), ranges.end());
  ranges.resize(half);
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(spot.chunk) + 1, std::move(upper));
  return spot.index < half ? spot : Spot{spot.chunk + 1, spot.index - half};
}

void LeafIndex::erase(Spot spot) {
  Chunk& ranges = chunks_[spot.chunk];
  ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(spot.index));
  if (ranges.empty()) chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(spot.chunk));
}

LeafIndex::Spot LeafIndex::split(Serial serial) {
  const Spot found = spot(serial);
  const Range range = chunks_[found.chunk][found.index];
  if (range.first == serial) return found;
  return insert({found.chunk, found.index + 1}, {serial, range.leaf});
}

void LeafIndex::set(Serial first, std::uint32_t count, std::uint32_t leaf) {
  const Serial end = first + count;
  if (chunks_.empty()) {
    chunks_.emplace_back().reserve(kChunk);
    chunks_.front().push_back({first, leaf});
    end_ = end;
    return;
  }
  if (first == end_) {
    end_ = end;
    if (chunks_.back().back().leaf != leaf) {
      insert({chunks_.size() - 1, chunks_.back().size()}, {first, leaf});
    }
    return;
  }
  if (end < end_) split(end);
  Spot at = split(first);
  chunks_[at.chunk][at.index].leaf = leaf;
  while (true) {  // ranges that this one covers now
    const Spot next = at.index + 1 < chunks_[at.chunk].size() ? Spot{at.chunk, at.index + 1}
                                                              : Spot{at.chunk + 1, 0};
    if (next.chunk == chunks_.size() || chunks_[next.chunk][next.index].first >= end) break;
    erase(next);
  }
}

}  // namespace rill::fugue
