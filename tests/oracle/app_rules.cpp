#include "oracle/app_rules.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace oracle {
namespace {

std::int64_t number_or(const rill::Value& value, std::int64_t otherwise) {
  return value.is_null() ? otherwise : value.integer();
}

rill::Value weave_siblings(const rill::Conflict& conflict) {
  std::int64_t woven = 0;
  for (const rill::Sibling& sibling : conflict.siblings) {
    woven *= 7;
    woven += number_or(sibling.value, -1);
    woven += sibling.replica.bytes[15] % 3;
    woven += static_cast<std::int64_t>(sibling.time.ms() % 5);
    woven %= 1000;
  }
  if (woven % 11 == 0) throw std::runtime_error("the rule gives up");
  return woven;
}

std::vector<rill::Value> widest_version(const rill::RowConflict& conflict) {
  const auto span = [](const rill::RowSibling& version) {
    return number_or(version.values.back(), 0) - number_or(version.values.front(), 0);
  };
  std::int64_t sum = 0;
  for (const auto& version : conflict.siblings) sum += number_or(version.values.back(), 0);
  if (sum % 9 == 8) throw std::runtime_error("the rule gives up");
  const auto best = std::max_element(
      conflict.siblings.begin(), conflict.siblings.end(),
      [&](const auto& left, const auto& right) { return span(left) < span(right); });
  std::vector<rill::Value> row = best->values;
  row.back() = sum;
  return row;
}

}  // namespace

rill::RowRule widest_row() { return rill::row("widest", 1, widest_version); }

rill::Rule rule_of(Family family) {
  switch (family) {
    case Family::first_writer:
      return rill::first_writer();
    case Family::multi_value:
      return rill::multi_value();
    case Family::minimum:
      return rill::minimum();
    case Family::maximum:
      return rill::maximum();
    case Family::integer_counter:
    case Family::real_counter:
      return rill::counter();
    case Family::add_wins_set:
      return rill::set();
    case Family::remove_wins_set:
      return rill::set(rill::remove_wins);
    case Family::map:
      return rill::map();
    case Family::text:
      return rill::text();
    case Family::custom:
      return rill::custom("woven", 1, weave_siblings);
    default:
      return rill::last_writer();
  }
}

}  // namespace oracle
