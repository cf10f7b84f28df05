#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "oracle/generator.hpp"

namespace oracle {
namespace {

constexpr std::int64_t kYearMs = 365LL * 24 * 3600 * 1000;

/// Gives the column a default that its rule can hold.
void set_default(Random& random, Column& column) {
  Content& content = column.default_content;
  if (is_counter(column.family)) {
    const std::int64_t value = random.percent(20) ? 2 : 0;
    if (value != 0 || random.percent(60)) column.default_sql = std::to_string(value);
    content.scalar = value;
    if (column.family == Family::real_counter) content.scalar = static_cast<double>(value);
    return;
  }
  if (!random.percent(35)) return;
  if (is_set(column.family) || column.family == Family::multi_value) {
    content.items = {"d"};
  } else if (column.family == Family::map) {
    content.leaves[{"d"}] = "1";
  } else {
    content.scalar = std::int64_t{7};
    if (column.family == Family::text && random.percent(70)) content.scalar = "draft";
  }
  column.default_sql = sql_literal(cell_of(column.family, content));
}

Column random_column(Random& random, Family family, std::size_t index) {
  Column column;
  column.name = std::string(family_name(family)) + std::to_string(index);
  column.family = family;
  set_default(random, column);
  return column;
}

Table random_table(Random& random, const Flavour& flavour) {
  Table table;
  table.name = "item";
  table.key = std::array{KeyKind::text, KeyKind::text, KeyKind::integer, KeyKind::composite}.at(
      random.below(4));
  table.delete_wins = flavour.delete_wins.value_or(random.percent(35));
  table.without_rowid = random.percent(20);
  const std::size_t count = 1 + random.below(4);
  for (std::size_t index = 0; index < count; ++index) {
    auto family = static_cast<Family>(random.below(kFamilies - 1));
    if (random.percent(10)) family = Family::text;
    if (index == 0 && flavour.family) family = *flavour.family;
    if (family == Family::row_version) family = Family::last_writer;
    if (family == Family::text && !flavour.texts) family = Family::last_writer;
    table.columns.push_back(random_column(random, family, index));
  }
  return table;
}

Table random_row_table(Random& random, const Flavour& flavour) {
  Table table = random_table(random, flavour);
  table.row_rule = true;
  const std::size_t count =
      std::max<std::size_t>(2, std::min<std::size_t>(3, table.columns.size()));
  table.columns.clear();
  for (std::size_t index = 0; index < count; ++index) {
    table.columns.push_back(random_column(random, Family::row_version, index));
  }
  if (random.percent(30) && flavour.texts) {
    table.columns.push_back(random_column(random, Family::text, count));
  }
  return table;
}

/// Takes part of the schema from some devices, never from the first.
void make_older(Random& random, Plan& plan) {
  std::vector<Table>& tables = plan.shape.tables;
  if (tables.size() > 1 && random.percent(30)) {
    tables.back().late = true;
  } else if (!tables.front().row_rule) {
    for (Column& column : tables.front().columns) column.late = random.percent(50);
  }
  for (std::size_t index = 1; index < plan.devices.size(); ++index) {
    plan.devices[index].current_schema = random.percent(40);
  }
}

}  // namespace

Plan random_plan(std::uint64_t seed, const Flavour& flavour) {
  Random random(seed * 2 + 1);
  Plan plan;
  plan.seed = seed;
  plan.adoption = flavour.adoption;
  const bool only_rows = flavour.family == Family::row_version;
  plan.shape.tables.push_back(only_rows ? random_row_table(random, flavour)
                                        : random_table(random, flavour));
  if (random.percent(30)) {
    plan.shape.tables.push_back(random.percent(60) ? random_row_table(random, flavour)
                                                   : random_table(random, flavour));
    plan.shape.tables.back().name = "other";
  }
  constexpr std::array<std::size_t, 20> kReplicas{2, 2, 2, 2, 2, 2, 2, 2, 2, 3,
                                                  3, 3, 3, 3, 3, 3, 4, 4, 5, 5};
  plan.devices.resize(flavour.replicas.value_or(kReplicas.at(random.below(kReplicas.size()))));
  constexpr std::array<std::int64_t, 6> kOffsets{0, 0, 0, 1, -40, 60'000};
  for (Device& device : plan.devices) {
    device.clock_offset_ms = kOffsets.at(random.below(kOffsets.size()));
    device.raw = random.percent(30);
  }
  // What the device overwrites is not heard of by others, and its own times are not followed: which
  // times the others have heard of would depend on more than the oracle knows. So theirs are one
  // wall clock's.
  if (random.percent(15)) {
    plan.far_clock = true;
    for (Device& device : plan.devices) device.clock_offset_ms = 0;
    plan.devices[random.below(plan.devices.size())].clock_offset_ms = 70 * kYearMs;
  }
  if (flavour.older_schemas && random.percent(30)) make_older(random, plan);
  return plan;
}

}  // namespace oracle
