#include "testing/rule_history.hpp"

#include <algorithm>
#include <memory>
#include <numeric>

namespace rill::testing {
namespace {

/// The same rules with functions of their own.
TableRules copy_functions(TableRules rules) {
  for (ColumnRules& column : rules.columns) {
    const Rule& rule = column.rule;
    if (rule.function() == nullptr) continue;
    column.rule = Rule(rule.kind(), rule.name(), rule.version(), rule.bias(),
                       std::make_shared<const ConflictFunction>(*rule.function()));
  }
  if (rules.row_rule) {
    rules.row_rule =
        RowRule(rules.row_rule->name(), rules.row_rule->version(), *rules.row_rule->function());
  }
  return rules;
}

}  // namespace

void Device::write(const std::vector<Value>& values, Timestamp time) {
  const LocalWrite write{{{id, seen[id] + 1}, time}, exported};
  seen.raise(write.stamp.dot);
  const bool is_new = row.births.empty();
  const ShownRow before = show();
  if (is_new) {
    row.insert(write.stamp);
  } else {
    row.touch(write.stamp);
  }
  for (ColumnId column = 0; column < values.size(); ++column) {
    const Rule& rule = rules.columns[column].rule;
    const Value value = normal_form(rule, values[column]);
    if (is_new) {
      row.at(column) = written_at_once(rule, value, write.stamp);
    } else if (rules.row_rule || value != before.values[column]) {
      record_change(rule, row.at(column), before.values[column], value, write);
    }
  }
}

void Device::receive_from(Device& other) {
  other.exported = other.seen[other.id];
  join(row, seen, fragment_beyond(other.row, seen), {seen, other.seen});
  seen.merge(other.seen);
}

RuleHistory::RuleHistory(const TableRules& rules, const RowGenerator& generate,
                         const CheckOptions& options, std::uint64_t seed)
    : rules_(rules), generate_(generate), random_(seed) {
  for (std::size_t i = 0; i < options.replicas; ++i) {
    devices_.push_back(make_device(static_cast<std::uint8_t>(i + 1)));
  }
}

Device RuleHistory::make_device(std::uint8_t number) const {
  Device device;
  device.id.bytes.back() = number;
  device.rules = copy_functions(rules_);
  return device;
}

std::size_t RuleHistory::pick(std::size_t count) {
  // Not a std distribution: those differ between standard libraries, and a seed should not.
  return static_cast<std::size_t>(random_() % count);
}

const Device& RuleHistory::step() {
  const std::size_t at = pick(devices_.size());
  Device& device = devices_[at];
  if (pick(2) == 0) {
    Device& other = devices_[(at + 1 + pick(devices_.size() - 1)) % devices_.size()];
    device.receive_from(other);
    return device;
  }
  // Clocks disagree, and at times two devices write in the same millisecond.
  now_ms_ += pick(2);
  device.write(generate_(random_), Timestamp::from_ms(now_ms_ + pick(3)));
  return device;
}

Device RuleHistory::gather() {
  std::vector<std::size_t> order(devices_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[pick(i)]);
  Device device = make_device(0);
  for (const std::size_t other : order) device.receive_from(devices_[other]);
  return device;
}

void RuleHistory::exchange_all() {
  for (std::size_t i = 1; i < devices_.size(); ++i) devices_[0].receive_from(devices_[i]);
  for (std::size_t i = 1; i < devices_.size(); ++i) devices_[i].receive_from(devices_[0]);
}

}  // namespace rill::testing
