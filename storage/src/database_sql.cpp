#include <exception>
#include <string>
#include <utility>

#include "database_implementation.hpp"
#include "migration_pragmas.hpp"
#include "rill/error.hpp"
#include "row_store.hpp"
#include "schema_writer.hpp"

namespace rill {
namespace {

/// An app that builds its SQL text anew each time must not grow the cache for ever.
constexpr std::size_t kMaxCachedStatements = 256;

bool is_pragma(std::string_view sql) {
  const std::size_t start = sql.find_first_not_of(" \t\r\n");
  return start != std::string_view::npos && sqlite3_strnicmp(sql.data() + start, "pragma", 6) == 0;
}

void check_foreign_keys(sqlite::Connection& connection) {
  sqlite::Statement violations(connection.raw(), "PRAGMA foreign_key_check", false);
  if (!violations.step()) return;
  throw Error(ErrorCode::constraint, "after the migration a row of table " +
                                         std::string(violations.bytes(0)) +
                                         " refers to a row of table " +
                                         std::string(violations.bytes(2)) + " that is not there");
}

/// SQLite's words for an INSERT without a column list hold the table and two counts that differ by
/// Rill's columns; the reason is added.
Error explained(const Error& error, const storage::Catalog& catalog) {
  const std::string message = error.what();
  const std::size_t end = message.find(" columns but ");
  const std::size_t has = message.rfind(" has ", end);
  if (end == std::string::npos || has == std::string::npos) return error;
  const std::size_t start = message.rfind("table ", has) + std::string_view("table ").size();
  const storage::Table* table = catalog.find(message.substr(start, has - start));
  if (table == nullptr) return error;
  std::string names;
  for (const std::string& column : table->key_columns) names += column + ", ";
  for (const ColumnId id : table->columns) names += table->rules.columns[id].name + ", ";
  names.resize(names.size() - 2);
  return {error.code(), message +
                            " (two of the columns, _rill_seq and _rill_meta, are Rill's and " +
                            "fill themselves in: name your columns, as in INSERT INTO " +
                            table->name() + "(" + names + ") VALUES(…))"};
}

}  // namespace

void Database::Implementation::rethrow(const Error& error) {
  const std::optional<Error> raised = app_capture_->take_error();
  const Error cause = raised ? *raised : explained(error, *app_capture_->catalog());
  if (transaction_depth_ > 0 && !app_.in_transaction()) transaction_failure_ = cause;
  throw cause;
}

void Database::Implementation::check_transaction() const {
  if (transaction_depth_ == 0 || app_.in_transaction()) return;
  if (transaction_failure_) {
    throw Error(transaction_failure_->code(),
                std::string("the transaction was rolled back when one of its statements failed; "
                            "let transaction() end and run it again. The failure was: ") +
                    transaction_failure_->what());
  }
  throw Error(ErrorCode::sql,
              "the transaction was ended inside transaction(); leave COMMIT and ROLLBACK to it");
}

void Database::Implementation::bind_all(sqlite::Statement& statement, std::string_view sql,
                                        const std::vector<Value>& arguments) {
  const int wanted = sqlite3_bind_parameter_count(statement.raw());
  if (static_cast<std::size_t>(wanted) != arguments.size()) {
    throw Error(ErrorCode::invalid_argument,
                "\"" + std::string(sql) + "\" takes " + std::to_string(wanted) +
                    " parameters; it was given " + std::to_string(arguments.size()));
  }
  for (int index = 0; index < wanted; ++index) {
    const Value& value = arguments[static_cast<std::size_t>(index)];
    if (value.size() > kMaxValueBytes) {
      throw Error(ErrorCode::too_large,
                  "parameter " + std::to_string(index + 1) + " of \"" + std::string(sql) +
                      "\" has " + std::to_string(value.size()) +
                      " bytes; a replicated value may have " + std::to_string(kMaxValueBytes) +
                      ": keep files beside the database");
    }
    statement.bind(index + 1, value);
  }
}

sqlite::Statement& Database::Implementation::prepared(std::string_view sql) {
  if (app_.cached_statements() > kMaxCachedStatements && transaction_depth_ == 0) {
    app_.forget_statements();
  }
  return app_.cached(std::string(sql));
}

std::int64_t Database::Implementation::execute(std::string_view sql,
                                               const std::vector<Value>& arguments) {
  const AppLock lock(*this);
  check_transaction();
  app_capture_->take_error();
  try {
    sqlite::Using statement(prepared(sql));
    bind_all(*statement, sql, arguments);
    const std::int64_t before = sqlite3_total_changes64(app_.raw());
    while (statement->step()) {
    }
    const bool changed = sqlite3_total_changes64(app_.raw()) != before;
    return changed ? sqlite3_changes64(app_.raw()) : 0;
  } catch (const Error& error) {
    rethrow(error);
  }
}

bool Database::Implementation::in_own_transaction() const noexcept {
  return transaction_thread_.load() == std::this_thread::get_id();
}

bool Database::Implementation::reads_own_writes() const noexcept {
  const bool raw_transaction =
      transaction_thread_.load() == std::thread::id() && app_.in_transaction();
  return in_own_transaction() || raw_transaction;
}

std::optional<Rows> Database::Implementation::query_reader(std::string_view sql,
                                                           const std::vector<Value>& arguments) {
  storage::ReaderLease reader = readers_->lease();
  sqlite::Statement statement;
  try {
    statement = sqlite::Statement(reader->connection.raw(), sql, false);
  } catch (const Error&) {
    return std::nullopt;  // perhaps a TEMP or attached table: the app's connection will tell
  }
  if (sqlite3_stmt_readonly(statement.raw()) == 0) return std::nullopt;
  bind_all(statement, sql, arguments);
  Rows rows = storage::read_rows(statement);
  statement = {};
  return rows;
}

Rows Database::Implementation::query_app(std::string_view sql,
                                         const std::vector<Value>& arguments) {
  const AppLock lock(*this);
  check_transaction();
  app_capture_->take_error();
  try {
    sqlite::Using statement(prepared(sql));
    bind_all(*statement, sql, arguments);
    return storage::read_rows(*statement);
  } catch (const Error& error) {
    rethrow(error);
  }
}

Rows Database::Implementation::query(std::string_view sql, const std::vector<Value>& arguments) {
  if (!reads_own_writes() && !is_pragma(sql)) {
    if (auto rows = query_reader(sql, arguments)) return std::move(*rows);
  }
  return query_app(sql, arguments);
}

void Database::Implementation::transaction(const std::function<void()>& work) {
  const AppLock lock(*this);
  check_transaction();
  const bool outermost = !app_.in_transaction();
  const std::string savepoint = "rill_" + std::to_string(transaction_depth_);
  app_.execute(outermost ? "BEGIN IMMEDIATE" : "SAVEPOINT " + savepoint);
  const std::thread::id before = transaction_thread_.exchange(std::this_thread::get_id());
  ++transaction_depth_;
  const auto leave = [&] {
    --transaction_depth_;
    transaction_thread_.store(before);
    if (transaction_depth_ == 0) transaction_failure_.reset();
  };
  try {
    work();
    // SQLite ends all of a transaction when the disk fails; what came after would stand by itself.
    check_transaction();
    app_capture_->take_error();
    try {
      app_.execute(outermost ? "COMMIT" : "RELEASE " + savepoint);
    } catch (const Error& error) {
      rethrow(error);
    }
    leave();
  } catch (...) {
    if (app_.in_transaction()) {
      const std::string undo =
          outermost ? "ROLLBACK" : "ROLLBACK TO " + savepoint + "; RELEASE " + savepoint;
      sqlite3_exec(app_.raw(), undo.c_str(), nullptr, nullptr, nullptr);
    }
    leave();
    throw;
  }
}

std::uint32_t Database::Implementation::schema_version() {
  const AppLock lock(*this);
  return static_cast<std::uint32_t>(app_.integer("SELECT schema_version FROM main.rill_file"));
}

void Database::Implementation::migrate(std::uint32_t version,
                                       const std::function<void(Schema&)>& change) {
  const AppLock lock(*this);
  if (version == 0) throw Error(ErrorCode::invalid_argument, "schema versions start at 1");
  if (app_.in_transaction()) {
    throw Error(ErrorCode::invalid_argument, "migrate() must not run inside a transaction");
  }
  if (schema_version() >= version) return;
  const storage::MigrationPragmas pragmas(app_);
  try {
    run_migration(version, change);
  } catch (...) {
    app_capture_->reload_catalog();  // what was undone is no longer there
    throw;
  }
}

void Database::Implementation::run_migration(std::uint32_t version,
                                             const std::function<void(Schema&)>& change) {
  sqlite::Transaction transaction(app_, sqlite::Transaction::Kind::immediate);
  if (schema_version() >= version) return;  // another process was first
  refresh_catalog();
  check_capture(app_, *app_capture_->catalog());
  SchemaWriter writer(app_, *app_capture_, registry_);
  Schema schema(writer);
  change(schema);
  writer.finish();
  check_foreign_keys(app_);
  app_.cached("UPDATE main.rill_file SET schema_version = ?").bind(1, version).run();
  transaction.commit();
}

void Database::Implementation::refresh_catalog() {
  const std::int64_t generation = app_.integer("SELECT generation FROM main.rill_clock");
  if (app_capture_->catalog()->generation() != generation) app_capture_->reload_catalog();
}

bool Database::Implementation::resolve(std::string_view table, const std::vector<Value>& key,
                                       std::string_view column) {
  bool resolved = false;
  transaction([&] {
    refresh_catalog();
    resolved = storage::resolve_column(app_, *app_capture_, table, key, column);
  });
  return resolved;
}

}  // namespace rill
