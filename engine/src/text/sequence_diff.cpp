#include "sequence_diff.hpp"

#include <algorithm>
#include <iterator>

namespace rill::fugue {
namespace {

// The edit path of Myers' greedy algorithm, as single differences from back to front.
std::vector<Difference> trace_back(const std::vector<std::vector<std::int32_t>>& reached,
                                   std::int32_t x, std::int32_t y) {
  std::vector<Difference> differences;
  for (auto edits = static_cast<std::int32_t>(reached.size()); edits > 0; --edits) {
    const auto& row = reached[static_cast<std::size_t>(edits) - 1];
    const auto at = [&](std::int32_t diagonal) {
      const std::int32_t index = diagonal + edits - 1;
      return index < 0 || index >= static_cast<std::int32_t>(row.size())
                 ? -1
                 : row[static_cast<std::size_t>(index)];
    };
    const std::int32_t diagonal = x - y;
    const bool down =
        diagonal == -edits || (diagonal != edits && at(diagonal - 1) < at(diagonal + 1));
    const std::int32_t from_x = down ? at(diagonal + 1) : at(diagonal - 1);
    const std::int32_t from_y = from_x - (down ? diagonal + 1 : diagonal - 1);
    const auto begin_x = static_cast<std::size_t>(from_x);
    const auto begin_y = static_cast<std::size_t>(from_y);
    differences.push_back({begin_x, begin_x + (down ? 0 : 1), begin_y, begin_y + (down ? 1 : 0)});
    x = from_x;
    y = from_y;
  }
  return differences;
}

}  // namespace

std::optional<std::vector<Difference>> compare(const Tokens& before, const Tokens& after,
                                               std::int64_t& steps) {
  const auto width = static_cast<std::int32_t>(before.size());
  const auto height = static_cast<std::int32_t>(after.size());
  const std::int32_t bound = std::min(width + height, kMaxEdits);
  // reached[d][k + d]: how far along `before` d edits lead on diagonal k, for the edits before the
  // last.
  std::vector<std::vector<std::int32_t>> reached;
  std::vector<std::int32_t> row{0};
  for (std::int32_t edits = 0; edits <= bound && steps > 0; ++edits) {
    steps -= edits + 1;
    std::vector<std::int32_t> next(2 * static_cast<std::size_t>(edits) + 1, -1);
    for (std::int32_t diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const auto at = [&](std::int32_t other) {
        const std::int32_t index = other + edits - 1;
        return index < 0 || index >= static_cast<std::int32_t>(row.size())
                   ? -1
                   : row[static_cast<std::size_t>(index)];
      };
      std::int32_t x = 0;
      if (edits > 0) {
        const bool down =
            diagonal == -edits || (diagonal != edits && at(diagonal - 1) < at(diagonal + 1));
        x = down ? at(diagonal + 1) : at(diagonal - 1) + 1;
      }
      std::int32_t y = x - diagonal;
      if (x < 0 || y < 0 || x > width || y > height) continue;
      while (x < width && y < height &&
             before[static_cast<std::size_t>(x)] == after[static_cast<std::size_t>(y)]) {
        ++x;
        ++y;
        --steps;
      }
      const std::int32_t index = diagonal + edits;
      next[static_cast<std::size_t>(index)] = x;
      if (x == width && y == height) {
        std::vector<Difference> differences = trace_back(reached, x, y);
        std::reverse(differences.begin(), differences.end());
        return differences;
      }
    }
    reached.push_back(next);
    row = std::move(next);
  }
  return std::nullopt;
}

std::vector<std::pair<std::size_t, std::size_t>> anchors(const Tokens& before, const Tokens& after,
                                                         std::size_t numbers) {
  struct Seen {
    std::uint32_t before = 0, after = 0;
    std::size_t place = 0;
  };
  std::vector<Seen> seen(numbers);
  for (const std::uint32_t token : before) ++seen[token].before;
  for (std::size_t place = 0; place < after.size(); ++place) {
    ++seen[after[place]].after;
    seen[after[place]].place = place;
  }
  std::vector<std::pair<std::size_t, std::size_t>> unique;
  std::vector<std::size_t> previous;
  std::vector<std::size_t> piles;  // the last of the best series of each length
  for (std::size_t place = 0; place < before.size(); ++place) {
    const Seen& line = seen[before[place]];
    if (line.before != 1 || line.after != 1) continue;
    const auto pile = std::partition_point(piles.begin(), piles.end(), [&](std::size_t top) {
      return unique[top].second < line.place;
    });
    previous.push_back(pile == piles.begin() ? unique.size() : *std::prev(pile));
    const std::size_t index = unique.size();
    unique.emplace_back(place, line.place);
    if (pile == piles.end()) {
      piles.push_back(index);
    } else {
      *pile = index;
    }
  }
  std::vector<std::pair<std::size_t, std::size_t>> series;
  if (piles.empty()) return series;
  for (std::size_t index = piles.back();; index = previous[index]) {
    series.push_back(unique[index]);
    if (previous[index] == index) break;
  }
  std::reverse(series.begin(), series.end());
  return series;
}

}  // namespace rill::fugue
