#include "oracle/shape.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>

namespace oracle {
namespace {

using Leaf = std::map<Path, std::string>::const_iterator;

/// The object whose leaves are [begin, end), all of which agree in their first `depth` keys.
std::string object_text(Leaf begin, Leaf end, std::size_t depth) {
  std::string text = "{";
  while (begin != end) {
    const std::string& key = begin->first[depth];
    const Leaf next =
        std::find_if(begin, end, [&](const auto& leaf) { return leaf.first[depth] != key; });
    if (text.size() > 1) text += ',';
    text += json_text(key) + ':';
    text += begin->first.size() == depth + 1 ? begin->second : object_text(begin, next, depth + 1);
    begin = next;
  }
  return text += '}';
}

}  // namespace

std::string_view family_name(Family family) {
  static constexpr std::array<std::string_view, kFamilies> kNames{
      "last", "first", "multi",  "least", "greatest", "count", "measure",
      "tags", "flags", "fields", "prose", "woven",    "part"};
  return kNames.at(static_cast<std::size_t>(family));
}

bool is_counter(Family family) {
  return family == Family::integer_counter || family == Family::real_counter;
}

bool is_set(Family family) {
  return family == Family::add_wins_set || family == Family::remove_wins_set;
}

bool is_register(Family family) {
  return !is_counter(family) && !is_set(family) && family != Family::map && family != Family::text;
}

Cell cell_of(Family family, const Content& content) {
  if (family == Family::map) {
    return object_text(content.leaves.begin(), content.leaves.end(), 0);
  }
  if (is_set(family) || family == Family::multi_value) {
    std::string text = "[";
    for (const Cell& item : content.items) {
      if (text.size() > 1) text += ',';
      text += json_text(item);
    }
    return text += ']';
  }
  return content.scalar;
}

bool comparable(const Path& left, const Path& right) {
  const std::size_t common = std::min(left.size(), right.size());
  return std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(common),
                    right.begin());
}

}  // namespace oracle
