#include "oracle/definitions.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

namespace oracle {
namespace {

using Kind = Operation::Kind;

const Write& write_of(const Act& act, std::size_t index) { return act.operation->writes.at(index); }

bool is_insert(const Act& act) { return act.operation->kind == Kind::insert; }

auto dot_of(const Act& act) {
  return std::tuple(act.event->replica, act.event->counter, act.place);
}

std::vector<Cell> items_of(const std::vector<Act>& siblings, std::size_t index) {
  std::vector<Cell> all;
  for (const Act& act : siblings) {
    const auto& items = write_of(act, index).value.items;
    all.insert(all.end(), items.begin(), items.end());
  }
  return all;
}

/// The first in dot order of the least or greatest; NULL only where there is nothing else.
Act extreme(const std::vector<Act>& siblings, std::size_t index, bool least) {
  const Act* best = &siblings.front();
  for (const Act& act : siblings) {
    const Cell& cell = write_of(act, index).value.scalar;
    const Cell& champion = write_of(*best, index).value.scalar;
    if (is_null(cell)) continue;
    const auto order = sqlite_order(cell, champion);
    if (is_null(champion) || (least ? order < 0 : order > 0)) best = &act;
  }
  return *best;
}

/// One act on one element of a set.
struct ElementAct {
  Act act;
  bool adds = false;
};

bool any_sees(const std::vector<ElementAct>& acts, const Act& earlier) {
  return std::any_of(acts.begin(), acts.end(),
                     [&](const ElementAct& other) { return sees(other.act, earlier); });
}

/// A leaf of a map that stands.
struct Leaf {
  Path path;
  std::string json;
  Stamp stamp;
};

/// Decides for each path from `depth` keys down, leaves being those that share their first keys:
/// the latest leaf at the path itself against the latest one below. An empty object yields.
void show_leaves(const std::vector<Leaf>& leaves, std::size_t depth, bool earliest, Content& out) {
  const auto wins = [&](const Leaf& left, const Leaf& right) {
    return earliest ? left.stamp < right.stamp : left.stamp > right.stamp;
  };
  const Leaf* here = nullptr;
  const Leaf* below = nullptr;
  for (const Leaf& leaf : leaves) {
    const Leaf*& best = leaf.path.size() == depth ? here : below;
    if (best == nullptr || wins(leaf, *best)) best = &leaf;
  }
  if (here != nullptr && (below == nullptr || (here->json != "{}" && wins(*here, *below)))) {
    out.leaves[here->path] = here->json;
    return;
  }
  std::map<std::string, std::vector<Leaf>> by_key;
  for (const Leaf& leaf : leaves) {
    if (leaf.path.size() > depth) by_key[leaf.path[depth]].push_back(leaf);
  }
  for (const auto& [key, group] : by_key) show_leaves(group, depth + 1, earliest, out);
}

bool touches(const Write& write, const Path& path) {
  return std::any_of(write.touched.begin(), write.touched.end(),
                     [&](const Path& touched) { return comparable(touched, path); });
}

}  // namespace

std::vector<Act> Definitions::acts_on(std::size_t index) const {
  std::vector<Act> acts;
  for (const Act& act : row_.acts) {
    const bool overwrites = is_insert(act) && fault_ != Fault::inserts_overwrite_nothing;
    if (overwrites || act.operation->writes.contains(index)) acts.push_back(act);
  }
  return acts;
}

std::vector<Act> Definitions::siblings(std::size_t index) const {
  const std::vector<Act> acts = acts_on(index);
  std::vector<Act> siblings;
  for (const Act& act : acts) {
    if (!act.operation->writes.contains(index) || edit_of(act, index) != nullptr) continue;
    const auto overwritten_by = [&](const Act& other) { return overwrites(other, act, index); };
    if (std::none_of(acts.begin(), acts.end(), overwritten_by)) siblings.push_back(act);
  }
  std::sort(siblings.begin(), siblings.end(),
            [](const Act& left, const Act& right) { return dot_of(left) < dot_of(right); });
  if (fault_ == Fault::siblings_reversed) std::reverse(siblings.begin(), siblings.end());
  return siblings;
}

std::optional<Act> Definitions::last_writer(const std::vector<Act>& siblings) const {
  std::optional<Act> best;
  for (const Act& act : siblings) {
    if (row_.latest_birth) {
      const Act& birth = *row_.latest_birth;
      const bool is_birth = act.event_index == birth.event_index && act.place == birth.place;
      if (!is_birth && !sees(act, birth)) continue;
    }
    const bool better =
        !best || (fault_ == Fault::latest_is_earliest ? stamp_of(act) < stamp_of(*best)
                                                      : stamp_of(act) > stamp_of(*best));
    if (better) best = act;
  }
  return best;
}

bool Definitions::overwritten_by_insert(const Act& act) const {
  return std::any_of(row_.inserts.begin(), row_.inserts.end(),
                     [&](const Act& insert) { return sees(insert, act); });
}

bool Definitions::untouched(std::size_t index) const {
  return std::none_of(row_.acts.begin(), row_.acts.end(), [&](const Act& act) {
    return act.operation->writes.contains(index) && !overwritten_by_insert(act);
  });
}

std::optional<Act> Definitions::pick(const Column& column, std::size_t index,
                                     const std::vector<Act>& siblings) const {
  if (siblings.empty()) return std::nullopt;
  switch (column.family) {
    case Family::minimum:
    case Family::maximum:
      return extreme(siblings, index, column.family == Family::minimum);
    case Family::first_writer:
      return *std::min_element(
          siblings.begin(), siblings.end(),
          [](const Act& left, const Act& right) { return stamp_of(left) < stamp_of(right); });
    default:
      return last_writer(siblings);
  }
}

void Definitions::settle(const Column& column, std::size_t index, const std::vector<Act>& siblings,
                         ColumnView& view) const {
  if (column.family == Family::multi_value && !siblings.empty()) {
    view.shown.items = items_of(siblings, index);
    return;
  }
  if (column.family == Family::custom && siblings.size() > 1) {
    std::vector<WovenSibling> given;
    given.reserve(siblings.size());
    for (const Act& act : siblings) {
      given.push_back(
          {write_of(act, index).value.scalar, act.event->replica.back(), act.event->time >> 16U});
    }
    if (auto result = weave(given)) {
      view.shown.scalar = *std::move(result);
      return;
    }
  }
  if (column.family == Family::custom && siblings.size() == 1) {
    view.shown = write_of(siblings.front(), index).value;
    return;
  }
  const auto picked = pick(column, index, siblings);
  view.shown = picked ? write_of(*picked, index).value : column.default_content;
  if (picked) view.picked = picked->event_index;
}

Content Definitions::count(const Column& column, std::size_t index) const {
  if (untouched(index)) return column.default_content;
  std::int64_t integer = 0;
  double real = 0;
  for (const Act& act : row_.acts) {
    const auto found = act.operation->writes.find(index);
    if (found == act.operation->writes.end()) continue;
    if (fault_ != Fault::counters_keep_all && overwritten_by_insert(act)) continue;
    const Cell& given = is_insert(act) ? found->second.value.scalar : found->second.delta;
    if (const auto* whole = std::get_if<std::int64_t>(&given)) integer += *whole;
    real += as_real(given);
  }
  if (column.family == Family::real_counter) return {real, {}, {}};
  return {integer, {}, {}};
}

Content Definitions::unite(const Column& column, std::size_t index) const {
  if (untouched(index)) return column.default_content;
  const bool remove_wins =
      (column.family == Family::remove_wins_set) != (fault_ == Fault::bias_swapped);
  std::vector<Cell> elements;
  for (const Act& act : row_.acts) {
    const auto found = act.operation->writes.find(index);
    if (found == act.operation->writes.end()) continue;
    const Write& write = found->second;
    const auto& added = is_insert(act) ? write.value.items : write.added;
    elements.insert(elements.end(), added.begin(), added.end());
  }
  const auto less = [](const Cell& left, const Cell& right) {
    return sqlite_order(left, right) < 0;
  };
  std::sort(elements.begin(), elements.end(), less);
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());

  Content content;
  for (const Cell& element : elements) {
    const auto has = [&](const std::vector<Cell>& cells) {
      return std::find(cells.begin(), cells.end(), element) != cells.end();
    };
    // An insert that leaves the element out is an act on it all the same: it overwrites what it
    // saw.
    std::vector<ElementAct> acts;
    for (const Act& act : acts_on(index)) {
      const auto found = act.operation->writes.find(index);
      const Write none;
      const Write& write = found == act.operation->writes.end() ? none : found->second;
      const bool adds = is_insert(act) ? has(write.value.items) : has(write.added);
      const bool removes = has(write.removed) && fault_ != Fault::removals_ignored;
      if (is_insert(act) || adds || removes) acts.push_back({act, adds});
    }
    bool added = false;
    bool removed = false;
    for (const ElementAct& each : acts) {
      if (any_sees(acts, each.act)) continue;
      added |= each.adds;
      removed |= !each.adds && !is_insert(each.act);
    }
    if (added && !(remove_wins && removed)) content.items.push_back(element);
  }
  return content;
}

Content Definitions::merge_leaves(const Column& column, std::size_t index) const {
  if (untouched(index)) return column.default_content;
  const std::vector<Act> acts = acts_on(index);
  std::vector<Leaf> live;
  for (const Act& act : acts) {
    const auto found = act.operation->writes.find(index);
    if (found == act.operation->writes.end()) continue;
    const Write& write = found->second;
    for (const auto& [path, json] : is_insert(act) ? write.value.leaves : write.assigned) {
      const bool overwritten = std::any_of(acts.begin(), acts.end(), [&](const Act& other) {
        if (!sees(other, act)) return false;
        if (is_insert(other)) return true;
        if (fault_ == Fault::removals_ignored && !write_of(other, index).assigned.contains(path)) {
          return false;
        }
        return touches(write_of(other, index), path);
      });
      if (!overwritten) live.push_back({path, json, stamp_of(act)});
    }
  }
  Content content;
  if (!live.empty()) {
    show_leaves(live, 0, fault_ == Fault::hidden_leaves_shown_first, content);
  }
  return content;
}

ColumnView Definitions::column(const Column& column, std::size_t index) const {
  ColumnView view;
  view.untouched = untouched(index);
  if (column.family == Family::text) {
    show_text(column, index, view);
  } else if (is_register(column.family)) {
    const std::vector<Act> acts = siblings(index);
    settle(column, index, acts, view);
    view.siblings.reserve(acts.size());
    for (const Act& act : acts) {
      view.siblings.push_back({write_of(act, index).value, act.event_index, {}});
    }
  } else if (is_counter(column.family)) {
    view.shown = count(column, index);
  } else if (is_set(column.family)) {
    view.shown = unite(column, index);
  } else {
    view.shown = merge_leaves(column, index);
  }
  return view;
}

void Definitions::settle_row(const Table& table, RowView& view) const {
  const std::size_t count = view.columns.front().siblings.size();
  if (count < 2) return;
  std::vector<std::vector<Cell>> versions(count);
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    if (table.columns[column].family == Family::text) continue;
    for (std::size_t i = 0; i < count; ++i) {
      versions[i].push_back(view.columns[column].siblings[i].content.scalar);
    }
  }
  const auto settled = widest(versions);
  if (!settled) return;  // What the columns show stands: they settle as last_writer does.
  for (std::size_t column = 0; column < settled->size(); ++column) {
    view.columns[column].shown.scalar = (*settled)[column];
  }
}

std::optional<Cell> weave(const std::vector<WovenSibling>& siblings) {
  std::int64_t result = 0;
  for (const WovenSibling& sibling : siblings) {
    const std::int64_t value = is_null(sibling.value) ? -1 : std::get<std::int64_t>(sibling.value);
    result = result * 7 + value + sibling.last_byte_of_replica % 3 +
             static_cast<std::int64_t>(sibling.time_ms % 5);
    result %= 1000;
  }
  if (result % 11 == 0) return std::nullopt;
  return result;
}

std::optional<std::vector<Cell>> widest(const std::vector<std::vector<Cell>>& versions) {
  const auto span = [](const std::vector<Cell>& cells) {
    return as_real(cells.back()) - as_real(cells.front());
  };
  const std::vector<Cell>* best = &versions.front();
  std::int64_t sum = 0;
  for (const std::vector<Cell>& cells : versions) {
    if (span(cells) > span(*best)) best = &cells;
    sum += is_null(cells.back()) ? 0 : std::get<std::int64_t>(cells.back());
  }
  if (sum % 9 == 8) return std::nullopt;
  std::vector<Cell> result = *best;
  result.back() = sum;
  return result;
}

}  // namespace oracle
