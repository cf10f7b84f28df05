#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include "oracle/script.hpp"

namespace oracle {
namespace {

constexpr std::int64_t kKeysReserved = 16;

/// A value that the column's rule refuses.
Cell refused(Family family) {
  if (is_counter(family)) return "many";
  return family == Family::map ? Cell("[1]") : Cell("{\"a\":1}");
}

std::string spaced_out(const std::string& json) {
  std::string text = " ";
  bool quoted = false;
  for (const char letter : json) {
    if (letter == '"') quoted = !quoted;
    text += letter;
    if (!quoted && (letter == ',' || letter == ':')) text += ' ';
  }
  return text;
}

Cell argument_of(const Input& input, Family family) {
  if (input.mode == Input::Mode::bad) return refused(family);
  if (input.null) return {};
  if (input.mode == Input::Mode::append || (input.bare && !input.content.items.empty())) {
    return input.content.items.front();
  }
  Cell cell = cell_of(family, input.content);
  if (input.spaced && (is_set(family) || family == Family::multi_value || family == Family::map)) {
    cell = spaced_out(std::get<std::string>(cell));
  }
  return cell;
}

std::string assignment(const Column& column, Input::Mode mode) {
  const std::string text = "coalesce(CAST(" + column.name + " AS TEXT), '')";
  switch (mode) {
    case Input::Mode::splice:
      return column.name + " = substr(" + text + ", 1, ?) || ? || substr(" + text + ", ?)";
    case Input::Mode::replace:
      return column.name + " = replace(" + text + ", ?, ?)";
    case Input::Mode::add:
      return column.name + " = " + column.name + " + ?";
    case Input::Mode::append:
      return column.name + " = json_insert(" + column.name + ", '$[#]', ?)";
    case Input::Mode::patch:
      return column.name + " = json_patch(" + column.name + ", ?)";
    default:
      return column.name + " = ?";
  }
}

/// For the marks of `assignment`.
std::vector<Cell> arguments_of(const Input& input, Family family) {
  const auto number = [](std::size_t value) { return static_cast<std::int64_t>(value); };
  if (input.mode == Input::Mode::replace) return input.content.items;
  if (input.mode != Input::Mode::splice) return {argument_of(input, family)};
  return {number(input.position), input.content.scalar, number(input.position + input.erased + 1)};
}

void add_comma(std::string& text, std::string_view separator = ", ") {
  if (!text.empty()) text += separator;
}

class Writer {
 public:
  Writer(const Statement& statement, const Shape& shape, bool current_schema, const KeySpace& keys)
      : statement_(statement),
        table_(shape.tables[statement.table]),
        current_schema_(current_schema),
        keys_(keys) {}

  Sql write() {
    if (table_.late && !current_schema_) return {};
    switch (statement_.kind) {
      case Statement::Kind::save:
        break;
      case Statement::Kind::erase:
        sql_.text = "DELETE FROM " + table_.name + where();
        break;
      case Statement::Kind::update:
      case Statement::Kind::move:
      case Statement::Kind::move_or_replace:
        update();
        break;
      default:
        insert();
    }
    return std::move(sql_);
  }

 private:
  std::string where() {
    std::string any;
    for (const std::size_t key : statement_.keys) {
      std::string each;
      const auto cells = keys_.cells(table_, key);
      const auto names = keys_.columns(table_);
      for (std::size_t i = 0; i < names.size(); ++i) {
        add_comma(each, " AND ");
        each += names[i] + " = ?";
        sql_.arguments.push_back(cells[i]);
      }
      add_comma(any, " OR ");
      any += names.size() > 1 ? "(" + each + ")" : each;
    }
    return " WHERE " + any;
  }

  [[nodiscard]] bool known(std::size_t column) const {
    return knows(current_schema_, table_, table_.columns[column]);
  }

  void update() {
    std::string changes;
    if (statement_.kind != Statement::Kind::update) {
      const auto cells = keys_.cells(table_, statement_.target);
      const auto names = keys_.columns(table_);
      for (std::size_t i = 0; i < names.size(); ++i) {
        add_comma(changes);
        changes += names[i] + " = ?";
        sql_.arguments.push_back(cells[i]);
      }
    }
    for (const auto& [index, input] : statement_.inputs) {
      if (!known(index)) continue;
      const Column& column = table_.columns[index];
      add_comma(changes);
      changes += assignment(column, input.mode);
      for (Cell& cell : arguments_of(input, column.family)) {
        sql_.arguments.push_back(std::move(cell));
      }
    }
    if (changes.empty()) return;
    const bool replaces = statement_.kind == Statement::Kind::move_or_replace;
    sql_.text =
        std::string(replaces ? "UPDATE OR REPLACE " : "UPDATE ") + table_.name + " SET " + changes;
    sql_.text += where();
  }

  void insert() {
    const auto& listed = statement_.rows.front().inputs;
    std::string names;
    for (const std::string& name : keys_.columns(table_)) {
      add_comma(names);
      names += name;
    }
    for (const auto& [index, input] : listed) {
      if (known(index)) names += ", " + table_.columns[index].name;
    }
    std::string values;
    for (const InsertedRow& row : statement_.rows) {
      add_comma(values);
      values += values_of(row);
    }
    const bool replaces = statement_.kind == Statement::Kind::insert_or_replace;
    const bool ignores = statement_.kind == Statement::Kind::insert_or_ignore;
    sql_.text = std::string("INSERT ") +
                (replaces  ? "OR REPLACE "
                 : ignores ? "OR IGNORE "
                           : "") +
                "INTO " + table_.name + "(" + names + ") VALUES" + values;
    if (statement_.kind == Statement::Kind::upsert) sql_.text += on_conflict(listed);
  }

  std::string values_of(const InsertedRow& row) {
    std::string marks;
    for (Cell& cell : keys_.cells(table_, row.key)) {
      add_comma(marks);
      marks += '?';
      sql_.arguments.push_back(std::move(cell));
    }
    for (const auto& [index, input] : row.inputs) {
      if (!known(index)) continue;
      marks += ", ?";
      sql_.arguments.push_back(argument_of(input, table_.columns[index].family));
    }
    return "(" + marks + ")";
  }

  [[nodiscard]] std::string on_conflict(const std::map<std::size_t, Input>& listed) const {
    std::string key;
    for (const std::string& name : keys_.columns(table_)) {
      add_comma(key);
      key += name;
    }
    std::string changes;
    for (const auto& [index, input] : listed) {
      if (!known(index)) continue;
      const Column& column = table_.columns[index];
      add_comma(changes);
      changes += column.name + " = ";
      if (is_counter(column.family)) changes += table_.name + "." + column.name + " + ";
      changes += "excluded." + column.name;
    }
    return " ON CONFLICT(" + key + ") DO " +
           (changes.empty() ? "NOTHING" : "UPDATE SET " + changes);
  }

  const Statement& statement_;
  const Table& table_;
  bool current_schema_;
  const KeySpace& keys_;
  Sql sql_;
};

}  // namespace

std::vector<std::string> KeySpace::columns(const Table& table) const {
  if (table.key == KeyKind::composite) return {"place", "number"};
  return {"id"};
}

std::vector<Cell> KeySpace::cells(const Table& table, std::size_t key) const {
  const std::int64_t number = history * kKeysReserved + static_cast<std::int64_t>(key);
  switch (table.key) {
    case KeyKind::integer:
      return {number};
    case KeyKind::composite:
      return {key % 2 == 0 ? "left" : "right", number};
    default:
      return {"h" + std::to_string(number + 1000)};
  }
}

std::size_t KeySpace::number(const Table& table, const std::vector<Cell>& values) const {
  std::size_t key = 0;
  while (key < kKeys && cells(table, key) != values) ++key;
  return key;
}

std::string KeySpace::condition(const Table& table) const {
  const auto least = cells(table, 0);
  const auto greatest = cells(table, kKeys - 1);
  return columns(table).back() + " BETWEEN " + sql_literal(least.back()) + " AND " +
         sql_literal(greatest.back());
}

std::string Sql::readable() const {
  std::string out;
  std::size_t next = 0;
  for (const char letter : text) {
    if (letter == '?') {
      out += sql_literal(arguments.at(next++));
    } else {
      out += letter;
    }
  }
  return out;
}

Sql sql_of(const Statement& statement, const Shape& shape, bool current_schema,
           const KeySpace& keys) {
  return Writer(statement, shape, current_schema, keys).write();
}

}  // namespace oracle
