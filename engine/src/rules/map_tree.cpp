#include "rules/map_tree.hpp"

#include <algorithm>

namespace rill {
namespace {

/// The keys that lead to a leaf; empty for what a map never writes.
std::optional<Json> path_of(const Entry& entry) {
  auto path = try_parse_json(entry.sub_key);
  if (!path || !path->is_array() || path->empty()) return std::nullopt;
  const bool strings =
      std::all_of(path->begin(), path->end(), [](const Json& key) { return key.is_string(); });
  if (!strings || dump(*path) != entry.sub_key) return std::nullopt;
  return path;
}

/// The value of a leaf at `depth`; empty for what a map never writes.
std::optional<Json> leaf_of(const Entry& entry, std::size_t depth) {
  if (entry.value.type() != Value::Type::text || depth > kMaxJsonDepth ||
      nests_deeper(entry.value.text(), kMaxJsonDepth - depth)) {
    return std::nullopt;
  }
  auto value = try_parse_json(entry.value.text());
  if (value && value->is_object() && !value->empty()) return std::nullopt;
  return value;
}

}  // namespace

void MapTree::add(const Entry& entry) {
  const auto path = path_of(entry);
  if (!path) return;
  auto value = leaf_of(entry, path->size());
  if (!value) return;

  const Stamp stamp = entry.stamp();
  Node* node = &root_;
  for (const Json& key : *path) {
    if (!node->latest_below || earlier(*node->latest_below, stamp)) node->latest_below = stamp;
    node = &node->children[key.get_ref<const std::string&>()];
  }
  if (!node->leaf || earlier(node->leaf->stamp, stamp)) node->leaf = Leaf{stamp, *std::move(value)};
}

Json MapTree::resolve() { return resolve(root_); }

Json MapTree::resolve(Node& node) {
  const bool leaf_stands =
      node.leaf && (!node.latest_below || (!node.leaf->value.is_object() &&
                                           !earlier(node.leaf->stamp, *node.latest_below)));
  if (leaf_stands) return std::move(node.leaf->value);
  Json object = Json::object();
  for (auto& [key, child] : node.children) object[key] = resolve(child);
  return object;
}

}  // namespace rill
