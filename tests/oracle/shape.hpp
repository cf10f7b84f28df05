#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oracle/cell.hpp"

namespace oracle {

/// What a column's rule is, for the oracle. `row_version` stands for each column of a table with a
/// row rule.
enum class Family : std::uint8_t {
  last_writer,
  first_writer,
  multi_value,
  minimum,
  maximum,
  integer_counter,
  real_counter,
  add_wins_set,
  remove_wins_set,
  map,
  text,
  custom,
  row_version,
};
inline constexpr int kFamilies = 13;

std::string_view family_name(Family family);
[[nodiscard]] bool is_counter(Family family);
[[nodiscard]] bool is_set(Family family);
/// Whether the column holds siblings of one value.
[[nodiscard]] bool is_register(Family family);

/// Where a leaf stands in a JSON object.
using Path = std::vector<std::string>;

/// A column's value, taken apart as its rule sees it.
struct Content {
  /// Registers other than multi_value, counters and texts.
  Cell scalar;
  /// multi_value: the array. Sets: sorted, distinct.
  std::vector<Cell> items;
  /// map: the JSON text of each leaf. No path is a prefix of another.
  std::map<Path, std::string> leaves;

  friend bool operator==(const Content&, const Content&) = default;
};

/// The value that the table shows for `content`.
Cell cell_of(Family family, const Content& content);

/// Whether one path is equal to the other, above it or below it.
bool comparable(const Path& left, const Path& right);

struct Column {
  std::string name;
  Family family = Family::last_writer;
  /// The schema's DEFAULT, as the column shows it.
  Content default_content;
  /// The DEFAULT clause; empty for none.
  std::string default_sql;
  /// Whether devices with the older schema lack it.
  bool late = false;
};

enum class KeyKind : std::uint8_t { text, integer, composite };

struct Table {
  std::string name;
  KeyKind key = KeyKind::text;
  std::vector<Column> columns;
  bool delete_wins = false;
  /// Whether a row rule merges it; then every column is `row_version`, but for texts behind those.
  bool row_rule = false;
  /// Whether devices with the older schema lack the whole table.
  bool late = false;
  bool without_rowid = false;
};

/// The replicated tables of one world.
struct Shape {
  std::vector<Table> tables;
};

/// Whether a device with the older or the current schema has the column.
[[nodiscard]] inline bool knows(bool current_schema, const Table& table, const Column& column) {
  return current_schema || (!table.late && !column.late);
}

}  // namespace oracle
