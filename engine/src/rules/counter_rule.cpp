#include "rules/counter_rule.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <ranges>

namespace rill {
namespace {

__extension__ typedef __int128 Int128;  // NOLINT(modernize-use-using)

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();

double as_double(const Value& number) {
  return number.type() == Value::Type::real ? number.real() : static_cast<double>(number.integer());
}

/// What a peer sent may be no number at all; such a contribution counts for nothing.
bool counts(const Value& value) {
  return value.type() == Value::Type::integer ||
         (value.type() == Value::Type::real && std::isfinite(value.real()));
}

/// The sum or difference of two numbers: INTEGER if both are; empty if it cannot be represented.
std::optional<Value> combine(const Value& left, const Value& right, bool subtract) {
  if (left.type() == Value::Type::integer && right.type() == Value::Type::integer) {
    std::int64_t result = 0;
    const bool overflows = subtract
                               ? __builtin_sub_overflow(left.integer(), right.integer(), &result)
                               : __builtin_add_overflow(left.integer(), right.integer(), &result);
    return overflows ? std::nullopt : std::optional<Value>(result);
  }
  const double result = as_double(left) + (subtract ? -as_double(right) : as_double(right));
  return std::isfinite(result) ? std::optional<Value>(result) : std::nullopt;
}

[[noreturn]] void refuse_overflow() {
  throw Error(ErrorCode::bad_value,
              "a counter cannot take a change greater than its numbers can hold; change it in "
              "smaller steps");
}

void report(const ShowContext& context, const char* what) {
  if (context.problems == nullptr) return;
  context.problems->push_back({ErrorCode::rule_failed, std::string(context.column),
                               "the counter " + std::string(context.table) + "." +
                                   std::string(context.column) + " " + what +
                                   "; the nearest bound is shown"});
}

/// Sums with REALs among them: each replica's contributions in dot order first, then the replicas.
/// So folding a replica's first contributions into one (`fold_stable`) never changes what is shown.
Value real_sum(const Entries& entries, const ShowContext& context) {
  std::optional<double> sum;  // starting from the first keeps a lone -0.0 as it is
  std::optional<Value> run;
  const auto end_run = [&] {
    if (run) sum = sum ? *sum + as_double(*run) : as_double(*run);
    run.reset();
  };
  const ReplicaId* replica = nullptr;
  for (const Entry& entry : entries) {
    if (replica != nullptr && *replica != entry.id.dot.replica) end_run();
    replica = &entry.id.dot.replica;
    if (!counts(entry.value)) continue;
    if (!run) {
      run = entry.value;
    } else {
      const auto exact = combine(*run, entry.value, false);
      run = exact ? *exact : Value(as_double(*run) + as_double(entry.value));
    }
  }
  end_run();
  const double total = sum.value_or(0);
  if (std::isfinite(total)) return total;
  report(context, "adds up to more than a REAL can hold");
  return std::copysign(std::numeric_limits<double>::max(), total);
}

Value integer_sum(const Entries& entries, const ShowContext& context) {
  Int128 sum = 0;
  for (const Entry& entry : entries) {
    if (counts(entry.value)) sum += entry.value.integer();
  }
  if (sum >= kLeast && sum <= kGreatest) return static_cast<std::int64_t>(sum);
  report(context, "adds up to more than 64 bits can hold");
  return sum < 0 ? kLeast : kGreatest;
}

/// Whether the contribution may be taken into one of `write`: nobody else has seen it.
bool is_foldable(const Entry& entry, const LocalWrite& write) {
  const Dot& dot = entry.id.dot;
  return dot == write.stamp.dot || (dot.replica == write.stamp.dot.replica &&
                                    dot.counter > write.exported && entry.first == dot.counter);
}

}  // namespace

Value counter_normal_form(const Value& written) {
  if (written.is_null()) return 0;
  if (counts(written)) return written;
  throw Error(ErrorCode::bad_value, "a counter holds a finite number, not " + to_display(written) +
                                        "; declare the column INTEGER or REAL and write numbers");
}

void record_counter_change(Entries& entries, const Value& old_value, const Value& new_value,
                           const LocalWrite& write) {
  const auto delta = combine(new_value, counts(old_value) ? old_value : Value(0), true);
  if (!delta) refuse_overflow();

  Value sum = *delta;
  Entries kept;
  kept.reserve(entries.size() + 1);
  // From the latest on, so that the one of the same transaction, which has to be taken in, comes
  // first.
  for (const Entry& entry : std::views::reverse(entries)) {
    if (is_foldable(entry, write)) {
      if (auto folded = combine(sum, counts(entry.value) ? entry.value : Value(0), false)) {
        sum = *std::move(folded);
        continue;
      }
      if (entry.id.dot == write.stamp.dot) refuse_overflow();
    }
    kept.push_back(entry);
  }
  // Where nothing else remains, exactly what was written: no rounding of REALs, and a column that
  // had no entries but showed its default starts from there.
  if (kept.empty()) sum = new_value;

  std::reverse(kept.begin(), kept.end());
  const auto place = std::partition_point(
      kept.begin(), kept.end(), [&](const Entry& entry) { return entry.id.dot < write.stamp.dot; });
  kept.insert(place, Entry::make(write.stamp, std::move(sum)));
  entries = std::move(kept);
}

Value show_counter(const Entries& entries, const ShowContext& context) {
  const bool has_real = std::any_of(entries.begin(), entries.end(), [](const Entry& entry) {
    return entry.value.type() == Value::Type::real && counts(entry.value);
  });
  return has_real ? real_sum(entries, context) : integer_sum(entries, context);
}

}  // namespace rill
