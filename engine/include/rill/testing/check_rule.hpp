#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "rill/rule.hpp"
#include "rill/value.hpp"

namespace rill::testing {

/// Makes a value that the app might write. It must take all its randomness from the argument.
using ValueGenerator = std::function<Value(std::mt19937_64&)>;

/// Makes a row that the app might write: one value per column.
using RowGenerator = std::function<std::vector<Value>(std::mt19937_64&)>;

/// How much to try. The default takes well under a second for a rule that is quick itself.
struct CheckOptions {
  /// The first history's seed; the following ones count up from it.
  std::uint64_t seed = 1;
  /// How many histories to try.
  std::size_t histories = 200;
  /// Devices per history, at least 2.
  std::size_t replicas = 3;
  /// Writes and exchanges per history.
  std::size_t steps = 24;
  /// The check ends at this many failures.
  std::size_t max_failures = 3;
};

/// What a rule has to keep.
enum class RuleProperty : std::uint8_t {
  completes,          ///< It returns a value, and does not throw.
  deterministic,      ///< The same siblings give the same result when asked again.
  order_independent,  ///< The order in which writes arrive changes nothing.
  convergent,         ///< Devices that have seen the same writes show the same.
};

/// A case in which the rule did not keep a property.
struct RuleFailure {
  /// What the rule did not keep.
  RuleProperty property = RuleProperty::completes;
  /// `CheckOptions{.seed = seed, .histories = 1}` shows it again.
  std::uint64_t seed = 0;
  /// The fewest siblings found with which it fails, in dot order; one value per column. Empty for
  /// rules that do not keep siblings: counter, set, map.
  std::vector<RowSibling> siblings;
  /// The two results that should be equal: one value per column. Empty for `completes`.
  std::vector<Value> first;
  /// The other of the two results.
  std::vector<Value> second;
  /// All of this, for people.
  std::string message;
};

/// What `check_rule` found.
struct RuleReport {
  /// True if no failure was found.
  bool ok = true;
  /// At most `CheckOptions::max_failures`.
  std::vector<RuleFailure> failures;

  /// The failures' messages, one after the other; "ok" if there are none.
  [[nodiscard]] std::string to_string() const;
};

/// Tries a merge rule on random histories: several devices write values from `generate`, exchange
/// what they have seen by the engine's own join, and end up with the same writes. Each device has
/// its own copy of a custom rule's function, as it would have in its own process, so state that a
/// function keeps or captures is found out.
///
/// A rule that passes is not proven right, only not caught; give it a generator that makes the
/// awkward values, too (NULL, equal values, the bounds), and few enough values that they meet.
///
///     TEST(PriceRule, keeps_what_replicas_rely_on) {
///       const auto report = rill::testing::check_rule(
///           price_rule(), [](std::mt19937_64& random) { return rill::Value(random() % 5); });
///       EXPECT_TRUE(report.ok) << report.to_string();
///     }
///
/// Throws `Error`: bad_value if the rule cannot hold a generated value; invalid_argument for a
/// custom rule without a function, fewer than two replicas, or a generator that is empty.
RuleReport check_rule(const Rule& rule, const ValueGenerator& generate,
                      const CheckOptions& options = {});

/// The same for a row rule over `columns`. Each write is a whole row from `generate`.
/// Throws `Error{invalid_argument}` also if `generate` gives another number of values.
RuleReport check_rule(const RowRule& rule, std::span<const std::string> columns,
                      const RowGenerator& generate, const CheckOptions& options = {});

}  // namespace rill::testing
