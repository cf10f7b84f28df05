#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <string>
#include <vector>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"

namespace rill::testing {

/// Runs `sql` on a connection of the test's own; returns SQLite's result code.
inline int run(sqlite3* db, const std::string& sql) {
  return sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
}

/// Runs `sql` as a program does that knows nothing of Rill; returns SQLite's words, or "ok".
inline std::string run_stock(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* db = nullptr;
  std::string result = "ok";
  const bool opened = sqlite3_open(file.c_str(), &db) == SQLITE_OK;
  if (opened) sqlite3_busy_timeout(db, 5'000);
  if (!opened || run(db, sql) != SQLITE_OK) result = sqlite3_errmsg(db);
  sqlite3_close(db);
  return result;
}

/// The findings of `check`, one per line; empty if all is well.
inline std::string findings(Database& db) {
  std::string text;
  for (const Finding& finding : db.check()) {
    text += finding.table;
    for (const Value& value : finding.key) text += " " + to_display(value);
    text += ": " + finding.what + "\n";
  }
  return text;
}

/// A table as the app sees it: one line per row, without Rill's columns, ordered.
inline std::vector<std::string> lines(Database& db, const std::string& table) {
  std::string columns;
  for (const Row& row : db.query("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden IN "
                                 "(0, 2, 3) AND name NOT LIKE '\\_rill\\_%' ESCAPE '\\'",
                                 table)) {
    columns += (columns.empty() ? "" : " || '|' || ") + std::string("quote(\"") +
               row.get<std::string>(0) + "\")";
  }
  std::vector<std::string> result;
  for (const Row& row : db.query("SELECT " + columns + " FROM \"" + table + "\" ORDER BY 1")) {
    result.push_back(row.get<std::string>(0));
  }
  return result;
}

/// Two devices of one app, `a` and `b`, and what tests of capture ask of them.
class TwoDevices : public ::testing::Test {
 public:
  /// Runs the same migration on both.
  void migrate(std::uint32_t version, const std::function<void(Schema&)>& change) {
    for (Device* device : {&a, &b}) device->db.migrate(version, change);
  }
  /// Runs `sql` on the app's raw connection of `a`; returns SQLite's result code.
  int raw(const std::string& sql) { return run(a.db.handle(), sql); }
  /// The same; returns SQLite's words, or "ok".
  std::string raw_error(const std::string& sql) {
    return raw(sql) == SQLITE_OK ? "ok" : sqlite3_errmsg(a.db.handle());
  }
  std::uint64_t counter() { return a.db.vector()[a.db.id()]; }

  /// Exchanges everything and expects that both show the same rows of `table`, that their entries
  /// agree, and that both files are sound. Returns what `b` shows.
  std::vector<std::string> synced(const std::string& table) {
    exchange(a.db, b.db);
    EXPECT_EQ(lines(a.db, table), lines(b.db, table));
    EXPECT_EQ(a.db.digest(), b.db.digest());
    EXPECT_EQ(findings(a.db), "");
    EXPECT_EQ(findings(b.db), "");
    return lines(b.db, table);
  }

  TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
};

/// What `synced` returns.
using Lines = std::vector<std::string>;

}  // namespace rill::testing
