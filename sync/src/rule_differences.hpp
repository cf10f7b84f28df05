#pragma once

#include <string>
#include <vector>

#include "rill/replica.hpp"

namespace rill {

/// The most differences that are told of one by one.
inline constexpr std::size_t kMaxRuleDifferences = 16;

/// A sentence for each column that both sides replicate and merge differently; at most
/// `kMaxRuleDifferences`, in the order of `mine`.
std::vector<std::string> rule_differences(const std::vector<TableSummary>& mine,
                                          const std::vector<TableSummary>& theirs);

}  // namespace rill
