#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "rill/error.hpp"
#include "run_tree.hpp"
#include "serial_set.hpp"

// A tree made at once from runs in order, and a tree compared with its runs.

namespace rill::fugue {

void RunTree::build(const std::vector<Run>& runs) {
  constexpr std::size_t kFilled = kLeafRuns - 4;  // room for the first edits
  leaves_.resize(std::max<std::size_t>(1, (runs.size() + kFilled - 1) / kFilled));
  std::vector<std::uint32_t> level(leaves_.size());
  std::iota(level.begin(), level.end(), 0U);
  std::vector<Sums> sums;
  sums.reserve(leaves_.size());
  end_ = 0;
  std::size_t begin = 0;
  for (const std::uint32_t id : level) {
    Leaf& leaf = leaves_[id];
    leaf.count = static_cast<std::uint32_t>(std::min(kFilled, runs.size() - begin));
    std::copy_n(runs.begin() + static_cast<std::ptrdiff_t>(begin), leaf.count, leaf.runs.begin());
    begin += leaf.count;
    leaf.next = id + 1 < leaves_.size() ? id + 1 : kUnknown;
    leaf.previous = id == 0 ? kUnknown : id - 1;
    for (std::uint32_t index = 0; index < leaf.count; ++index) end_ += leaf.runs[index].count();
    sums.push_back(sums_of_leaf(leaf));
  }
  nodes_.resize(0);
  build_nodes(std::move(level), std::move(sums));
  total_ = sums_of_node(nodes_[root_]).extent;
  cursor_ = {};
  newest_ = {};
  index_ = {};
  indexed_ = false;
}

void RunTree::build_nodes(std::vector<std::uint32_t> level, std::vector<Sums> sums) {
  bool above_leaves = true;
  do {
    constexpr std::size_t kFilled = kChildren - 4;
    std::vector<std::uint32_t> ids;
    std::vector<Sums> upper;
    for (std::size_t begin = 0; begin < level.size(); begin += kFilled) {
      const auto id = static_cast<std::uint32_t>(nodes_.size());
      Node& node = nodes_.emplace_back();
      node.above_leaves = above_leaves;
      node.count = static_cast<std::uint32_t>(std::min(kFilled, level.size() - begin));
      for (std::uint32_t slot = 0; slot < node.count; ++slot) {
        node.children[slot] = level[begin + slot];
        set_sums(node, slot, sums[begin + slot]);
        set_parent(node, node.children[slot], id);
      }
      ids.push_back(id);
      upper.push_back(sums_of_node(node));
    }
    level = std::move(ids);
    sums = std::move(upper);
    above_leaves = false;
  } while (level.size() > 1);
  root_ = level.front();
}

// --- Checking.

namespace {

void require(bool holds, const char* what) {
  if (!holds) throw Error(ErrorCode::internal, std::string("a text's tree of runs: ") + what);
}

}  // namespace

Serial RunTree::check_node(std::uint32_t id, std::vector<std::uint32_t>& leaves) const {
  const Node& node = nodes_[id];
  Serial characters = 0;
  require(node.count > 0, "an empty node");
  for (std::uint32_t slot = 0; slot < node.count; ++slot) {
    const std::uint32_t child = node.children[slot];
    Sums sums;
    if (node.above_leaves) {
      const Leaf& leaf = leaves_[child];
      require(leaf.parent == id, "a leaf's parent");
      leaves.push_back(child);
      sums = sums_of_leaf(leaf);
      for (std::uint32_t index = 0; index < leaf.count; ++index) {
        require(leaf.runs[index].count() > 0, "an empty run");
        require(index == 0 || !joins(leaf.runs[index - 1], leaf.runs[index]), "runs that join");
        characters += leaf.runs[index].count();
      }
    } else {
      require(nodes_[child].parent == id, "a node's parent");
      sums = sums_of_node(nodes_[child]);
      characters += check_node(child, leaves);
    }
    const Extent kept{node.chars[slot], node.units[slot], node.bytes[slot]};
    require(kept == sums.extent, "an extent");
    require(node.smallest[slot] == sums.smallest, "a smallest serial");
  }
  return characters;
}

void RunTree::check() const {
  std::vector<std::uint32_t> leaves;
  require(check_node(root_, leaves) == end_, "the number of characters");
  require(sums_of_node(nodes_[root_]).extent == total_, "the extent of all");
  std::uint32_t expected = 0;
  std::vector<SerialSet::Range> serials;
  for (const std::uint32_t id : leaves) {
    require(id == expected, "the order of leaves");
    require(end_ == 0 || leaves_[id].count > 0, "an empty leaf");
    expected = leaves_[id].next;
    for (std::uint32_t index = 0; index < leaves_[id].count; ++index) {
      const Run& run = leaves_[id].runs[index];
      serials.push_back({run.first, run.end(), 0});
      require(!indexed_ || (index_.find(run.first) == id && index_.find(run.end() - 1) == id),
              "the index");
    }
  }
  // As many serials as characters, so each of them once.
  require(SerialSet::of(std::move(serials)).count_before(end_) == end_, "a character twice");
  require(expected == kUnknown, "the last leaf");
  require(!indexed_ || index_.end() == end_, "the end of the index");
}

}  // namespace rill::fugue
