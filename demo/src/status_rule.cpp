#include "status_rule.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace notes {
namespace {

/// Raise it whenever `settle_status` would answer differently: peers compare it.
constexpr std::uint32_t kStatusRuleVersion = 1;

bool is_decision(const rill::Sibling& sibling) {
  const rill::Value& status = sibling.value;
  if (status.type() != rill::Value::Type::text) return false;
  return status.text() == kDone || status.text() == kReopened;
}

/// Decisions come after everything else, then by time, then by replica.
bool weaker(const rill::Sibling& left, const rill::Sibling& right) {
  return std::tuple(is_decision(left), left.time, left.replica) <
         std::tuple(is_decision(right), right.time, right.replica);
}

}  // namespace

rill::Value settle_status(const rill::Conflict& conflict) {
  return std::max_element(conflict.siblings.begin(), conflict.siblings.end(), weaker)->value;
}

rill::Rule status_rule() { return rill::custom("notes.status", kStatusRuleVersion, settle_status); }

}  // namespace notes
