#include "sqlite.hpp"

#include <utility>

namespace rill::sqlite {
namespace {

std::string context_of(sqlite3* db, std::string_view context) {
  std::string message(context);
  if (!message.empty()) message += ": ";
  message += db != nullptr ? sqlite3_errmsg(db) : "out of memory";
  return message;
}

std::string advice_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::busy:
      return " (another connection is writing; end its transaction or try again)";
    case ErrorCode::disk_full:
      return " (the transaction was rolled back; free some space and try again)";
    case ErrorCode::io:
      return " (check the disk and its limits, then try again)";
    case ErrorCode::read_only:
      return " (check the permissions of the file and of its folder)";
    case ErrorCode::not_a_database:
      return " (choose another path, or restore the file from a backup)";
    case ErrorCode::corrupt:
      return " (restore the file from a backup, or sync into a new one)";
    default:
      return {};
  }
}

std::string_view view_of(const void* data, int size) {
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

}  // namespace

ErrorCode code_of(int result_code) noexcept {
  switch (result_code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::busy;
    case SQLITE_FULL:
      return ErrorCode::disk_full;
    case SQLITE_IOERR:
      return ErrorCode::io;
    case SQLITE_CORRUPT:
      return ErrorCode::corrupt;
    case SQLITE_NOTADB:
      return ErrorCode::not_a_database;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return ErrorCode::read_only;
    case SQLITE_CANTOPEN:
      return ErrorCode::cannot_open;
    case SQLITE_CONSTRAINT:
      return ErrorCode::constraint;
    case SQLITE_TOOBIG:
      return ErrorCode::too_large;
    case SQLITE_INTERRUPT:
      return ErrorCode::interrupted;
    default:
      return ErrorCode::sql;
  }
}

Error error_with_advice(ErrorCode code, std::string message) {
  const std::string advice = advice_for(code);
  // An error of Rill's own that came through SQLite brings its advice along.
  if (!message.ends_with(advice)) message += advice;
  return Error(code, message);
}

Error error_of(sqlite3* db, std::string_view context) {
  const ErrorCode code = db != nullptr ? code_of(sqlite3_errcode(db)) : ErrorCode::io;
  return error_with_advice(code, context_of(db, context));
}

Value value_of(sqlite3_value* value) { return view_of(value).copy(); }

ValueView view_of(sqlite3_value* value) {
  ValueView view;
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      view.type = Value::Type::integer;
      view.integer = sqlite3_value_int64(value);
      break;
    case SQLITE_FLOAT:
      view.type = Value::Type::real;
      view.real = sqlite3_value_double(value);
      break;
    case SQLITE_TEXT:
      view.type = Value::Type::text;
      view.bytes = view_of(sqlite3_value_text(value), sqlite3_value_bytes(value));
      break;
    case SQLITE_BLOB:
      view.type = Value::Type::blob;
      view.bytes = view_of(sqlite3_value_blob(value), sqlite3_value_bytes(value));
      break;
    default:
      break;
  }
  return view;
}

std::string_view bytes_of(sqlite3_value* value) {
  const void* data = sqlite3_value_type(value) == SQLITE_TEXT
                         ? static_cast<const void*>(sqlite3_value_text(value))
                         : sqlite3_value_blob(value);
  return view_of(data, sqlite3_value_bytes(value));
}

void set_result(sqlite3_context* context, const Value& value) {
  switch (value.type()) {
    case Value::Type::null:
      return sqlite3_result_null(context);
    case Value::Type::integer:
      return sqlite3_result_int64(context, value.integer());
    case Value::Type::real:
      return sqlite3_result_double(context, value.real());
    case Value::Type::text:
      return sqlite3_result_text64(context, value.text().data(), value.text().size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8);
    case Value::Type::blob:
      return sqlite3_result_blob64(context, value.blob().data(), value.blob().size(),
                                   SQLITE_TRANSIENT);
  }
}

Statement::Statement(sqlite3* db, std::string_view sql, bool persistent) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const unsigned flags = persistent ? SQLITE_PREPARE_PERSISTENT : 0;
  const int result_code =
      sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), flags, &statement, &rest);
  statement_.reset(statement);
  if (result_code != SQLITE_OK) throw error_of(db, "in \"" + std::string(sql) + "\"");
  if (statement == nullptr) throw Error(ErrorCode::sql, "the SQL text holds no statement");
  const std::string_view tail(rest, sql.size() - static_cast<std::size_t>(rest - sql.data()));
  if (tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    throw Error(ErrorCode::sql, "one statement at a time: found more after the first in \"" +
                                    std::string(sql) + "\"");
  }
}

void Statement::check(int result_code, std::string_view what) const {
  if (result_code == SQLITE_OK) return;
  throw error_of(sqlite3_db_handle(raw()), std::string(what) + " \"" + sqlite3_sql(raw()) + "\"");
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(raw(), index, value), "binding a parameter of");
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  check(sqlite3_bind_text64(raw(), index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8),
        "binding a parameter of");
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  check(sqlite3_bind_blob64(raw(), index, data, bytes.size(), SQLITE_STATIC),
        "binding a parameter of");
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_bind_null(raw(), index), "binding a parameter of");
  return *this;
}

Statement& Statement::bind_view(int index, const ValueView& value) {
  switch (value.type) {
    case Value::Type::null:
      return bind_null(index);
    case Value::Type::integer:
      return bind(index, value.integer);
    case Value::Type::real:
      check(sqlite3_bind_double(raw(), index, value.real), "binding a parameter of");
      return *this;
    case Value::Type::text:
      return bind_text(index, value.bytes);
    case Value::Type::blob:
      return bind_blob(index, value.bytes);
  }
  return *this;
}

bool Statement::step() {
  const int result_code = sqlite3_step(raw());
  if (result_code == SQLITE_ROW) return true;
  if (result_code == SQLITE_DONE) return false;
  Error error =
      error_of(sqlite3_db_handle(raw()), std::string("in \"") + sqlite3_sql(raw()) + "\"");
  reset();
  throw error;
}

void Statement::run() {
  while (step()) {
  }
  reset();
}

void Statement::reset() noexcept {
  sqlite3_reset(raw());
  sqlite3_clear_bindings(raw());
}

int Statement::column_count() const noexcept { return sqlite3_column_count(raw()); }

std::int64_t Statement::integer(int column) const noexcept {
  return sqlite3_column_int64(raw(), column);
}

// One call into the statement instead of three. The value is used at once, by the thread that has
// the connection to itself.
std::string_view Statement::bytes(int column) const {
  return bytes_of(sqlite3_column_value(raw(), column));
}

ValueView Statement::view(int column) const { return view_of(sqlite3_column_value(raw(), column)); }

bool Statement::is_null(int column) const noexcept {
  return sqlite3_column_type(raw(), column) == SQLITE_NULL;
}

std::string Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(raw(), column);
  return name != nullptr ? name : "";
}

Connection::Connection(const std::string& path, const OpenOptions& options) {
  int flags = SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  flags |= options.one_user ? SQLITE_OPEN_NOMUTEX : SQLITE_OPEN_FULLMUTEX;
  flags |= options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (options.create) flags |= SQLITE_OPEN_CREATE;
  sqlite3* db = nullptr;
  const char* vfs = options.vfs.empty() ? nullptr : options.vfs.c_str();
  const int result_code = sqlite3_open_v2(path.c_str(), &db, flags, vfs);
  db_.reset(db);
  if (result_code != SQLITE_OK) throw error_of(db, "cannot open " + path);
  sqlite3_busy_timeout(db, options.busy_timeout_ms);
}

Connection::~Connection() {
  // Statements go first, or the connection would linger as a zombie.
  statements_.clear();
}

void Connection::execute(const std::string& sql) {
  if (sqlite3_exec(raw(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw error_of(raw(), "in \"" + sql + "\"");
  }
}

Statement& Connection::cached(const std::string& sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) found = statements_.emplace(sql, Statement(raw(), sql)).first;
  found->second.reset();
  return found->second;
}

std::int64_t Connection::integer(const std::string& sql) {
  Using statement(cached(sql));
  if (!statement->step()) throw Error(ErrorCode::internal, "no row from \"" + sql + "\"");
  return statement->integer(0);
}

bool Connection::in_transaction() const noexcept { return sqlite3_get_autocommit(raw()) == 0; }

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
  connection_.cached(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE").run();
}

Transaction::~Transaction() {
  if (!open_ || !connection_.in_transaction()) return;
  sqlite3_exec(connection_.raw(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  connection_.cached("COMMIT").run();
  open_ = false;
}

std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char character : name) {
    text += character;
    if (character == '"') text += character;
  }
  return text + '"';
}

std::string literal(std::string_view text) {
  std::string quoted_text = "'";
  for (const char character : text) {
    quoted_text += character;
    if (character == '\'') quoted_text += character;
  }
  return quoted_text + '\'';
}

}  // namespace rill::sqlite
