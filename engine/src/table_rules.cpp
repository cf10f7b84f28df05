#include "rill/table_rules.hpp"

#include <algorithm>

#include "rules/guarded_call.hpp"
#include "rules/register_rule.hpp"

namespace rill {
namespace {

const Entries& entries_of(const RowState& state, ColumnId id) {
  static const Entries kNone;
  const Entries* entries = state.find(id);
  return entries == nullptr ? kNone : *entries;
}

/// The columns whose siblings a row rule settles, and the row's versions, in dot order.
struct Versions {
  std::vector<ColumnId> columns;
  std::vector<Stamp> stamps;
};

Versions versions_of(const TableRules& rules, const RowState& state) {
  Versions versions;
  for (ColumnId id = 0; id < rules.columns.size(); ++id) {
    if (!rules.columns[id].known || !rules.columns[id].rule.is_register()) continue;
    versions.columns.push_back(id);
    for (const Entry& entry : entries_of(state, id)) versions.stamps.push_back(entry.stamp());
  }
  auto& stamps = versions.stamps;
  std::sort(stamps.begin(), stamps.end(),
            [](const Stamp& left, const Stamp& right) { return left.dot < right.dot; });
  const auto same_dot = [](const Stamp& left, const Stamp& right) { return left.dot == right.dot; };
  stamps.erase(std::unique(stamps.begin(), stamps.end(), same_dot), stamps.end());
  return versions;
}

std::vector<RowSibling> siblings_of(const TableRules& rules, const RowState& state,
                                    const Versions& versions) {
  std::vector<RowSibling> siblings;
  siblings.reserve(versions.stamps.size());
  for (const Stamp& stamp : versions.stamps) {
    RowSibling sibling{{}, stamp.dot.replica, stamp.time};
    for (const ColumnId id : versions.columns) {
      const Entries& entries = entries_of(state, id);
      const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.id.dot == stamp.dot;
      });
      sibling.values.push_back(found == entries.end() ? rules.columns[id].default_value
                                                      : found->value);
    }
    siblings.push_back(std::move(sibling));
  }
  return siblings;
}

void report(const TableRules& rules, const RowRule& rule, ErrorCode code, const std::string& what,
            std::vector<RuleProblem>& problems) {
  problems.push_back({code,
                      {},
                      "row rule '" + rule.name() + "' of " + rules.name + " " + what +
                          "; last_writer's choice is shown for each column"});
}

/// The row rule's result; empty, with a problem reported, if there is no usable one.
std::optional<std::vector<Value>> settle(const TableRules& rules, const RowRule& rule,
                                         const RowState& state, const Versions& versions,
                                         bool check_purity, std::vector<RuleProblem>& problems) {
  const RowFunction* function = rule.function();
  if (function == nullptr) {
    report(rules, rule, ErrorCode::unknown_rule, "is not registered", problems);
    return std::nullopt;
  }
  std::vector<std::string> names;
  names.reserve(versions.columns.size());
  for (const ColumnId id : versions.columns) names.push_back(rules.columns[id].name);
  const auto call = [&] {
    const std::vector<RowSibling> siblings = siblings_of(rules, state, versions);
    return (*function)({rules.name, names, siblings});
  };
  auto outcome = guarded_call<std::vector<Value>>(call, check_purity);
  if (!outcome.result) {
    report(rules, rule, ErrorCode::rule_failed, outcome.failure, problems);
  } else if (outcome.result->size() != names.size()) {
    report(rules, rule, ErrorCode::rule_failed,
           "returned " + std::to_string(outcome.result->size()) + " values for " +
               std::to_string(names.size()) + " columns",
           problems);
    outcome.result.reset();
  }
  return std::move(outcome.result);
}

/// The sibling that `shown` comes from; null where the shown value is a result of its own.
const Entry* shown_sibling(const ColumnRules& column, const Entries& entries,
                           const RowState& state) {
  const RuleKind kind = column.rule.kind();
  if (kind == RuleKind::multi_value || kind == RuleKind::custom) return nullptr;
  return choose(kind, entries, state.births);
}

}  // namespace

ShownRow show(const TableRules& rules, const RowState& state, bool check_purity) {
  ShownRow shown;
  shown.alive = state.alive(rules.delete_policy);
  shown.values.resize(rules.columns.size());
  const Versions versions = rules.row_rule ? versions_of(rules, state) : Versions{};
  const bool concurrent = versions.stamps.size() > 1;
  std::optional<std::vector<Value>> settled;
  if (rules.row_rule && concurrent) {
    settled = settle(rules, *rules.row_rule, state, versions, check_purity, shown.problems);
  }
  for (ColumnId id = 0; id < rules.columns.size(); ++id) {
    const ColumnRules& column = rules.columns[id];
    if (!column.known) continue;
    const Entries& entries = entries_of(state, id);
    if (concurrent && column.rule.is_register()) {
      shown.values[id] = value_or(last_writer_choice(entries, state.births), column.default_value);
    } else {
      shown.values[id] = show(column.rule, entries,
                              {rules.name, column.name, state.births, column.default_value,
                               &shown.problems, check_purity});
    }
  }
  if (settled) {
    for (std::size_t i = 0; i < settled->size(); ++i) {
      shown.values[versions.columns[i]] = std::move((*settled)[i]);
    }
  }
  return shown;
}

std::vector<ColumnConflict> conflicts(const TableRules& rules, const RowState& state) {
  std::vector<ColumnConflict> found;
  const auto has_siblings = [&](const RowState::Column& column) {
    return column.entries.size() > 1 && column.id < rules.columns.size() &&
           rules.columns[column.id].known && rules.columns[column.id].rule.has_siblings();
  };
  if (std::none_of(state.columns.begin(), state.columns.end(), has_siblings)) return found;

  ShownRow shown = show(rules, state);
  for (const RowState::Column& column : state.columns) {
    if (!has_siblings(column)) continue;
    const Entry* chosen =
        rules.row_rule ? nullptr : shown_sibling(rules.columns[column.id], column.entries, state);
    ColumnConflict conflict{column.id, std::move(shown.values[column.id]), {}};
    for (const Entry& entry : column.entries) {
      // A result of its own hides every sibling that equals it; a chosen sibling only itself.
      const bool hidden = chosen == nullptr ? entry.value == conflict.shown : &entry == chosen;
      if (!hidden) conflict.others.push_back({entry.value, entry.id.dot.replica, entry.time});
    }
    if (!conflict.others.empty()) found.push_back(std::move(conflict));
  }
  return found;
}

}  // namespace rill
