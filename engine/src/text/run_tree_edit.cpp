#include <algorithm>
#include <utility>

#include "run_tree.hpp"

namespace rill::fugue {

// --- Sums.

RunTree::Sums RunTree::sums_of_leaf(const Leaf& leaf) const noexcept {
  Sums sums;
  for (std::uint32_t index = 0; index < leaf.count; ++index) {
    const Run& run = leaf.runs[index];
    sums.extent += extent(run);
    sums.smallest = std::min(sums.smallest, run.first);
  }
  return sums;
}

RunTree::Sums RunTree::sums_of_node(const Node& node) noexcept {
  Sums sums;
  for (std::uint32_t slot = 0; slot < node.count; ++slot) {
    sums.extent += {node.chars[slot], node.units[slot], node.bytes[slot]};
    sums.smallest = std::min(sums.smallest, node.smallest[slot]);
  }
  return sums;
}

void RunTree::set_sums(Node& node, std::uint32_t slot, const Sums& sums) noexcept {
  node.chars[slot] = sums.extent.chars;
  node.units[slot] = sums.extent.units;
  node.bytes[slot] = sums.extent.bytes;
  node.smallest[slot] = sums.smallest;
}

void RunTree::add(std::uint32_t leaf, const Extent& extent) noexcept {
  total_ += extent;
  std::uint32_t child = leaf;
  std::size_t level = 0;
  for (std::uint32_t id = leaves_[leaf].parent; id != kUnknown; id = nodes_[id].parent) {
    Node& node = nodes_[id];
    const std::uint32_t slot = slot_of(node, child, slots_[level]);
    slots_[level] = slot;
    level = (level + 1) % slots_.size();
    node.chars[slot] += extent.chars;
    node.units[slot] += extent.units;
    node.bytes[slot] += extent.bytes;
    child = id;
  }
}

void RunTree::subtract(std::uint32_t leaf, const Extent& extent) noexcept {
  // Unsigned arithmetic wraps: adding the negative takes away.
  add(leaf, {0 - extent.chars, 0 - extent.units, 0 - extent.bytes});
}

// --- Splitting.

void RunTree::touch(std::uint32_t leaf) noexcept {
  newest_ = {};
  if (cursor_.leaf != leaf) cursor_ = {};
  cursor_.index = 0;
  cursor_.run_start = cursor_.start;
}

void RunTree::insert_run(Leaf& leaf, std::uint32_t index, const Run& run) noexcept {
  std::move_backward(leaf.runs.begin() + index, leaf.runs.begin() + leaf.count,
                     leaf.runs.begin() + leaf.count + 1);
  leaf.runs[index] = run;
  ++leaf.count;
}

void RunTree::remove_run(Leaf& leaf, std::uint32_t index) noexcept {
  std::move(leaf.runs.begin() + index + 1, leaf.runs.begin() + leaf.count,
            leaf.runs.begin() + index);
  --leaf.count;
}

void RunTree::ensure_room(Place& place) {
  const Leaf& leaf = leaves_[place.leaf];
  if (leaf.count + 2 <= kLeafRuns) return;
  const bool at_end = leaf.next == kUnknown && place.index + 2 >= leaf.count;
  const std::uint32_t half = at_end ? leaf.count - 3 : leaf.count / 2;
  const std::uint32_t upper = split_leaf(place.leaf, half);
  if (place.index >= half) place = {upper, place.index - half, place.offset};
}

std::uint32_t RunTree::split_leaf(std::uint32_t id, std::uint32_t half) {
  const auto upper_id = static_cast<std::uint32_t>(leaves_.size());
  leaves_.emplace_back();
  Leaf& leaf = leaves_[id];
  Leaf& upper = leaves_[upper_id];
  upper.count = leaf.count - half;
  std::copy_n(leaf.runs.begin() + half, upper.count, upper.runs.begin());
  leaf.count = half;
  upper.next = leaf.next;
  upper.previous = id;
  if (leaf.next != kUnknown) leaves_[leaf.next].previous = upper_id;
  leaf.next = upper_id;
  if (indexed_) {
    for (std::uint32_t index = 0; index < upper.count; ++index) {
      index_.set(upper.runs[index].first, upper.runs[index].count(), upper_id);
    }
  }
  const std::uint32_t slot = slot_of(nodes_[leaf.parent], id);
  set_sums(nodes_[leaf.parent], slot, sums_of_leaf(leaf));
  add_child(leaf.parent, slot + 1, upper_id, sums_of_leaf(upper));
  return upper_id;
}

void RunTree::set_parent(const Node& node, std::uint32_t child, std::uint32_t parent) noexcept {
  (node.above_leaves ? leaves_[child].parent : nodes_[child].parent) = parent;
}

void RunTree::add_child(std::uint32_t id, std::uint32_t slot, std::uint32_t child,
                        const Sums& sums) {
  const bool full = nodes_[id].count == kChildren;
  if (full) {
    const std::uint32_t upper = split_node(id);
    if (slot > nodes_[id].count) {
      slot -= nodes_[id].count;
      id = upper;
    }
  }
  Node& node = nodes_[id];
  for (auto* values : {&node.children, &node.chars, &node.units, &node.bytes, &node.smallest}) {
    std::move_backward(values->begin() + slot, values->begin() + node.count,
                       values->begin() + node.count + 1);
  }
  ++node.count;
  node.children[slot] = child;
  set_sums(node, slot, sums);
  set_parent(node, child, id);
  // A node that was split was summed up without the child.
  for (std::uint32_t above = node.parent; full && above != kUnknown; above = nodes_[id].parent) {
    set_sums(nodes_[above], slot_of(nodes_[above], id), sums_of_node(nodes_[id]));
    id = above;
  }
}

std::uint32_t RunTree::split_node(std::uint32_t id) {
  const auto upper_id = static_cast<std::uint32_t>(nodes_.size());
  nodes_.emplace_back();
  {
    Node& node = nodes_[id];
    Node& upper = nodes_[upper_id];
    const std::uint32_t half = node.count / 2;
    upper = node;
    upper.count = node.count - half;
    for (auto* values :
         {&upper.children, &upper.chars, &upper.units, &upper.bytes, &upper.smallest}) {
      std::move(values->begin() + half, values->begin() + node.count, values->begin());
    }
    node.count = half;
    for (std::uint32_t slot = 0; slot < upper.count; ++slot) {
      set_parent(upper, upper.children[slot], upper_id);
    }
  }
  if (id == root_) {
    root_ = static_cast<std::uint32_t>(nodes_.size());
    Node& root = nodes_.emplace_back();
    root.above_leaves = false;
    root.count = 1;
    root.children[0] = id;
    nodes_[id].parent = root_;
    set_sums(root, 0, sums_of_node(nodes_[id]));
    add_child(root_, 1, upper_id, sums_of_node(nodes_[upper_id]));
    return upper_id;
  }
  const std::uint32_t parent = nodes_[id].parent;
  const std::uint32_t slot = slot_of(nodes_[parent], id);
  set_sums(nodes_[parent], slot, sums_of_node(nodes_[id]));
  add_child(parent, slot + 1, upper_id, sums_of_node(nodes_[upper_id]));
  return upper_id;
}

// --- Changing.

bool RunTree::joins(const Run& left, const Run& right) const noexcept {
  return left.end() == right.first && left.flags() == right.flags() &&
         (left.erased() || store_.advance(left.offset, left.count()) == right.offset) &&
         !origins_.begins_at(right.first);
}

Place RunTree::insert(Place place, std::uint32_t count, std::uint32_t offset, std::uint32_t flags,
                      std::uint32_t position) {
  ensure_room(place);
  touch(place.leaf);
  Leaf& leaf = leaves_[place.leaf];
  const Run run{end_, count | flags, offset};
  const bool first = leaf.count == 0;
  if (first || place.offset == 0) {
    insert_run(leaf, 0, run);
    place.offset = count;
  } else {
    Run& left = leaf.runs[place.index];
    if (place.offset < left.count()) {
      const std::uint32_t rest = left.count() - place.offset;
      const std::uint32_t behind =
          left.erased() ? left.offset : store_.advance(left.offset, place.offset);
      insert_run(leaf, place.index + 1, {left.first + place.offset, rest | left.flags(), behind});
      left.packed -= rest;
    }
    if (joins(left, run)) {
      left.packed += count;
      place.offset = left.count();
    } else {
      insert_run(leaf, ++place.index, run);
      place.offset = count;
    }
  }
  if (indexed_) index_.set(end_, count, place.leaf);
  end_ += count;
  if (flags == 0) {
    add(place.leaf, store_.extent(offset, count));
    newest_ = {place.leaf, place.index,
               cursor_.leaf == kUnknown || position == kUnknown ? kUnknown : position + count};
  }
  if (first) nodes_[root_].smallest[0] = 0;
  if (position != kUnknown) remember(place, position + count - place.offset);
  return place;
}

void RunTree::extend(const Extent& extent) {
  leaves_[newest_.leaf].runs[newest_.index].packed += extent.chars;
  if (indexed_) index_.set(end_, extent.chars, newest_.leaf);
  end_ += extent.chars;
  if (newest_.position != kUnknown) newest_.position += extent.chars;
  if (cursor_.leaf != newest_.leaf) cursor_ = {};
  add(newest_.leaf, extent);
}

Run RunTree::erase_shown(std::uint32_t position, std::uint32_t count) {
  Place place = place_at(position + count);
  const Run whole = run(place);
  const std::uint32_t erased = std::min(count, place.offset);
  place.offset -= erased;
  const Run part{whole.first + place.offset, erased, store_.advance(whole.offset, place.offset)};
  const std::uint32_t run_start = position + count - erased - place.offset;
  remember(mark_part(place, erased, Run::kErased), run_start);
  return part;
}

std::uint32_t RunTree::mark(Serial serial, std::uint32_t count, std::uint32_t flags) {
  const Place place = find(serial);
  count = std::min(count, run(place).count() - place.offset);
  if (run(place).flags() != flags) mark_part(place, count, flags);
  return count;
}

void RunTree::mark_whole(Leaf& leaf, std::uint32_t index, std::uint32_t flags) const noexcept {
  leaf.runs[index].packed |= flags;
  if (index + 1 < leaf.count && joins(leaf.runs[index], leaf.runs[index + 1])) {
    leaf.runs[index].packed += leaf.runs[index + 1].count();
    remove_run(leaf, index + 1);
  }
  if (index > 0 && joins(leaf.runs[index - 1], leaf.runs[index])) {
    leaf.runs[index - 1].packed += leaf.runs[index].count();
    remove_run(leaf, index);
  }
}

Place RunTree::mark_part(const Place& first, std::uint32_t count, std::uint32_t flags) {
  Place place = first;
  ensure_room(place);
  touch(place.leaf);
  Leaf& leaf = leaves_[place.leaf];
  Run& run = leaf.runs[place.index];
  const std::uint32_t from = place.offset;
  const std::uint32_t rest = run.count() - from - count;
  const Run part{run.first + from, count | flags, run.offset};
  const auto offset_behind = [&](std::uint32_t chars) {
    return run.erased() ? run.offset : store_.advance(run.offset, chars);
  };
  if (!run.erased()) subtract(place.leaf, store_.extent(offset_behind(from), count));
  const Run behind{part.end(), rest | run.flags(), offset_behind(from + count)};
  if (from == 0 && rest == 0) {
    mark_whole(leaf, place.index, flags);
  } else if (from == 0) {
    run = behind;
    if (place.index > 0 && joins(leaf.runs[place.index - 1], part)) {
      leaf.runs[place.index - 1].packed += count;
    } else {
      insert_run(leaf, place.index, part);
    }
  } else if (rest == 0) {
    run.packed -= count;
    if (place.index + 1 < leaf.count && joins(part, leaf.runs[place.index + 1])) {
      leaf.runs[place.index + 1].first -= count;
      leaf.runs[place.index + 1].packed += count;
    } else {
      insert_run(leaf, place.index + 1, part);
    }
  } else {
    run.packed -= count + rest;
    insert_run(leaf, place.index + 1, behind);
    insert_run(leaf, place.index + 1, part);
  }
  return place;
}

}  // namespace rill::fugue
