#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rill/error.hpp"
#include "rill/value.hpp"

namespace rill::sqlite {

/// An `Error` whose message ends in what to do about errors of that code.
[[nodiscard]] Error error_with_advice(ErrorCode code, std::string message);
/// The `Error` for what just failed on `db`: its code by SQLite's result code, its message
/// "<context>: <SQLite's words> (<advice>)".
[[nodiscard]] Error error_of(sqlite3* db, std::string_view context);
/// The Rill code for a SQLite result code.
[[nodiscard]] ErrorCode code_of(int result_code) noexcept;

/// A value as SQLite hands it to a function.
[[nodiscard]] Value value_of(sqlite3_value* value);
/// The same without a copy; valid as long as `value` is.
[[nodiscard]] ValueView view_of(sqlite3_value* value);
/// The same bytes without a copy; valid as long as `value` is.
[[nodiscard]] std::string_view bytes_of(sqlite3_value* value);
void set_result(sqlite3_context* context, const Value& value);

/// A prepared statement. Move-only; one user at a time.
class Statement {
 public:
  Statement() = default;
  /// Throws `Error` if `sql` does not compile, holds more than one statement, or none.
  Statement(sqlite3* db, std::string_view sql, bool persistent = true);

  /// Binds from 1 on. Text and blobs given as views must outlive the next `reset`.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::uint64_t value) {
    return bind(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, std::uint32_t value) {
    return bind(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind(int index, const Value& value) { return bind_view(index, ValueView::of(value)); }
  Statement& bind_view(int index, const ValueView& value);
  Statement& bind_null(int index);

  /// Whether there is a row. Throws `Error`.
  bool step();
  /// Runs to the end and resets. Throws `Error`.
  void run();
  void reset() noexcept;

  [[nodiscard]] int column_count() const noexcept;
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] std::uint64_t unsigned_integer(int column) const noexcept {
    return static_cast<std::uint64_t>(integer(column));
  }
  /// TEXT or BLOB bytes; valid until the next step or reset.
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] Value value(int column) const { return view(column).copy(); }
  /// The same without a copy; valid until the next step or reset.
  [[nodiscard]] ValueView view(int column) const;
  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::string column_name(int column) const;
  [[nodiscard]] sqlite3_stmt* raw() const noexcept { return statement_.get(); }
  explicit operator bool() const noexcept { return statement_ != nullptr; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  void check(int result_code, std::string_view what) const;

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a cached statement at the end of a scope, however that is left.
class Using {
 public:
  explicit Using(Statement& statement) : statement_(statement) {}
  ~Using() { statement_.reset(); }
  Using(const Using&) = delete;
  Using& operator=(const Using&) = delete;
  Statement* operator->() noexcept { return &statement_; }
  Statement& operator*() noexcept { return statement_; }

 private:
  Statement& statement_;
};

/// How a connection is opened.
struct OpenOptions {
  bool create = false;
  bool read_only = false;
  /// One thread at a time uses the connection: SQLite need not lock it at each call.
  bool one_user = false;
  std::string vfs;
  int busy_timeout_ms = 5'000;
};

/// One SQLite connection with a cache of its own statements. Move-only.
/// Thread safety: SQLite serialises calls, unless opened for one user; a cached statement has one
/// user at a time.
class Connection {
 public:
  Connection() = default;
  /// Throws `Error`: cannot_open, read_only, not_a_database, unsupported.
  Connection(const std::string& path, const OpenOptions& options);
  ~Connection();
  Connection(Connection&&) = default;
  Connection& operator=(Connection&&) = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs statements without parameters or results. Throws `Error`.
  void execute(const std::string& sql);
  /// The cached statement for `sql`, reset.
  Statement& cached(const std::string& sql);
  /// The first column of the first row, as an integer. Throws `Error{internal}` if there is none.
  std::int64_t integer(const std::string& sql);
  /// Finalizes all cached statements, as before a change of schema.
  void forget_statements() noexcept { statements_.clear(); }

  [[nodiscard]] std::size_t cached_statements() const noexcept { return statements_.size(); }
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] sqlite3* raw() const noexcept { return db_.get(); }
  explicit operator bool() const noexcept { return db_ != nullptr; }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };

  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<std::string, Statement> statements_;
};

/// BEGIN on construction, ROLLBACK on destruction unless committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t { read, immediate };

  Transaction(Connection& connection, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  bool open_ = true;
};

/// `name` as a quoted SQL identifier.
[[nodiscard]] std::string quoted(std::string_view name);
/// `text` as a SQL string literal.
[[nodiscard]] std::string literal(std::string_view text);

}  // namespace rill::sqlite
