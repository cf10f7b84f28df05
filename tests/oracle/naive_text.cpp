#include "oracle/naive_text.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace oracle {
namespace {

/// Where `id` stands in `order`; the end for none.
template <typename Nodes>
std::size_t place_in(const Nodes& order, const std::optional<TextId>& id) {
  const auto found = std::find_if(order.begin(), order.end(),
                                  [&](const auto* node) { return node->character.id == id; });
  return static_cast<std::size_t>(found - order.begin());
}

}  // namespace

std::vector<NaiveText::Node*> NaiveText::in_order() const {
  std::vector<Node*> order;
  // A node is met twice: to put off what comes after its left children, and then to be read itself.
  struct Visit {
    Node* node;
    bool left_done;
  };
  std::vector<Visit> stack;
  const auto put_off = [&](const std::vector<Node*>& children) {
    std::transform(children.rbegin(), children.rend(), std::back_inserter(stack),
                   [](Node* child) { return Visit{child, false}; });
  };
  put_off(root_.right_children);
  while (!stack.empty()) {
    const Visit visit = stack.back();
    stack.pop_back();
    if (visit.left_done) {
      order.push_back(visit.node);
      put_off(visit.node->right_children);
    } else {
      stack.push_back({visit.node, true});
      put_off(visit.node->left_children);
    }
  }
  return order;
}

std::vector<NaiveText::Node*> NaiveText::visible() const {
  std::vector<Node*> nodes = in_order();
  std::erase_if(nodes, [](const Node* node) { return node->erased; });
  return nodes;
}

NaiveText::Node* NaiveText::node(const std::optional<TextId>& id) {
  return id ? &nodes_.at(*id) : &root_;
}

void NaiveText::place(const NaiveCharacter& character) {
  Node* parent = node(character.parent);
  Node* added = &nodes_[character.id];
  added->character = character;
  added->name = {name_of(character.id.replica), character.id.number};
  const bool left = character.side == Side::left;
  const bool by_id = left || fault_ == NaiveFault::right_origins_ignored;
  std::vector<Node*>& siblings = left ? parent->left_children : parent->right_children;
  std::vector<Node*> order;
  if (!siblings.empty() && !by_id) order = in_order();
  const auto before = [&](const Node* a, const Node* b) {
    const std::size_t origin_a = by_id ? 0 : place_in(order, a->character.right_origin);
    const std::size_t origin_b = by_id ? 0 : place_in(order, b->character.right_origin);
    if (origin_a != origin_b) return origin_a > origin_b;
    const bool less = a->name < b->name;
    return fault_ == NaiveFault::ids_reversed ? !less : less;
  };
  siblings.insert(std::find_if(siblings.begin(), siblings.end(),
                               [&](const Node* sibling) { return before(added, sibling); }),
                  added);
  if (added->name.replica == name_of(author_)) written_ = std::max(written_, character.id.number);
}

void NaiveText::insert(std::size_t position, std::u32string_view text) {
  for (const char32_t value : text) {
    NaiveCharacter added;
    added.id = {author_, written_ + 1};
    added.value = value;
    std::optional<TextId> left_origin;
    if (position > 0) left_origin = visible().at(position - 1)->character.id;
    const std::vector<Node*> order = in_order();
    const std::size_t next = left_origin ? place_in(order, left_origin) + 1 : 0;
    std::optional<TextId> right_origin;
    if (next < order.size()) right_origin = order[next]->character.id;
    if (node(left_origin)->right_children.empty() || fault_ == NaiveFault::never_left) {
      added.parent = left_origin;
      added.right_origin = right_origin;
    } else {
      added.parent = right_origin;
      added.side = Side::left;
    }
    place(added);
    pending_.inserted.push_back(added);
    ++position;
  }
}

void NaiveText::erase(std::size_t position, std::size_t length) {
  const std::vector<Node*> nodes = visible();
  for (std::size_t index = position; index < position + length; ++index) {
    Node* gone = nodes.at(index);
    gone->erased = true;
    pending_.erased.push_back(gone->character.id);
  }
}

NaiveOp NaiveText::commit() { return std::exchange(pending_, {}); }

void NaiveText::apply(const NaiveOp& op) {
  for (const NaiveCharacter& character : op.inserted) place(character);
  for (const TextId& id : op.erased) nodes_.at(id).erased = true;
}

std::u32string NaiveText::text() const {
  std::u32string text;
  for (const Node* node : visible()) text += node->character.value;
  return text;
}

std::vector<TextId> NaiveText::names() const {
  std::vector<TextId> names;
  for (const Node* node : visible()) names.push_back(node->character.id);
  return names;
}

std::size_t NaiveText::position_of(const std::optional<TextId>& after) const {
  if (!after) return 0;
  const std::vector<Node*> order = in_order();
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(place_in(order, after)) + 1;
  return static_cast<std::size_t>(
      std::count_if(order.begin(), end, [](const Node* node) { return !node->erased; }));
}

}  // namespace oracle
