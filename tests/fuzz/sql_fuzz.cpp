#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/random_sql.hpp"
#include "rill/database.hpp"
#include "rill/finding.hpp"
#include "support/disk_device.hpp"

// SQL made of the input, run on replicated tables and on bare ones of the same schema: every
// statement does the same or fails with the same words, and the rows are the same after every
// transaction. At the end the replicated file is sound.

namespace {

using rill::fuzz::Input;
using rill::fuzz::require;

constexpr std::size_t kMostStatements = 24;

/// What a statement did, for comparison.
struct Outcome {
  int code = SQLITE_OK;
  std::string message;
  std::string rows;
  int changes = 0;
  bool autocommit = true;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome run(sqlite3* db, const std::string& sql) {
  const auto take = [](void* into, int count, char** values, char**) {
    auto& rows = *static_cast<std::string*>(into);
    for (int column = 0; column < count; ++column) {
      rows += values[column] == nullptr ? "-" : values[column];
      rows += column + 1 == count ? '\n' : '|';
    }
    return 0;
  };
  Outcome outcome;
  char* message = nullptr;
  sqlite3_exec(db, sql.c_str(), take, &outcome.rows, &message);
  outcome.code = sqlite3_extended_errcode(db);
  if (message != nullptr) outcome.message = message;
  sqlite3_free(message);
  const bool writes =
      sql.starts_with("INSERT") || sql.starts_with("UPDATE") || sql.starts_with("DEL");
  if (writes && outcome.code == SQLITE_OK) outcome.changes = sqlite3_changes(db);
  outcome.autocommit = sqlite3_get_autocommit(db) != 0;
  return outcome;
}

/// A statement that is run often.
class Prepared {
 public:
  Prepared(sqlite3* db, const char* sql) {
    sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }
  ~Prepared() { sqlite3_finalize(statement_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  std::string rows() {
    std::string rows;
    while (sqlite3_step(statement_) == SQLITE_ROW) {
      for (int column = 0; column < sqlite3_column_count(statement_); ++column) {
        rows += reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        rows += '|';
      }
      rows += '\n';
    }
    sqlite3_reset(statement_);
    return rows;
  }

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// Two files with the same tables, one of them without Rill.
class Twins {
 public:
  Twins() {
    rill::DatabaseOptions options;
    options.vfs = disk_.vfs();
    options.clock = std::make_shared<rill::testing::ManualClock>();
    options.witness = std::make_shared<rill::testing::MemoryWitness>();
    database_ = std::make_unique<rill::Database>("/twin.db", options);
    database_->migrate(1, [](rill::Schema& schema) {
      schema.execute(rill::fuzz::kSqlSchema);
      for (const auto& table : rill::fuzz::kSqlTables) schema.replicate(table.name, {});
    });
    sqlite3_open(":memory:", &bare_);
    sqlite3_exec(bare_, rill::fuzz::kSqlSchema, nullptr, nullptr, nullptr);
    for (const auto& table : rill::fuzz::kSqlTables) {
      ours_.push_back(std::make_unique<Prepared>(database_->handle(), table.all_rows));
      theirs_.push_back(std::make_unique<Prepared>(bare_, table.all_rows));
    }
  }
  ~Twins() {
    ours_.clear();
    theirs_.clear();
    sqlite3_close(bare_);
  }
  Twins(const Twins&) = delete;
  Twins& operator=(const Twins&) = delete;

  void run_both(const std::string& sql) {
    const Outcome ours = run(database_->handle(), sql);
    const Outcome theirs = run(bare_, sql);
    script_ += sql + ";\n";
    if (ours == theirs) return;
    require(false, script_ + "replicated: " + std::to_string(ours.code) + " " + ours.message + " " +
                       std::to_string(ours.changes) + "\n" + ours.rows +
                       "bare: " + std::to_string(theirs.code) + " " + theirs.message + " " +
                       std::to_string(theirs.changes) + "\n" + theirs.rows);
  }
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(bare_) == 0; }
  void compare_rows() {
    for (std::size_t table = 0; table < ours_.size(); ++table) {
      const std::string ours = ours_[table]->rows();
      const std::string theirs = theirs_[table]->rows();
      if (ours != theirs) require(false, script_ + "replicated:\n" + ours + "bare:\n" + theirs);
    }
  }
  /// Ends the history, perhaps looks at the whole file, and empties both.
  void finish(bool checks) {
    if (in_transaction()) run_both("ROLLBACK");
    compare_rows();
    if (checks) {
      const auto findings = database_->check();
      require(findings.empty(), findings.empty() ? "" : script_ + findings.front().what);
    }
    run_both("PRAGMA recursive_triggers = OFF");
    for (const auto& table : rill::fuzz::kSqlTables) {
      run_both(std::string("DELETE FROM ") + table.name);
    }
    // No dead row of one input meets the next one's.
    run(database_->handle(), "DELETE FROM rill_tombstone");
    script_.clear();
  }

 private:
  rill::testing::SimulatedDisk disk_;
  std::unique_ptr<rill::Database> database_;
  sqlite3* bare_ = nullptr;
  /// By table, what reads all rows.
  std::vector<std::unique_ptr<Prepared>> ours_;
  std::vector<std::unique_ptr<Prepared>> theirs_;
  /// All of this input, to be shown with a finding.
  std::string script_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Twins twins;
  Input input(data, size);
  const std::uint8_t kind = input.byte();
  if (kind % 4 == 3) twins.run_both("PRAGMA recursive_triggers = ON");
  rill::fuzz::RandomSql sql(input);
  for (std::size_t count = 0; count < kMostStatements && !input.at_end(); ++count) {
    twins.run_both(sql.statement());
    if (!twins.in_transaction()) twins.compare_rows();
  }
  twins.finish(kind / 4 % 4 == 0);
  return 0;
}
