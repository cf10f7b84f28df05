#include "rules/register_rule.hpp"

#include <algorithm>

namespace rill {
namespace {

bool is_earlier(const Entry& left, const Entry& right) noexcept {
  return earlier(left.stamp(), right.stamp());
}

const Entry* latest(const Entries& entries) noexcept {
  const auto found = std::max_element(entries.begin(), entries.end(), is_earlier);
  return found == entries.end() ? nullptr : &*found;
}

const Entry* earliest(const Entries& entries) noexcept {
  const auto found = std::min_element(entries.begin(), entries.end(), is_earlier);
  return found == entries.end() ? nullptr : &*found;
}

/// The first sibling in dot order of those whose value no other precedes (`wanted` is less) or
/// exceeds (`wanted` is greater). NULL is preferred to nothing but NULL.
const Entry* extreme(const Entries& entries, std::weak_ordering wanted) noexcept {
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    if (best == nullptr || best->value.is_null()) {
      if (best == nullptr || !entry.value.is_null()) best = &entry;
    } else if (!entry.value.is_null() && compare(entry.value, best->value) == wanted) {
      best = &entry;
    }
  }
  return best;
}

}  // namespace

const Entry* last_writer_choice(const Entries& entries, const Entries& births) noexcept {
  const Entry* birth = latest(births);
  const Entry* best = nullptr;
  for (const Entry& entry : entries) {
    const auto& unseen = entry.unseen_births;
    if (birth != nullptr &&
        std::find(unseen.begin(), unseen.end(), birth->id.dot) != unseen.end()) {
      continue;
    }
    if (best == nullptr || is_earlier(*best, entry)) best = &entry;
  }
  return best;
}

const Entry* choose(RuleKind kind, const Entries& entries, const Entries& births) noexcept {
  switch (kind) {
    case RuleKind::first_writer:
      return earliest(entries);
    case RuleKind::minimum:
      return extreme(entries, std::weak_ordering::less);
    case RuleKind::maximum:
      return extreme(entries, std::weak_ordering::greater);
    default:
      return last_writer_choice(entries, births);
  }
}

const Value& value_or(const Entry* entry, const Value& default_value) noexcept {
  return entry == nullptr ? default_value : entry->value;
}

}  // namespace rill
