#include "rules/map_rule.hpp"

#include <unordered_map>
#include <unordered_set>

#include "json.hpp"
#include "rules/map_tree.hpp"
#include "rules/operation.hpp"

namespace rill {
namespace {

Json object_of(const Value& value) {
  if (value.is_null()) return Json::object();
  if (value.type() != Value::Type::text) {
    throw Error(ErrorCode::bad_value,
                "a map holds a JSON object, such as {\"size\":3}, not " + to_display(value));
  }
  Json object = parse_json(value.text());
  if (!object.is_object()) {
    throw Error(ErrorCode::bad_value,
                std::string("a map holds a JSON object, such as {\"size\":3}, not a JSON ") +
                    object.type_name());
  }
  return object;
}

/// What a path's sub-key and those of the paths below it begin with: the sub-key without its `]`.
/// No other sub-key begins with it and a comma or `]`, since keys are quoted.
std::string_view stem(std::string_view sub_key) { return sub_key.substr(0, sub_key.size() - 1); }

/// Appends the leaves below `object` in the order of the normal form: sub-key and dump of each.
void flatten(const Json& object, const std::string& above, Additions& leaves) {
  for (const auto& [key, value] : object.items()) {
    std::string path = above + dump(key);
    if (value.is_object() && !value.empty()) {
      flatten(value, path + ',', leaves);
    } else {
      leaves.emplace_back(path + ']', dump(value));
    }
  }
}

Additions leaves_of(const Value& value) {
  Additions leaves;
  flatten(object_of(value), "[", leaves);
  return leaves;
}

/// Calls `visit` with the stem of each path above `sub_key`, from the root down, and with its own.
template <typename Visit>
void for_each_stem(std::string_view sub_key, Visit visit) {
  bool in_string = false;
  for (std::size_t i = 0; i < sub_key.size(); ++i) {
    if (sub_key[i] == '\\') {
      ++i;
    } else if (sub_key[i] == '"') {
      in_string = !in_string;
      if (!in_string) visit(sub_key.substr(0, i + 1));
    }
  }
}

/// The paths that an operation sets or removes.
///
/// It overwrites what is at and below them, and also what is above: who writes `k.x` has decided
/// that `k` is an object, so that a concurrent scalar `k`, hidden so far, does not come to light
/// when `k.x` goes. With that, what was written is always what is shown.
class WrittenPaths {
 public:
  void add(std::string_view sub_key) {
    for_each_stem(sub_key, [&](std::string_view above) { above_.insert(above); });
    written_.insert(stem(sub_key));
  }

  [[nodiscard]] bool overwrite(std::string_view sub_key) const {
    if (above_.contains(stem(sub_key))) return true;
    bool found = false;
    for_each_stem(sub_key, [&](std::string_view each) { found |= written_.contains(each); });
    return found;
  }

 private:
  std::unordered_set<std::string_view> above_;  ///< Holds `written_`, too.
  std::unordered_set<std::string_view> written_;
};

}  // namespace

Value map_normal_form(const Value& written) { return dump(object_of(written)); }

Entries map_written_at_once(const Value& value, const Stamp& stamp) {
  Entries entries;
  add_operation(entries, stamp, leaves_of(value));
  return entries;
}

void record_map_change(Entries& entries, const Value& old_value, const Value& new_value,
                       const Stamp& stamp) {
  const Additions before = leaves_of(old_value);
  Additions after = leaves_of(new_value);
  std::unordered_map<std::string_view, const Value*> vanished;
  for (const auto& [sub_key, value] : before) vanished.emplace(sub_key, &value);

  // Without entries the column showed its default: nothing keeps those leaves but this operation.
  const bool first_write = entries.empty();
  std::erase_if(after, [&](const auto& leaf) {
    const auto found = vanished.find(leaf.first);
    if (found == vanished.end()) return false;
    const bool same = *found->second == leaf.second;
    vanished.erase(found);
    return same && !first_write;
  });

  WrittenPaths written;
  for (const auto& [sub_key, value] : vanished) written.add(sub_key);
  for (const auto& [sub_key, value] : after) written.add(sub_key);
  std::erase_if(entries, [&](const Entry& entry) {
    return !is_touch(entry) && written.overwrite(entry.sub_key);
  });
  add_operation(entries, stamp, std::move(after));
}

Value show_map(const Entries& entries) {
  MapTree tree;
  for (const Entry& entry : entries) {
    if (!is_touch(entry)) tree.add(entry);
  }
  return dump(tree.resolve());
}

}  // namespace rill
