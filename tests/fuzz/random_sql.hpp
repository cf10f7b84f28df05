#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "fuzz/input.hpp"

namespace rill::fuzz {

/// A table that random SQL is about.
struct SqlTable {
  const char* name;
  /// The key's columns come first.
  std::array<const char*, 4> columns;
  std::size_t keys;
  /// A query for all of its rows, types included.
  const char* all_rows;
};

/// Keys of one and of two columns, a rowid for a key and no rowid at all, and most of what a table
/// can do to a value: affinities, defaults, collations, CHECK and NOT NULL.
inline constexpr const char* kSqlSchema =
    "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, a TEXT DEFAULT 'd', n INTEGER NOT NULL DEFAULT 5 "
    "CHECK(n < 50), r REAL);"
    "CREATE TABLE u(k INTEGER PRIMARY KEY, a, n INTEGER DEFAULT 1, r NUMERIC);"
    "CREATE TABLE w(x TEXT NOT NULL, y INTEGER NOT NULL, a TEXT COLLATE NOCASE NOT NULL DEFAULT "
    "'', n, PRIMARY KEY(x, y)) WITHOUT ROWID;";

inline constexpr std::array<SqlTable, 3> kSqlTables = {{
    {"t",
     {"id", "a", "n", "r"},
     1,
     "SELECT quote(id), quote(a), quote(n), quote(r) FROM t ORDER BY id"},
    {"u",
     {"k", "a", "n", "r"},
     1,
     "SELECT quote(k), quote(a), quote(n), quote(r) FROM u ORDER BY k"},
    {"w",
     {"x", "y", "a", "n"},
     2,
     "SELECT quote(x), quote(y), quote(a), quote(n) FROM w ORDER BY x, y"},
}};

/// Statements that the bytes of an input choose: writes of every form, transactions and savepoints,
/// begun or not.
class RandomSql {
 public:
  explicit RandomSql(Input& input) : input_(input) {}

  std::string statement();

 private:
  std::string insert();
  std::string insert_rows(const SqlTable& table);
  std::string insert_selected(const SqlTable& table);
  std::string upsert(const SqlTable& table);
  std::string update();
  std::string assignments(const SqlTable& table);
  std::string erase();
  std::string transaction();
  std::string condition(const SqlTable& table);
  std::string returning(const SqlTable& table);
  /// For the column numbered `column`; keys are few, so that rows meet.
  std::string value(const SqlTable& table, std::size_t column);
  std::string expression(const SqlTable& table, std::size_t depth);
  std::string literal();
  /// " OR IGNORE" and kin, or nothing.
  std::string resolution();
  const SqlTable& any_table() { return kSqlTables[input_.below(kSqlTables.size())]; }

  Input& input_;
};

}  // namespace rill::fuzz
