#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "rill/rule.hpp"
#include "support/column_replica.hpp"

namespace rill {
namespace {

using test::ColumnReplica;

constexpr std::size_t kReplicas = 3;

/// A step of a history: who, with whom (itself: write), and what or when.
using Action = std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>;
using Actions = std::vector<Action>;

rc::Gen<Actions> histories() {
  const auto replica = rc::gen::inRange<std::uint8_t>(0, kReplicas);
  return rc::gen::container<Actions>(
      rc::gen::tuple(replica, replica, rc::gen::inRange<std::uint8_t>(0, 255)));
}

/// What one write did, for the oracle: never more than its author could say.
struct Write {
  Dot dot;
  std::uint64_t ms = 0;
  VersionVector seen;  ///< Before the write.
  Value before;
  Value after;
};

/// Plays `steps` on replicas that start from the same row, calling `check` after each step with the
/// replica concerned and the writes that it has seen.
template <typename MakeValue, typename Check>
std::vector<ColumnReplica> play(const Rule& rule, const Actions& steps, MakeValue make_value,
                                Check check) {
  std::vector<ColumnReplica> replicas;
  replicas.reserve(kReplicas);
  for (std::uint8_t i = 0; i < kReplicas; ++i) replicas.emplace_back(i, rule);
  std::vector<Write> log;
  const Value initial = normal_form(rule, make_value(0));
  replicas[0].insert(initial, 1);
  log.push_back({{test::replica(0), 1}, 1, {}, normal_form(rule, Value()), initial});
  for (std::uint8_t i = 1; i < kReplicas; ++i) replicas[i].receive(replicas[0]);

  for (const auto& [who, other, what] : steps) {
    ColumnReplica& replica = replicas[who];
    if (who == other) {
      const Value before = replica.shown();
      const Value after = normal_form(rule, make_value(what));
      if (before == after) continue;
      const VersionVector seen = replica.seen();
      const std::uint64_t ms = 2 + what % 7U;
      replica.update(after, ms);
      const ReplicaId id = test::replica(who);
      log.push_back({{id, replica.seen()[id]}, ms, seen, before, after});
      RC_ASSERT(replica.shown() == after);
    } else {
      replica.receive(replicas[other]);
    }
    std::vector<Write> visible;
    std::copy_if(log.begin(), log.end(), std::back_inserter(visible),
                 [&](const Write& write) { return replica.seen().covers(write.dot); });
    check(replica, visible);
  }
  return replicas;
}

bool saw(const Write& later, const Write& earlier) { return later.seen.covers(earlier.dot); }

/// Brings all up to date in two different orders, and requires that all show the same.
void converge(std::vector<ColumnReplica> replicas) {
  std::vector<ColumnReplica> backwards(replicas.rbegin(), replicas.rend());
  for (auto* group : {&replicas, &backwards}) {
    for (int round = 0; round < 2; ++round) {
      for (ColumnReplica& left : *group) {
        for (ColumnReplica& right : *group) {
          if (&left != &right) left.receive(right);
        }
      }
    }
  }
  for (const auto* group : {&replicas, &backwards}) {
    for (const ColumnReplica& each : *group) {
      RC_ASSERT(each.shown() == replicas[0].shown());
      RC_ASSERT(each.row() == replicas[0].row());
      RC_ASSERT(each.problems().empty());
    }
  }
}

// --- Registers -----------------------------------------------------------------------------------

Value small_integer(std::uint8_t what) { return what % 5; }

std::vector<Write> siblings_of(const std::vector<Write>& visible) {
  std::vector<Write> siblings;
  for (const Write& write : visible) {
    const bool overwritten = std::any_of(visible.begin(), visible.end(),
                                         [&](const Write& later) { return saw(later, write); });
    if (!overwritten) siblings.push_back(write);
  }
  std::sort(siblings.begin(), siblings.end(),
            [](const Write& left, const Write& right) { return left.dot < right.dot; });
  return siblings;
}

Value expected_register(RuleKind kind, const std::vector<Write>& siblings) {
  const auto by_time = [](const Write& left, const Write& right) {
    return std::tie(left.ms, left.dot) < std::tie(right.ms, right.dot);
  };
  const auto by_value = [](const Write& left, const Write& right) {
    return left.after.integer() < right.after.integer();
  };
  switch (kind) {
    case RuleKind::first_writer:
      return std::min_element(siblings.begin(), siblings.end(), by_time)->after;
    case RuleKind::minimum:
      return std::min_element(siblings.begin(), siblings.end(), by_value)->after;
    case RuleKind::maximum:
      return std::max_element(siblings.begin(), siblings.end(), by_value)->after;
    default:
      return std::max_element(siblings.begin(), siblings.end(), by_time)->after;
  }
}

RC_GTEST_PROP(RegisterRules, show_what_the_history_says, ()) {
  const Actions steps = *histories();
  for (const Rule& rule : {last_writer(), first_writer(), minimum(), maximum()}) {
    converge(play(rule, steps, small_integer, [&](ColumnReplica& replica, const auto& visible) {
      const auto siblings = siblings_of(visible);
      RC_ASSERT(replica.shown() == expected_register(rule.kind(), siblings));
      RC_ASSERT(replica.entries().size() == siblings.size());
    }));
  }
}

RC_GTEST_PROP(RegisterRules, with_a_function_see_the_siblings_in_dot_order, ()) {
  const Rule rule = custom("listed", 1, [](const Conflict& conflict) {
    std::string text;
    for (const Sibling& each : conflict.siblings) text += to_display(each.value) + ";";
    return text;
  });
  converge(play(rule, *histories(), small_integer,
                [](const ColumnReplica& replica, const auto& visible) {
                  const auto siblings = siblings_of(visible);
                  if (siblings.size() < 2) return;
                  std::string expected;
                  for (const Write& each : siblings) expected += to_display(each.after) + ";";
                  RC_ASSERT(replica.shown() == Value(expected));
                }));
}

// --- Counter -------------------------------------------------------------------------------------

RC_GTEST_PROP(CounterRule, shows_the_sum_of_all_changes_seen, ()) {
  converge(
      play(counter(), *histories(), small_integer, [](ColumnReplica& replica, const auto& visible) {
        std::int64_t sum = 0;
        for (const Write& each : visible) {
          sum += each.after.integer() - each.before.integer();
        }
        RC_ASSERT(replica.shown() == Value(sum));
        RC_ASSERT(replica.entries().size() <= visible.size());
      }));
}

// --- Set -----------------------------------------------------------------------------------------

Value small_set(std::uint8_t what) {
  std::string text = "[";
  for (unsigned i = 0; i < 4; ++i) {
    if ((what >> i & 1U) != 0) text += (text.size() > 1 ? "," : "") + std::to_string(i);
  }
  return text + "]";
}

bool has(const Value& set_value, char element) {
  return set_value.text().find(element) != std::string::npos;
}

bool expected_in_set(SetBias bias, const std::vector<Write>& visible, char element) {
  std::vector<const Write*> latest;
  for (const Write& write : visible) {
    if (has(write.before, element) == has(write.after, element)) continue;
    const bool overruled = std::any_of(visible.begin(), visible.end(), [&](const Write& later) {
      return has(later.before, element) != has(later.after, element) && saw(later, write);
    });
    if (!overruled) latest.push_back(&write);
  }
  const auto adds = [&](const Write* write) { return has(write->after, element); };
  return !latest.empty() && (bias == add_wins ? std::any_of(latest.begin(), latest.end(), adds)
                                              : std::all_of(latest.begin(), latest.end(), adds));
}

RC_GTEST_PROP(SetRule, holds_the_elements_that_the_history_says, ()) {
  const Actions steps = *histories();
  for (const SetBias bias : {add_wins, remove_wins}) {
    converge(play(set(bias), steps, small_set, [&](ColumnReplica& replica, const auto& visible) {
      for (const char element : {'0', '1', '2', '3'}) {
        RC_ASSERT(has(replica.shown(), element) == expected_in_set(bias, visible, element));
      }
    }));
  }
}

// --- Map -----------------------------------------------------------------------------------------

/// Paths are strings of one-letter keys; "" as value is an empty object.
using Leaves = std::map<std::string, std::string>;

Leaves leaves_of(std::uint8_t what) {
  const std::string number = std::to_string(what % 3);
  Leaves leaves;
  if ((what & 4U) != 0) leaves["u"] = number;
  switch (what >> 3U & 7U) {
    case 0:
      break;
    case 1:
      leaves["k"] = number;
      break;
    case 2:
      leaves["k"] = "";
      break;
    case 3:
      leaves["kx"] = number;
      break;
    case 4:
      leaves["kx"] = number;
      leaves["ky"] = "7";
      break;
    case 5:
      leaves["kxz"] = number;
      break;
    case 6:
      leaves["kx"] = "";
      leaves["ky"] = number;
      break;
    default:
      leaves["kxz"] = "8";
      leaves["ky"] = number;
  }
  return leaves;
}

/// The object below `path` of a set of leaves in which no leaf has another below it.
std::string object_text(const Leaves& leaves, const std::string& path) {
  if (const auto leaf = leaves.find(path); leaf != leaves.end()) {
    return leaf->second.empty() ? "{}" : leaf->second;
  }
  std::set<char> keys;
  for (const auto& [each, value] : leaves) {
    if (each.starts_with(path)) keys.insert(each[path.size()]);
  }
  std::string text = "{";
  for (const char key : keys) {
    text += (text.size() > 1 ? ",\"" : "\"") + std::string(1, key) +
            "\":" + object_text(leaves, path + key);
  }
  return text + "}";
}

Value small_map(std::uint8_t what) { return object_text(leaves_of(what), ""); }

/// Reads back what `object_text` makes, letter by letter.
Leaves parsed(const Value& value) {
  Leaves leaves;
  std::string path;
  const std::string& text = value.text();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      path += text[++i];
      ++i;
    } else if (text[i] == '{' && text[i + 1] == '}') {
      if (!path.empty()) leaves[path] = "";
      ++i;
      if (!path.empty()) path.pop_back();
    } else if (text[i] == '}') {
      if (!path.empty()) path.pop_back();
    } else if (text[i] >= '0' && text[i] <= '9') {
      leaves[path] = std::string(1, text[i]);
      path.pop_back();
    }
  }
  return leaves;
}

struct Leaf {
  std::string path;
  std::string value;
  std::uint64_t ms;
  Dot dot;
};

bool later(const Leaf& left, const Leaf& right) {
  return std::tie(left.ms, left.dot) > std::tie(right.ms, right.dot);
}

/// The paths that a write set or removed.
std::set<std::string> changed_paths(const Write& write) {
  const Leaves before = parsed(write.before);
  const Leaves after = parsed(write.after);
  std::set<std::string> paths;
  for (const auto& [path, value] : before) {
    if (!after.contains(path) || after.at(path) != value) paths.insert(path);
  }
  for (const auto& [path, value] : after) {
    if (!before.contains(path)) paths.insert(path);
  }
  return paths;
}

/// The leaves that were set and not overwritten: at, below or above a path that a write which saw
/// them set or removed.
std::vector<Leaf> live_leaves(const std::vector<Write>& visible) {
  std::vector<Leaf> live;
  for (const Write& write : visible) {
    const Leaves after = parsed(write.after);
    for (const std::string& path : changed_paths(write)) {
      if (!after.contains(path)) continue;
      const bool gone = std::any_of(visible.begin(), visible.end(), [&](const Write& other) {
        if (!saw(other, write)) return false;
        const auto paths = changed_paths(other);
        return std::any_of(paths.begin(), paths.end(), [&](const std::string& each) {
          return each.starts_with(path) || path.starts_with(each);
        });
      });
      if (!gone) live.push_back({path, after.at(path), write.ms, write.dot});
    }
  }
  return live;
}

/// Of live leaves, those that show: the latest per path, and of leaves above and below each other
/// those of the later write; an empty object yields.
Leaves shown_leaves(std::vector<Leaf> live) {
  std::vector<Leaf> best;
  for (const Leaf& leaf : live) {
    const bool beaten = std::any_of(live.begin(), live.end(), [&](const Leaf& other) {
      return other.path == leaf.path && later(other, leaf);
    });
    if (!beaten) best.push_back(leaf);
  }
  // From the root down, each path that has leaves below it keeps itself or them.
  for (std::size_t length = 1; length < 3; ++length) {
    const std::vector<Leaf> now = best;
    for (const Leaf& leaf : now) {
      if (leaf.path.size() != length) continue;
      const auto below = [&](const Leaf& other) {
        return other.path.size() > length && other.path.starts_with(leaf.path);
      };
      const auto beats = [&](const Leaf& other) { return below(other) && later(other, leaf); };
      // All live leaves below count, also those that a later one at their own path hides.
      const bool any_below = std::any_of(live.begin(), live.end(), below);
      if (!any_below) continue;
      if (leaf.value.empty() || std::any_of(live.begin(), live.end(), beats)) {
        std::erase_if(best, [&](const Leaf& other) { return other.path == leaf.path; });
      } else {
        std::erase_if(best, below);
      }
    }
  }
  Leaves leaves;
  for (const Leaf& leaf : best) leaves[leaf.path] = leaf.value;
  return leaves;
}

RC_GTEST_PROP(MapRule, shows_the_leaves_that_the_history_says, ()) {
  converge(
      play(map(), *histories(), small_map, [](const ColumnReplica& replica, const auto& visible) {
        const Leaves expected = shown_leaves(live_leaves(visible));
        RC_ASSERT(replica.shown() == Value(object_text(expected, "")));
      }));
}

// --- Every rule ----------------------------------------------------------------------------------

std::vector<std::pair<Rule, Value (*)(std::uint8_t)>> rules_with_values() {
  return {{last_writer(), small_integer}, {multi_value(), small_set},
          {counter(), small_integer},     {set(), small_set},
          {set(remove_wins), small_set},  {map(), small_map}};
}

RC_GTEST_PROP(EveryRule, shows_what_was_written_at_once_and_calls_it_whole, (std::uint8_t what)) {
  for (const auto& [rule, make_value] : rules_with_values()) {
    const Value value = normal_form(rule, make_value(what));
    RC_ASSERT(normal_form(rule, value) == value);
    const Entries entries = written_at_once(rule, value, test::stamp(1, 1, 1));
    RC_ASSERT(show(rule, entries, {"notes", "value", {}, Value()}) == value);
    RC_ASSERT(is_whole(rule, entries));
  }
}

RC_GTEST_PROP(EveryRule, calls_whole_just_what_written_at_once_gives_back, ()) {
  const Actions steps = *histories();
  for (const auto& [rule, make_value] : rules_with_values()) {
    play(rule, steps, make_value, [&played = rule](ColumnReplica& replica, const auto&) {
      const Entries& entries = replica.entries();
      const Stamp stamp = entries.front().stamp();
      RC_ASSERT(is_whole(played, entries) ==
                (entries == written_at_once(played, replica.shown(), stamp)));
      RC_ASSERT(
          std::is_sorted(entries.begin(), entries.end(),
                         [](const auto& left, const auto& right) { return left.id < right.id; }));
    });
  }
}

}  // namespace
}  // namespace rill
