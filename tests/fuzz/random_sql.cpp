#include "fuzz/random_sql.hpp"

#include <array>
#include <string>
#include <string_view>

namespace rill::fuzz {
namespace {

/// Appends `part`, after a comma unless it is the first.
void list(std::string& to, std::string_view part) {
  if (!to.empty()) to += ", ";
  to += part;
}

std::string names(const SqlTable& table) {
  std::string text;
  for (const char* column : table.columns) list(text, column);
  return text;
}

}  // namespace

std::string RandomSql::statement() {
  switch (input_.below(8)) {
    case 0:
    case 1:
    case 2:
      return insert();
    case 3:
    case 4:
    case 5:
      return update();
    case 6:
      return erase();
    default:
      return transaction();
  }
}

std::string RandomSql::transaction() {
  static constexpr std::array kWords = {
      "BEGIN",    "COMMIT",          "SAVEPOINT s", "RELEASE s",     "ROLLBACK TO s",
      "ROLLBACK", "BEGIN IMMEDIATE", "SAVEPOINT q", "ROLLBACK TO q", "RELEASE q"};
  return kWords[input_.below(kWords.size())];
}

std::string RandomSql::resolution() {
  static constexpr std::array kWords = {
      "", "", " OR REPLACE", " OR IGNORE", " OR FAIL", " OR ROLLBACK", " OR ABORT", " OR REPLACE"};
  return kWords[input_.below(kWords.size())];
}

std::string RandomSql::insert() {
  const SqlTable& table = any_table();
  const std::string into = "INSERT" + resolution() + " INTO " + table.name;
  switch (input_.below(4)) {
    case 0:
      return into + insert_selected(table) + returning(table);
    case 1:
      return into + insert_rows(table) + upsert(table) + returning(table);
    default:
      return into + insert_rows(table) + returning(table);
  }
}

std::string RandomSql::insert_rows(const SqlTable& table) {
  // All columns, or the key and one more.
  const bool all = input_.below(2) == 0;
  const std::size_t other = table.keys + input_.below(table.columns.size() - table.keys);
  std::string columns;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    if (all || column < table.keys || column == other) list(columns, table.columns[column]);
  }
  std::string rows;
  for (std::size_t count = 1 + input_.below(3); count > 0; --count) {
    std::string row;
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      if (!all && column >= table.keys && column != other) continue;
      list(row, column < table.keys ? value(table, column) : literal());
    }
    list(rows, "(" + row + ")");
  }
  return "(" + columns + ") VALUES" + rows;
}

std::string RandomSql::insert_selected(const SqlTable& table) {
  const SqlTable& from = any_table();
  std::string values;
  for (std::size_t column = 0; column < table.columns.size(); ++column) {
    list(values, column < table.keys ? value(table, column) : expression(from, 1));
  }
  std::string order;
  for (std::size_t key = 0; key < from.keys; ++key) list(order, from.columns[key]);
  return "(" + names(table) + ") SELECT " + values + " FROM " + from.name + condition(from) +
         " ORDER BY " + order;
}

std::string RandomSql::upsert(const SqlTable& table) {
  std::string keys;
  for (std::size_t key = 0; key < table.keys; ++key) list(keys, table.columns[key]);
  const std::string on = " ON CONFLICT(" + keys + ") DO ";
  if (input_.below(3) == 0) return on + "NOTHING";
  return on + "UPDATE SET " + assignments(table) + condition(table);
}

std::string RandomSql::assignments(const SqlTable& table) {
  std::string text;
  for (std::size_t count = 1 + input_.below(2); count > 0; --count) {
    const std::size_t column = input_.below(table.columns.size());
    const std::string name = table.columns[column];
    const bool moves = column < table.keys && input_.below(3) == 0;
    list(text, name + " = " +
                   (moves ? name + (table.keys == 2 || name == "k" ? " + 1" : " || 'x'")
                    : column < table.keys ? value(table, column)
                                          : expression(table, 2)));
  }
  return text;
}

std::string RandomSql::update() {
  const SqlTable& table = any_table();
  const std::string words = "UPDATE" + resolution() + " " + table.name + " SET ";
  const std::string assigned = assignments(table);
  return words + assigned + condition(table) + returning(table);
}

std::string RandomSql::erase() {
  const SqlTable& table = any_table();
  return std::string("DELETE FROM ") + table.name + condition(table) + returning(table);
}

std::string RandomSql::returning(const SqlTable& table) {
  return input_.below(5) == 4 ? " RETURNING " + names(table) : std::string();
}

std::string RandomSql::condition(const SqlTable& table) {
  const std::size_t column = input_.below(table.columns.size());
  const std::string name = table.columns[column];
  switch (input_.below(6)) {
    case 0:
      return " WHERE true";
    case 1:
      return " WHERE " + std::string(table.name) + "." + table.columns[0] + " = " + value(table, 0);
    case 2:
      return " WHERE " + std::string(table.name) + "." + name + " IS NOT NULL";
    case 3:
      return " WHERE " + std::string(table.name) + "." + name + " > " + literal();
    case 4:
      return " WHERE " + std::string(table.name) + "." + name + " IN (" + literal() + ", " +
             literal() + ")";
    default:
      return " WHERE " + expression(table, 1);
  }
}

std::string RandomSql::value(const SqlTable& table, std::size_t column) {
  const std::string_view name = table.columns[column];
  const bool number = name == "k" || name == "y";
  const std::size_t choice = input_.below(8);
  if (choice == 7) return number ? "4" : "NULL";
  const std::string digit = std::to_string(choice % 4);
  return number ? digit : "'k" + digit + "'";
}

std::string RandomSql::literal() {
  static constexpr std::array kWords = {
      "NULL",  "1",    "'a'",   "2",    "'B'", "7",        "'b'", "-1",
      "0.5",   "''",   "x'00'", "'12'", "60",  "49",       "0",   "9223372036854775807",
      "1e300", "-0.0", "x''",   "'k1'", "3.0", "char(233)"};
  return kWords[input_.below(kWords.size())];
}

std::string RandomSql::expression(const SqlTable& table, std::size_t depth) {
  const auto column = [&] {
    return std::string(table.name) + "." + table.columns[input_.below(table.columns.size())];
  };
  const auto part = [&] { return depth == 0 ? literal() : expression(table, depth - 1); };
  switch (input_.below(12)) {
    case 0:
    case 1:
    case 2:
      return column();
    case 3:
    case 4:
      return literal();
    case 5:
      return "(" + column() + " + " + part() + ")";
    case 6:
      return "(" + column() + " || " + part() + ")";
    case 7:
      return "coalesce(" + column() + ", " + part() + ")";
    case 8:
      return "CASE WHEN " + column() + " < " + literal() + " THEN " + part() + " ELSE " + column() +
             " END";
    case 9:
      return "(SELECT max(n) FROM " + std::string(any_table().name) + ")";
    case 10:
      return "length(" + column() + ")";
    default:
      return "(SELECT count(*) FROM " + std::string(any_table().name) + ")";
  }
}

}  // namespace rill::fuzz
