#include "oracle/comparison.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "rill/database.hpp"

namespace oracle {
namespace {

using ShownRows = std::map<std::size_t, std::vector<Cell>>;

std::string text_of(const ShownRows& rows, const Table& table, const KeySpace& keys) {
  std::string text;
  for (const auto& [key, cells] : rows) {
    text += "    ";
    for (const Cell& cell : key < kKeys ? keys.cells(table, key) : std::vector<Cell>{"?"}) {
      text += sql_literal(cell) + " ";
    }
    text += "|";
    for (const Cell& cell : cells) text += " " + sql_literal(cell);
    text += "\n";
  }
  return text.empty() ? "    (no rows)\n" : text;
}

/// A loser of a conflict, in a form that can be sorted.
std::string loser_text(const Cell& value, const ReplicaBytes& replica, std::uint64_t time_ms) {
  std::string text = sql_literal(value) + " by ";
  for (const std::uint8_t byte : replica) text += static_cast<char>('a' + byte % 26);
  return text + " at " + std::to_string(time_ms);
}

std::string text_of(const std::map<std::string, std::vector<std::string>>& conflicts) {
  std::string text;
  for (const auto& [where, values] : conflicts) {
    text += "    " + where + ":";
    for (const std::string& value : values) text += " " + value + ";";
    text += "\n";
  }
  return text.empty() ? "    (no conflicts)\n" : text;
}

std::string place(const Table& table, std::size_t key, const std::string& column) {
  return table.name + "[" + std::to_string(key) + "]." + column;
}

/// Whether the shown value is one of the siblings, picked by the rule, and not a result of its own.
bool picks(const Table& table, const Column& column) {
  return !table.row_rule && column.family != Family::multi_value && column.family != Family::custom;
}

}  // namespace

Comparison::Tables Comparison::tables() const {
  Tables shown;
  for (std::size_t index = 0; index < history_.shape().tables.size(); ++index) {
    const Table& table = history_.shape().tables[index];
    if (table.late && !site_.current_schema()) continue;
    ShownRows expected;
    for (std::size_t key = 0; key < kKeys; ++key) {
      const RowView row = history_.row(index, key, seen_);
      if (!row.alive) continue;
      std::vector<Cell>& cells = expected[key];
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        if (!knows_column(table, table.columns[column])) continue;
        cells.push_back(cell_of(table.columns[column].family, row.columns[column].shown));
      }
    }
    ShownRows actual = site_.rows(table, keys_);
    if (actual != expected) {
      throw Mismatch("table " + table.name + " of " + name_ + "\n  expected\n" +
                     text_of(expected, table, keys_) + "  actual\n" +
                     text_of(actual, table, keys_));
    }
    shown.push_back(std::move(actual));
  }
  return shown;
}

std::size_t Comparison::conflicts() const {
  const Conflicts expected = expected_conflicts();
  const Conflicts actual = actual_conflicts();
  if (actual == expected) return expected.size();
  throw Mismatch("conflicts of " + name_ + "\n  expected\n" + text_of(expected) + "  actual\n" +
                 text_of(actual));
}

Comparison::Conflicts Comparison::expected_conflicts() const {
  Conflicts expected;
  for (std::size_t index = 0; index < history_.shape().tables.size(); ++index) {
    const Table& table = history_.shape().tables[index];
    for (std::size_t key = 0; key < kKeys; ++key) {
      const RowView row = history_.row(index, key, seen_);
      for (std::size_t c = 0; row.alive && c < table.columns.size(); ++c) {
        const Column& column = table.columns[c];
        const ColumnView& view = row.columns[c];
        if (!knows_column(table, column)) continue;
        if (view.siblings.size() < 2) continue;
        std::vector<std::string> others;
        for (const SiblingView& sibling : view.siblings) {
          const bool hidden = picks(table, column) && view.picked ? sibling.event == *view.picked
                                                                  : sibling.content == view.shown;
          if (hidden) continue;
          const Event& event = history_.event(sibling.event);
          others.push_back(loser_text(cell_of(column.family, sibling.content), event.replica,
                                      event.time >> 16U));
        }
        if (others.empty()) continue;
        std::sort(others.begin(), others.end());
        others.insert(others.begin(), sql_literal(cell_of(column.family, view.shown)));
        expected[place(table, key, column.name)] = std::move(others);
      }
    }
  }
  return expected;
}

Comparison::Conflicts Comparison::actual_conflicts() const {
  Conflicts actual;
  const auto& tables = history_.shape().tables;
  for (const rill::ConflictRecord& record : site_.database().conflicts()) {
    const auto table = std::find_if(tables.begin(), tables.end(),
                                    [&](const Table& each) { return each.name == record.table; });
    if (table == tables.end()) throw Mismatch("a conflict in an unknown table");
    std::vector<Cell> cells;
    cells.reserve(record.key.size());
    for (const rill::Value& value : record.key) cells.push_back(cell_of(value));
    const std::size_t key = keys_.number(*table, cells);
    if (key == kKeys) continue;  // of another history
    std::vector<std::string> others;
    others.reserve(record.others.size() + 1);
    for (const auto& other : record.others) {
      others.push_back(loser_text(cell_of(other.value), other.replica.bytes, other.time_ms));
    }
    std::sort(others.begin(), others.end());
    others.insert(others.begin(), sql_literal(cell_of(record.shown)));
    actual[place(*table, key, record.column)] = std::move(others);
  }
  return actual;
}

void Comparison::kept_texts() const {
  for (std::size_t index = 0; index < history_.shape().tables.size(); ++index) {
    const Table& table = history_.shape().tables[index];
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      const Column& column = table.columns[c];
      if (column.family != Family::text || !knows_column(table, column)) continue;
      for (std::size_t key = 0; key < kKeys; ++key) {
        const RowView row = history_.row(index, key, seen_);
        const auto edited = std::count_if(
            row.columns[c].siblings.begin(), row.columns[c].siblings.end(),
            [](const SiblingView& sibling) { return !sibling.text.operations.empty(); });
        const std::int64_t kept = site_.kept_texts(table, column, keys_.cells(table, key));
        if (kept == edited || (edited == 0 && kept > 0)) continue;
        throw Mismatch(place(table, key, column.name) + " of " + name_ + " has " +
                       std::to_string(edited) + " edited texts, and its file holds " +
                       std::to_string(kept));
      }
    }
  }
}

bool run_statement(Site& site, Author& author, const Statement& statement, const Shape& shape,
                   const KeySpace& keys) {
  const Sql sql = sql_of(statement, shape, site.current_schema(), keys);
  if (sql.text.empty()) return false;
  const bool expected = author.run(statement);
  const Outcome outcome = site.execute(sql);
  if (outcome.done != expected || !outcome.expected) {
    throw Mismatch("a statement " + std::string(outcome.done ? "did not fail" : "failed") + ": " +
                   sql.readable() + "\n" + outcome.error);
  }
  return outcome.done;
}

}  // namespace oracle
