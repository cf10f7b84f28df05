#include "rules/custom_rule.hpp"

#include "rules/guarded_call.hpp"
#include "rules/register_rule.hpp"

namespace rill {
namespace {

std::vector<Sibling> siblings_of(const Entries& entries) {
  std::vector<Sibling> siblings;
  siblings.reserve(entries.size());
  for (const Entry& entry : entries) {
    siblings.push_back({entry.value, entry.id.dot.replica, entry.time});
  }
  return siblings;
}

void report(const Rule& rule, const ShowContext& context, ErrorCode code, const std::string& what) {
  if (context.problems == nullptr) return;
  context.problems->push_back({code, std::string(context.column),
                               "rule '" + rule.name() + "' of " + std::string(context.table) + "." +
                                   std::string(context.column) + " " + what +
                                   "; last_writer's choice is shown"});
}

}  // namespace

Value show_custom(const Rule& rule, const Entries& entries, const ShowContext& context) {
  if (entries.size() == 1) return entries.front().value;
  const ConflictFunction* function = rule.function();
  if (function == nullptr) {
    report(rule, context, ErrorCode::unknown_rule, "is not registered");
  } else {
    const auto call = [&] {
      const std::vector<Sibling> siblings = siblings_of(entries);
      return (*function)({context.table, context.column, siblings});
    };
    auto outcome = guarded_call<Value>(call, context.check_purity);
    if (outcome.result) return *std::move(outcome.result);
    report(rule, context, ErrorCode::rule_failed, outcome.failure);
  }
  return value_or(last_writer_choice(entries, context.births), context.default_value);
}

}  // namespace rill
