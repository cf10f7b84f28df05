#include "oracle/site.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <utility>

#include "oracle/random.hpp"
#include "rill/delta.hpp"

namespace oracle {
namespace {

constexpr std::uint32_t kOlderVersion = 1;
constexpr std::uint32_t kCurrentVersion = 2;

/// Ends a transaction that is to leave nothing.
struct Undone {};

void bind(sqlite3_stmt* statement, int index, const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_bind_double(statement, index, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()),
                      SQLITE_TRANSIENT);
  } else if (const auto* blob = std::get_if<Bytes>(&cell)) {
    sqlite3_bind_blob(statement, index, blob->bytes.data(), static_cast<int>(blob->bytes.size()),
                      SQLITE_TRANSIENT);
  }
}

std::string as_string(const rill::Blob& blob) {
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

rill::Blob as_blob(const std::string& bytes) {
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

Outcome outcome_of(const rill::Error& error) {
  return {false, std::string(rill::to_string(error.code())) + ": " + error.what(), true};
}

/// Whether the statement or its values may be to blame.
bool blames_statement(const rill::Error& error) {
  return error.code() == rill::ErrorCode::constraint || error.code() == rill::ErrorCode::bad_value;
}

/// Runs one statement through the raw handle.
Outcome execute_by_handle(sqlite3* handle, const Sql& sql) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(handle, sql.text.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
    return {false, sqlite3_errmsg(handle), false};
  }
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(prepared,
                                                                             sqlite3_finalize);
  for (std::size_t i = 0; i < sql.arguments.size(); ++i) {
    bind(prepared, static_cast<int>(i + 1), sql.arguments[i]);
  }
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(prepared);
  if (code == SQLITE_DONE) return {true, {}, true};
  const int kind = code & 0xff;
  const bool expected = kind == SQLITE_CONSTRAINT || kind == SQLITE_ERROR;
  return {false, sqlite3_errmsg(handle), expected};
}

}  // namespace

Vector vector_of(const rill::VersionVector& vector) {
  Vector out;
  for (const auto& [replica, counter] : vector) out[replica.bytes] = counter;
  return out;
}

bool covered(const Vector& left, const Vector& right) {
  return std::all_of(left.begin(), left.end(), [&](const auto& item) {
    const auto found = right.find(item.first);
    return found != right.end() && found->second >= item.second;
  });
}

void merge_into(Vector& left, const Vector& right) {
  for (const auto& [replica, counter] : right) {
    left[replica] = std::max(left[replica], counter);
  }
}

Vector common(const Vector& left, const Vector& right) {
  Vector both;
  for (const auto& [replica, counter] : left) {
    const auto found = right.find(replica);
    if (found != right.end()) both[replica] = std::min(counter, found->second);
  }
  return both;
}

Cell cell_of(const rill::Value& value) {
  switch (value.type()) {
    case rill::Value::Type::integer:
      return value.integer();
    case rill::Value::Type::real:
      return value.real();
    case rill::Value::Type::text:
      return value.text();
    case rill::Value::Type::blob:
      return Bytes{as_string(value.blob())};
    default:
      return {};
  }
}

rill::Value value_of(const Cell& cell) {
  return std::visit(
      [](const auto& held) -> rill::Value {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::monostate>) {
          return {};
        } else if constexpr (std::is_same_v<std::decay_t<decltype(held)>, Bytes>) {
          return as_blob(held.bytes);
        } else {
          return held;
        }
      },
      cell);
}

Site::Site(const Plan& plan, std::size_t number, std::filesystem::path path,
           rill::DatabaseOptions options)
    : plan_(plan),
      device_(plan.devices[number]),
      path_(std::move(path)),
      wall_clock_(std::make_shared<PuppetClock>()),
      options_(std::move(options)),
      current_schema_(device_.current_schema) {
  options_.clock = wall_clock_;
  options_.executor = [](const std::function<void()>& work) { work(); };
}

void Site::open() {
  database_ = std::make_unique<rill::Database>(path_, options_);
  register_rules(*database_);
  if (device_.current_schema) {
    database_->migrate(kCurrentVersion, [&](rill::Schema& schema) {
      create_schema(schema, plan_.shape, true, false);
    });
  } else {
    database_->migrate(kOlderVersion, [&](rill::Schema& schema) {
      create_schema(schema, plan_.shape, false, false);
    });
    if (current_schema_) adopt();
  }
  if (id_ == ReplicaBytes()) id_ = database_->id().bytes;
}

void Site::adopt() {
  current_schema_ = true;
  database_->migrate(kCurrentVersion,
                     [&](rill::Schema& schema) { create_schema(schema, plan_.shape, true, true); });
}

void Site::restart() {
  database_.reset();
  open();
  if (database_->id().bytes != id_) {
    throw std::runtime_error("the file has another replica id after a restart");
  }
}

void Site::set_time(std::uint64_t world_ms) {
  set_wall(
      static_cast<std::uint64_t>(static_cast<std::int64_t>(world_ms) + device_.clock_offset_ms));
}

void Site::set_wall(std::uint64_t wall_ms) {
  wall_ms_ = wall_ms;
  wall_clock_->set(wall_ms_);
}

Outcome Site::execute(const Sql& sql) {
  if (device_.raw) return execute_by_handle(database_->handle(), sql);
  std::vector<rill::Value> arguments;
  arguments.reserve(sql.arguments.size());
  for (const Cell& cell : sql.arguments) arguments.push_back(value_of(cell));
  try {
    database_->execute_values(sql.text, arguments);
    return {true, {}, true};
  } catch (const rill::Error& error) {
    if (!blames_statement(error)) throw;
    return outcome_of(error);
  }
}

void Site::raw(const std::string& sql) {
  char* message = nullptr;
  if (sqlite3_exec(database_->handle(), sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK)
    return;
  const std::string text = message == nullptr ? "unknown error" : message;
  sqlite3_free(message);
  throw std::runtime_error(sql + ": " + text);
}

void Site::transaction_by_handle(const Step& step, const std::function<void(const Block&)>& run) {
  raw("BEGIN");
  for (const Block& block : step.blocks) {
    if (block.savepoint) raw("SAVEPOINT s");
    run(block);
    if (block.undone) raw("ROLLBACK TO s");
    if (block.savepoint) raw("RELEASE s");
  }
  raw(step.aborted ? "ROLLBACK" : "COMMIT");
}

void Site::transaction(const Step& step, const std::function<void(const Block&)>& run) {
  if (step.autocommit) return run(step.blocks.front());
  if (device_.raw) return transaction_by_handle(step, run);
  try {
    database_->transaction([&] {
      for (const Block& block : step.blocks) {
        if (!block.savepoint) {
          run(block);
          continue;
        }
        try {
          database_->transaction([&] {
            run(block);
            if (block.undone) throw Undone{};
          });
        } catch (const Undone&) {
          continue;
        }
      }
      if (step.aborted) throw Undone{};
    });
  } catch (const Undone&) {
    return;
  }
}

std::map<std::size_t, std::vector<Cell>> Site::rows(const Table& table, const KeySpace& keys) {
  const auto names = keys.columns(table);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  for (const Column& column : table.columns) {
    if (knows(current_schema_, table, column)) list += ", " + column.name;
  }
  const rill::Rows rows = database_->query("SELECT " + list + " FROM " + table.name + " WHERE " +
                                           keys.condition(table));
  std::map<std::size_t, std::vector<Cell>> shown;
  for (const rill::Row& row : rows) {
    std::vector<Cell> cells;
    cells.reserve(row.size());
    for (const rill::Value& value : row.values()) cells.push_back(cell_of(value));
    const auto end_of_key = cells.begin() + static_cast<std::ptrdiff_t>(names.size());
    const std::size_t key = keys.number(table, {cells.begin(), end_of_key});
    cells.erase(cells.begin(), end_of_key);
    shown[key] = std::move(cells);
  }
  return shown;
}

std::int64_t Site::kept_texts(const Table& table, const Column& column,
                              const std::vector<Cell>& key) {
  std::vector<rill::Value> values;
  values.reserve(key.size());
  for (const Cell& cell : key) values.push_back(value_of(cell));
  const rill::Rows rows = database_->query(
      "SELECT count(*) FROM rill_text, rill_column c USING(tbl) WHERE col = c.id AND c.name = ? "
      "AND "
      "tbl = (SELECT id FROM rill_table WHERE name = ?) AND key = ?",
      column.name, table.name, as_blob(rill::encode_key(values)));
  return rows.front()[0].integer();
}

}  // namespace oracle
