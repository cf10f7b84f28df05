#include "rill/testing/check_rule.hpp"

#include <algorithm>
#include <optional>

#include "testing/rule_history.hpp"
#include "value_list.hpp"

namespace rill::testing {
namespace {

std::string_view describe(RuleProperty property) {
  switch (property) {
    case RuleProperty::completes:
      return "gives no result";
    case RuleProperty::deterministic:
      return "gives two results for the same siblings";
    case RuleProperty::order_independent:
      return "depends on the order of arrival";
    case RuleProperty::convergent:
      return "does not converge";
  }
  return "fails";
}

std::vector<RowSibling> siblings_of(const TableRules& rules, const RowState& row) {
  std::vector<Stamp> stamps;
  for (const RowState::Column& column : row.columns) {
    if (!rules.columns[column.id].rule.is_register()) return {};
    for (const Entry& entry : column.entries) stamps.push_back(entry.stamp());
  }
  std::sort(stamps.begin(), stamps.end(),
            [](const Stamp& left, const Stamp& right) { return left.dot < right.dot; });
  stamps.erase(std::unique(stamps.begin(), stamps.end()), stamps.end());

  std::vector<RowSibling> siblings;
  for (const Stamp& stamp : stamps) {
    RowSibling sibling{std::vector<Value>(rules.columns.size()), stamp.dot.replica, stamp.time};
    for (const RowState::Column& column : row.columns) {
      for (const Entry& entry : column.entries) {
        if (entry.id.dot == stamp.dot) sibling.values[column.id] = entry.value;
      }
    }
    siblings.push_back(std::move(sibling));
  }
  return siblings;
}

/// Two results that should be equal, and are not; or the problem that kept the rule from giving
/// one.
struct Clash {
  RuleProperty property = RuleProperty::completes;
  std::vector<Value> first;
  std::vector<Value> second;
  std::string problem;
};

/// The app's own failures only: a built-in rule's problem, such as a counter that is full, is not
/// one.
std::optional<Clash> problem_of(const TableRules& rules, const ShownRow& shown) {
  const bool is_custom = rules.row_rule.has_value() || rules.columns[0].rule.function() != nullptr;
  if (!is_custom || shown.problems.empty()) return std::nullopt;
  return Clash{RuleProperty::completes, {}, {}, shown.problems.front().message};
}

/// Asks the rule twice about the same row. Each time it gets siblings of its own.
std::optional<Clash> clash_of(const TableRules& rules, const RowState& row) {
  ShownRow first = show(rules, row);
  if (auto problem = problem_of(rules, first)) return problem;
  ShownRow second = show(rules, row);
  if (auto problem = problem_of(rules, second)) return problem;
  if (first.values == second.values) return std::nullopt;
  return Clash{RuleProperty::deterministic, std::move(first.values), std::move(second.values), {}};
}

RowState without(RowState row, const Stamp& stamp) {
  for (RowState::Column& column : row.columns) {
    std::erase_if(column.entries, [&](const Entry& entry) { return entry.stamp() == stamp; });
  }
  row.drop_empty_columns();
  return row;
}

/// Leaves out siblings one by one for as long as the row still clashes.
Clash shrink(const TableRules& rules, RowState& row, Clash clash) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    std::vector<Stamp> stamps;
    for (const RowState::Column& column : row.columns) {
      for (const Entry& entry : column.entries) stamps.push_back(entry.stamp());
    }
    for (const Stamp& stamp : stamps) {
      RowState candidate = without(row, stamp);
      auto found = clash_of(rules, candidate);
      if (!found || found->property != clash.property) continue;
      row = std::move(candidate);
      clash = *std::move(found);
      smaller = true;
      break;
    }
  }
  return clash;
}

RuleFailure failure(const TableRules& rules, const RowState& row, Clash clash, std::uint64_t seed) {
  RuleFailure failure{clash.property,          seed,
                      siblings_of(rules, row), std::move(clash.first),
                      std::move(clash.second), {}};
  const std::string name = rules.row_rule ? rules.row_rule->name() : rules.columns[0].rule.name();
  failure.message = "rule '" + name + "' " + std::string(describe(clash.property)) + " (seed " +
                    std::to_string(seed) + ")";
  if (!clash.problem.empty()) failure.message += ": " + clash.problem;
  for (const RowSibling& sibling : failure.siblings) {
    failure.message += "\n  sibling " + to_display(sibling.values) + " by replica " +
                       sibling.replica.to_string().substr(30) + " at " +
                       std::to_string(sibling.time.ms()) + " ms";
  }
  if (clash.problem.empty()) {
    failure.message += "\n  one result   " + to_display(failure.first) + "\n  other result " +
                       to_display(failure.second);
  }
  return failure;
}

/// Compares what devices that have seen the same writes show.
std::optional<RuleFailure> compare(const Device& one, const Device& other, RuleProperty property,
                                   std::uint64_t seed) {
  ShownRow first = one.show();
  ShownRow second = other.show();
  if (first.values == second.values) return std::nullopt;
  return failure(one.rules, one.row,
                 {property, std::move(first.values), std::move(second.values), {}}, seed);
}

struct Trial {
  const TableRules& rules;
  const RowGenerator& generate;
  const CheckOptions& options;
};

/// Asks the rule twice about the row of one device.
std::optional<RuleFailure> ask(const Device& device, std::uint64_t seed) {
  auto clash = clash_of(device.rules, device.row);
  if (!clash) return std::nullopt;
  RowState row = device.row;
  Clash smallest = shrink(device.rules, row, *std::move(clash));
  return failure(device.rules, row, std::move(smallest), seed);
}

/// Runs the first `steps` steps of the history of `seed`.
std::optional<RuleFailure> run(const Trial& trial, std::uint64_t seed, std::size_t steps) {
  RuleHistory history(trial.rules, trial.generate, trial.options, seed);
  for (std::size_t i = 0; i < steps; ++i) {
    if (auto found = ask(history.step(), seed)) return found;
  }
  const Device one = history.gather();
  if (auto found = ask(one, seed)) return found;
  const Device other = history.gather();
  if (auto found = compare(one, other, RuleProperty::order_independent, seed)) return found;
  history.exchange_all();
  for (const Device& device : history.devices()) {
    if (auto found = compare(one, device, RuleProperty::convergent, seed)) return found;
  }
  return std::nullopt;
}

/// Of a failing history, the shortest beginning that fails.
RuleFailure shortest(const Trial& trial, std::uint64_t seed, RuleFailure failure) {
  for (std::size_t steps = 1; steps < trial.options.steps; ++steps) {
    if (auto found = run(trial, seed, steps)) return *std::move(found);
  }
  return failure;
}

RuleReport check(const Trial& trial) {
  if (trial.options.replicas < 2 || trial.options.replicas > 255) {
    throw Error(ErrorCode::invalid_argument, "check_rule needs 2 to 255 replicas");
  }
  RuleReport report;
  for (std::size_t i = 0; i < trial.options.histories; ++i) {
    if (report.failures.size() >= trial.options.max_failures) break;
    const std::uint64_t seed = trial.options.seed + i;
    if (auto found = run(trial, seed, trial.options.steps)) {
      report.ok = false;
      report.failures.push_back(shortest(trial, seed, *std::move(found)));
    }
  }
  return report;
}

}  // namespace

std::string RuleReport::to_string() const {
  if (failures.empty()) return "ok";
  std::string text;
  for (const RuleFailure& failure : failures) text += failure.message + '\n';
  return text;
}

RuleReport check_rule(const Rule& rule, const ValueGenerator& generate,
                      const CheckOptions& options) {
  if (!generate) throw Error(ErrorCode::invalid_argument, "check_rule needs a generator");
  if (rule.kind() == RuleKind::custom && rule.function() == nullptr) {
    throw Error(ErrorCode::invalid_argument, "rule '" + rule.name() + "' has no function to check");
  }
  TableRules rules;
  rules.name = "checked";
  rules.columns.push_back({"value", rule, Value(), true});
  const RowGenerator generate_row = [&](std::mt19937_64& random) {
    return std::vector<Value>{generate(random)};
  };
  return check({rules, generate_row, options});
}

RuleReport check_rule(const RowRule& rule, std::span<const std::string> columns,
                      const RowGenerator& generate, const CheckOptions& options) {
  if (!generate) throw Error(ErrorCode::invalid_argument, "check_rule needs a generator");
  if (rule.function() == nullptr || columns.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "row rule '" + rule.name() + "' needs a function and columns to be checked");
  }
  TableRules rules;
  rules.name = "checked";
  rules.row_rule = rule;
  for (const std::string& column : columns) {
    rules.columns.push_back({column, last_writer(), Value(), true});
  }
  const RowGenerator generate_row = [&](std::mt19937_64& random) {
    std::vector<Value> values = generate(random);
    if (values.size() != columns.size()) {
      throw Error(ErrorCode::invalid_argument, "the generator gave " +
                                                   std::to_string(values.size()) + " values for " +
                                                   std::to_string(columns.size()) + " columns");
    }
    return values;
  };
  return check({rules, generate_row, options});
}

}  // namespace rill::testing
