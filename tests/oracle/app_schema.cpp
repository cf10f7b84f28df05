#include <string>
#include <utility>
#include <vector>

#include "oracle/app_rules.hpp"
#include "oracle/site.hpp"

// The test app's schema, in terms of the library.

namespace oracle {
namespace {

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
  database.register_rule(rule_of(Family::custom));
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
