#include <algorithm>
#include <stdexcept>
#include <utility>

#include "oracle/site.hpp"

// The test app's schema and its own rules, in terms of the library.

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

rill::Rule woven() { return rill::custom("woven", 1, weave_siblings); }
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
      return woven();
    default:
      return rill::last_writer();
  }
}

std::string type_of(Family family) {
  switch (family) {
    case Family::multi_value:
    case Family::add_wins_set:
    case Family::remove_wins_set:
    case Family::map:
      return "TEXT";
    case Family::integer_counter:
    case Family::custom:
    case Family::row_version:
      return "INTEGER";
    case Family::real_counter:
      return "REAL";
    default:
      return "BLOB";  // No affinity: what is written is what is kept.
  }
}

std::string declaration(const Column& column) {
  std::string text = column.name + " " + type_of(column.family);
  if (!column.default_sql.empty()) text += " DEFAULT " + column.default_sql;
  return text;
}

std::string creation(const Table& table, bool current_schema) {
  std::string text = "CREATE TABLE " + table.name + "(";
  switch (table.key) {
    case KeyKind::text:
      text += "id TEXT PRIMARY KEY NOT NULL";
      break;
    case KeyKind::integer:
      text += "id INTEGER PRIMARY KEY NOT NULL";
      break;
    case KeyKind::composite:
      text += "place TEXT NOT NULL, number INTEGER NOT NULL";
  }
  for (const Column& column : table.columns) {
    if (knows(current_schema, table, column)) text += ", " + declaration(column);
  }
  if (table.key == KeyKind::composite) text += ", PRIMARY KEY(place, number)";
  return text + (table.without_rowid ? ") WITHOUT ROWID" : ")");
}

void replicate(rill::Schema& schema, const Table& table, bool current_schema) {
  std::vector<rill::ColumnRule> rules;
  for (const Column& column : table.columns) {
    if (!knows(current_schema, table, column) || column.family == Family::row_version) continue;
    // The default rule may be left out.
    if (column.family == Family::last_writer && column.name.back() % 2 == 0) continue;
    rules.push_back({column.name, rule_of(column.family)});
  }
  rill::TableOptions options;
  if (table.delete_wins) options.delete_policy = rill::DeletePolicy::delete_wins;
  if (table.row_rule) {
    // Columns that merge by themselves are named before.
    if (!rules.empty()) schema.replicate(table.name, std::exchange(rules, {}), options);
    options.row_rule = widest_row();
  }
  schema.replicate(table.name, rules, options);
}

}  // namespace

void register_rules(rill::Database& database) {
  database.register_rule(woven());
  database.register_rule(widest_row());
}

void create_schema(rill::Schema& schema, const Shape& shape, bool current_schema, bool before) {
  for (const Table& table : shape.tables) {
    if (table.late && !current_schema) continue;
    if (!before || table.late) {
      schema.execute(creation(table, current_schema));
    } else {
      for (const Column& column : table.columns) {
        if (column.late) {
          schema.execute("ALTER TABLE " + table.name + " ADD COLUMN " + declaration(column));
        }
      }
    }
    replicate(schema, table, current_schema);
  }
}

}  // namespace oracle
