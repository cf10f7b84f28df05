#include "rule_differences.hpp"

#include <map>
#include <string>
#include <utility>

namespace rill {
namespace {

/// A table (without a column's name) or a column, and how it merges.
struct Merged {
  std::string rule;
  std::uint32_t version = 1;

  friend bool operator==(const Merged&, const Merged&) = default;
};
using Place = std::pair<std::string, std::string>;  // table and column

std::vector<std::pair<Place, Merged>> merged(const std::vector<TableSummary>& tables) {
  std::vector<std::pair<Place, Merged>> all;
  for (const TableSummary& table : tables) {
    all.push_back({{table.name, {}}, {table.rule, table.rule_version}});
    for (const ColumnSummary& column : table.columns) {
      all.push_back({{table.name, column.name}, {column.rule, column.rule_version}});
    }
  }
  return all;
}

std::string describe(const Merged& merged) {
  return merged.rule + " (version " + std::to_string(merged.version) + ")";
}

}  // namespace

std::vector<std::string> rule_differences(const std::vector<TableSummary>& mine,
                                          const std::vector<TableSummary>& theirs) {
  const auto listed = merged(theirs);
  const std::map<Place, Merged> peer(listed.begin(), listed.end());
  std::vector<std::string> differences;
  for (const auto& [place, rule] : merged(mine)) {
    const auto found = peer.find(place);
    if (found == peer.end() || found->second == rule) continue;
    if (differences.size() == kMaxRuleDifferences) return differences;
    const auto& [table, column] = place;
    differences.push_back((column.empty() ? "a row of " + table : table + "." + column) +
                          " merges by " + describe(rule) + " here and by " +
                          describe(found->second) +
                          " at the peer: the devices may show different values");
  }
  return differences;
}

}  // namespace rill
