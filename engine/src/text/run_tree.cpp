#include "run_tree.hpp"

#include <algorithm>
#include <utility>

#include "rill/error.hpp"

namespace rill::fugue {

RunTree::RunTree(const TextStore& store, const OriginTable& origins)
    : store_(store), origins_(origins), leaves_(1), nodes_(1) {
  nodes_[0].count = 1;
  set_sums(nodes_[0], 0, {});
  nodes_[0].children[0] = 0;
}

std::uint32_t RunTree::slot_of(const Node& node, std::uint32_t child,
                               std::uint32_t guess) noexcept {
  if (guess < node.count && node.children[guess] == child) return guess;
  std::uint32_t slot = 0;
  while (node.children[slot] != child) ++slot;
  return slot;
}

// --- Finding places.

bool RunTree::place_in_cursor(std::uint32_t position, Place& place) const noexcept {
  if (cursor_.leaf == kUnknown || position <= cursor_.start) return false;
  const Leaf& leaf = leaves_[cursor_.leaf];
  std::uint32_t index = cursor_.index;
  std::uint32_t start = cursor_.run_start;
  if (position <= start) {
    do {
      start -= leaf.runs[--index].shown();
    } while (position <= start);
    place = {cursor_.leaf, index, position - start};
    return true;
  }
  for (; index < leaf.count; ++index) {
    const std::uint32_t shown = leaf.runs[index].shown();
    if (position - start <= shown) {
      place = {cursor_.leaf, index, position - start};
      return true;
    }
    start += shown;
  }
  return false;
}

void RunTree::remember(const Place& place, std::uint32_t run_start) noexcept {
  if (cursor_.leaf != place.leaf || place.index >= leaves_[place.leaf].count) return;
  cursor_.index = place.index;
  cursor_.run_start = run_start;
}

void RunTree::seek(std::uint32_t position) noexcept {
  std::uint32_t id = root_;
  std::uint32_t start = 0;
  while (true) {
    const Node& node = nodes_[id];
    std::uint32_t slot = 0;
    while (slot + 1 < node.count && start + node.chars[slot] < position)
      start += node.chars[slot++];
    id = node.children[slot];
    if (node.above_leaves) break;
  }
  cursor_ = {id, start, 0, start};
}

Place RunTree::place_at(std::uint32_t position) {
  Place place;
  if (position == 0) {
    cursor_ = {0, 0, 0, 0};
    return place;
  }
  if (place_in_cursor(position, place)) return place;
  seek(position);
  if (!place_in_cursor(position, place)) {
    throw Error(ErrorCode::internal,
                "a text's sums do not lead to position " + std::to_string(position));
  }
  return place;
}

void RunTree::build_index() {
  std::vector<std::pair<Run, std::uint32_t>> runs;
  for (std::uint32_t id = 0; id != kUnknown; id = leaves_[id].next) {
    for (std::uint32_t index = 0; index < leaves_[id].count; ++index) {
      runs.emplace_back(leaves_[id].runs[index], id);
    }
  }
  std::sort(runs.begin(), runs.end(), [](const auto& left, const auto& right) {
    return left.first.first < right.first.first;
  });
  for (const auto& [run, leaf] : runs) index_.set(run.first, run.count(), leaf);
  indexed_ = true;
}

Place RunTree::find(Serial serial) {
  if (!indexed_) build_index();
  const std::uint32_t id = index_.find(serial);
  const Leaf& leaf = leaves_[id];
  for (std::uint32_t index = 0; index < leaf.count; ++index) {
    const std::uint32_t offset = serial - leaf.runs[index].first;
    if (offset < leaf.runs[index].count()) return {id, index, offset};
  }
  throw Error(ErrorCode::internal,
              "a text's index does not lead to character " + std::to_string(serial));
}

Place RunTree::place_behind(Serial serial) {
  if (serial == kNoSerial) return {};
  if (newest_.leaf != kUnknown && serial + 1 == end_) {
    return {newest_.leaf, newest_.index, leaves_[newest_.leaf].runs[newest_.index].count()};
  }
  Place place = find(serial);
  ++place.offset;
  return place;
}

Extent RunTree::extent_before(const Place& place) const {
  const Leaf& leaf = leaves_[place.leaf];
  Extent sum;
  for (std::uint32_t index = 0; index < place.index; ++index) sum += extent(leaf.runs[index]);
  if (place.offset > 0 && !leaf.runs[place.index].erased()) {
    sum += store_.extent(leaf.runs[place.index].offset, place.offset);
  }
  std::uint32_t child = place.leaf;
  for (std::uint32_t id = leaf.parent; id != kUnknown; id = nodes_[id].parent) {
    const Node& node = nodes_[id];
    const std::uint32_t end = slot_of(node, child);
    for (std::uint32_t slot = 0; slot < end; ++slot) {
      sum += {node.chars[slot], node.units[slot], node.bytes[slot]};
    }
    child = id;
  }
  return sum;
}

namespace {

std::uint32_t in_unit(const Extent& extent, TextUnit unit) noexcept {
  if (unit == TextUnit::utf16) return extent.units;
  return unit == TextUnit::bytes ? extent.bytes : extent.chars;
}

// How many of a run's characters make up `rest` units; they must do so exactly.
std::uint32_t chars_for(const TextStore& store, const Run& run, std::uint32_t rest, TextUnit unit) {
  std::uint32_t low = 0;
  std::uint32_t high = run.count();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (in_unit(store.extent(run.offset, middle), unit) < rest) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (in_unit(store.extent(run.offset, low), unit) != rest) {
    throw Error(ErrorCode::invalid_argument,
                "a position lies inside a character; give one between two code points");
  }
  return low;
}

}  // namespace

Extent RunTree::extent_at(std::size_t position, TextUnit unit) const {
  if (position > in_unit(total_, unit)) {
    throw Error(ErrorCode::invalid_argument, "position " + std::to_string(position) +
                                                 " lies beyond the end of the text, which is " +
                                                 std::to_string(in_unit(total_, unit)) + " long");
  }
  auto rest = static_cast<std::uint32_t>(position);
  std::uint32_t id = root_;
  Extent sum;
  while (true) {
    const Node& node = nodes_[id];
    std::uint32_t slot = 0;
    for (; slot + 1 < node.count; ++slot) {
      const Extent child{node.chars[slot], node.units[slot], node.bytes[slot]};
      if (rest <= in_unit(child, unit)) break;
      rest -= in_unit(child, unit);
      sum += child;
    }
    id = node.children[slot];
    if (node.above_leaves) break;
  }
  const Leaf& leaf = leaves_[id];
  for (std::uint32_t index = 0; rest > 0; ++index) {
    const Run& run = leaf.runs[index];
    const Extent whole = extent(run);
    if (rest < in_unit(whole, unit)) {
      return sum += store_.extent(run.offset, chars_for(store_, run, rest, unit));
    }
    rest -= in_unit(whole, unit);
    sum += whole;
  }
  return sum;
}

// --- Walking.

Serial RunTree::before(const Place& place) const noexcept {
  return place.offset == 0 ? kNoSerial : run(place).first + place.offset - 1;
}

bool RunTree::advance(Place& place) const noexcept {
  const Leaf& leaf = leaves_[place.leaf];
  const bool inside = place.index < leaf.count && place.offset < leaf.runs[place.index].count();
  if (!inside) {
    if (place.index + 1 < leaf.count) {
      ++place.index;
    } else if (leaf.next != kUnknown) {
      place = {leaf.next, 0, 0};
    } else {
      return false;
    }
  }
  place.offset = run(place).count();
  return true;
}

Serial RunTree::behind(const Place& place) const noexcept {
  const Leaf& leaf = leaves_[place.leaf];
  if (place.index < leaf.count && place.offset < leaf.runs[place.index].count()) {
    return leaf.runs[place.index].first + place.offset;
  }
  if (place.index + 1 < leaf.count) return leaf.runs[place.index + 1].first;
  return leaf.next == kUnknown ? kNoSerial : leaves_[leaf.next].runs[0].first;
}

Serial RunTree::unsealed_behind(Place place) const noexcept {
  while (true) {
    const Serial serial = behind(place);
    if (serial == kNoSerial || !advance(place) || !run(place).sealed()) return serial;
  }
}

bool RunTree::precedes(const Place& left, const Place& right) const noexcept {
  if (left.leaf == right.leaf) {
    return left.index != right.index ? left.index < right.index : left.offset < right.offset;
  }
  std::uint32_t left_child = left.leaf;
  std::uint32_t right_child = right.leaf;
  std::uint32_t left_node = leaves_[left_child].parent;
  std::uint32_t right_node = leaves_[right_child].parent;
  while (left_node != right_node) {
    left_child = left_node;
    right_child = right_node;
    left_node = nodes_[left_node].parent;
    right_node = nodes_[right_node].parent;
  }
  return slot_of(nodes_[left_node], left_child) < slot_of(nodes_[left_node], right_child);
}

Origins RunTree::origins(Serial serial) {
  if (const OriginTable::Item* item = origins_.find(serial)) {
    return serial == item->first ? item->origins : Origins{serial - 1, item->origins.right};
  }
  const Place place = find(serial);
  return {place.offset > 0 ? serial - 1 : smaller_left(place, serial),
          smaller_right(place, serial)};
}

Origins RunTree::settled_origins(Serial serial) {
  const OriginTable::Item* item = origins_.find(serial);
  if (item == nullptr || serial != item->first) return origins(serial);
  return {item->settled, item->origins.right};
}

Serial RunTree::smaller_left(const Place& from, Serial serial) const noexcept {
  std::uint32_t id = from.leaf;
  std::uint32_t index = from.index;
  while (true) {
    const Leaf& leaf = leaves_[id];
    while (index > 0) {
      const Run& run = leaf.runs[--index];
      if (run.first < serial) return run.end() - 1;
    }
    // The nearest leaf on the left with a smaller serial.
    std::uint32_t child = id;
    std::uint32_t node = leaf.parent;
    std::uint32_t slot = slot_of(nodes_[node], child);
    while (true) {
      while (slot > 0 && nodes_[node].smallest[slot - 1] >= serial) --slot;
      if (slot > 0) break;
      child = node;
      node = nodes_[node].parent;
      if (node == kUnknown) return kNoSerial;
      slot = slot_of(nodes_[node], child);
    }
    id = nodes_[node].children[--slot];
    while (!nodes_[node].above_leaves) {
      node = id;
      slot = nodes_[node].count - 1;
      while (nodes_[node].smallest[slot] >= serial) --slot;
      id = nodes_[node].children[slot];
    }
    index = leaves_[id].count;
  }
}

Serial RunTree::smaller_right(const Place& from, Serial serial) const noexcept {
  std::uint32_t id = from.leaf;
  std::uint32_t index = from.index + 1;
  while (true) {
    const Leaf& leaf = leaves_[id];
    for (; index < leaf.count; ++index) {
      const Run& run = leaf.runs[index];
      if (run.first < serial) return run.first;
    }
    // The nearest leaf on the right with a smaller serial.
    std::uint32_t child = id;
    std::uint32_t node = leaf.parent;
    std::uint32_t slot = slot_of(nodes_[node], child) + 1;
    while (true) {
      while (slot < nodes_[node].count && nodes_[node].smallest[slot] >= serial) ++slot;
      if (slot < nodes_[node].count) break;
      child = node;
      node = nodes_[node].parent;
      if (node == kUnknown) return kNoSerial;
      slot = slot_of(nodes_[node], child) + 1;
    }
    id = nodes_[node].children[slot];
    while (!nodes_[node].above_leaves) {
      node = id;
      slot = 0;
      while (nodes_[node].smallest[slot] >= serial) ++slot;
      id = nodes_[node].children[slot];
    }
    index = 0;
  }
}

}  // namespace rill::fugue
