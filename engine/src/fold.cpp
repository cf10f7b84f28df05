#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

#include "rill/row_state.hpp"

namespace rill {
namespace {

using Iterator = Entries::iterator;

double as_double(const Value& number) {
  return number.type() == Value::Type::real ? number.real() : static_cast<double>(number.integer());
}

/// The sum of one replica's contributions, or nothing where it would not be exact: replicas fold at
/// different times, so folding must never change what a counter shows. INTEGERs are summed exactly
/// up to the first REAL, then everything in dot order: a fold is a prefix of that sum.
std::optional<Value> sum(Iterator begin, Iterator end) {
  Value total = begin->value;
  if (!total.is_number()) return std::nullopt;
  for (auto entry = std::next(begin); entry != end; ++entry) {
    const Value& next = entry->value;
    if (!next.is_number()) return std::nullopt;
    if (total.type() == Value::Type::integer && next.type() == Value::Type::integer) {
      std::int64_t result = 0;
      if (__builtin_add_overflow(total.integer(), next.integer(), &result)) return std::nullopt;
      total = result;
    } else {
      total = as_double(total) + as_double(next);
      if (total.is_null() || !std::isfinite(total.real())) return std::nullopt;
    }
  }
  return total;
}

/// Folds [begin, end), contributions of one replica, into its last entry. Returns whether it could.
bool fold(Iterator begin, Iterator end) {
  const std::optional<Value> total = sum(begin, end);
  if (!total) return false;
  Entry& last = *std::prev(end);
  last.first = begin->first;
  last.value = *total;
  last.unseen_births.clear();
  return true;
}

}  // namespace

void fold_stable(Entries& contributions, const VersionVector& stable) {
  auto out = contributions.begin();
  for (auto begin = contributions.begin(); begin != contributions.end();) {
    const ReplicaId replica = begin->id.dot.replica;
    const std::uint64_t counter = stable[replica];
    const auto end = std::find_if(begin, contributions.end(), [&](const Entry& entry) {
      return entry.id.dot.replica != replica;
    });
    const auto unstable = std::find_if(
        begin, end, [&](const Entry& entry) { return entry.id.dot.counter > counter; });
    const bool folded = std::distance(begin, unstable) > 1 && fold(begin, unstable);
    auto from = folded ? std::prev(unstable) : begin;
    // Moving an entry onto itself would empty it.
    out = from == out ? end : std::move(from, end, out);
    begin = end;
  }
  contributions.erase(out, contributions.end());
}

}  // namespace rill
