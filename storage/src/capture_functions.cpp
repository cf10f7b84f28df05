#include <string>

#include "capture.hpp"
#include "rill/delta.hpp"

// The SQL face of `Capture`: one function per call, and the virtual table `rill_txn`.

namespace rill::storage {
namespace {

Capture& capture_of(sqlite3_context* context) {
  return *static_cast<Capture*>(sqlite3_user_data(context));
}

/// Runs `body`, passing errors to SQLite as text and to the capture as they are.
template <typename Body>
void guarded(sqlite3_context* context, Body body) {
  try {
    body(capture_of(context));
  } catch (const Error& error) {
    capture_of(context).raised(error);
    sqlite3_result_error(context, error.what(), -1);
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

std::int64_t integer(sqlite3_value* value) { return sqlite3_value_int64(value); }

std::size_t size(sqlite3_value* value) { return static_cast<std::size_t>(integer(value)); }

void result_blob(sqlite3_context* context, std::string_view bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

std::vector<Value> values_of(sqlite3_value** arguments, std::size_t count) {
  std::vector<Value> values;
  values.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    values.push_back(sqlite::value_of(arguments[index]));
  }
  return values;
}

/// rill_next_seq(file)
void next_seq(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    sqlite3_result_int64(context, capture.next_seq(integer(arguments[0])));
  });
}

/// rill_inserted(file, table)
void inserted(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    result_blob(context, capture.inserted_meta(integer(arguments[0]), integer(arguments[1])));
  });
}

/// rill_changed(file, table, new meta, offset, key size, key…, old, new, old, new, …)
void changed(sqlite3_context* context, int count, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const std::size_t keys = size(arguments[4]);
    ChangedCall call;
    call.file = integer(arguments[0]);
    call.table = integer(arguments[1]);
    call.new_meta = sqlite::bytes_of(arguments[2]);
    call.offset = size(arguments[3]);
    call.keys = arguments + 5;
    call.key_columns = keys;
    call.pairs = arguments + 5 + keys;
    call.columns = (static_cast<std::size_t>(count) - 5 - keys) / 2;
    sqlite3_result_int(context, capture.changed(call) ? 1 : 0);
  });
}

/// rill_edited(0: seq, 1: meta, 2: text)
void edited(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const Capture::RowEdit& edit = capture.edited();
    const std::int64_t part = integer(arguments[0]);
    if (part == 0) return sqlite3_result_int64(context, edit.seq);
    if (part == 1) return result_blob(context, edit.meta);
    // It lives as long as the statement.
    sqlite3_result_text64(context, edit.value.data(), edit.value.size(), SQLITE_STATIC,
                          SQLITE_UTF8);
  });
}

/// rill_stamped_seq(old seq)
void stamped_seq(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    sqlite3_result_int64(context, capture.stamped_seq(integer(arguments[0])));
  });
}

/// rill_stamped_meta(old meta)
void stamped_meta(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    result_blob(context, capture.stamped_meta(sqlite::bytes_of(arguments[0])));
  });
}

/// rill_differs(table, seq, values with a normal form…)
void differs(sqlite3_context* context, int count, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const bool result =
        capture.differs(integer(arguments[0]), integer(arguments[1]), arguments + 2, count - 2);
    sqlite3_result_int(context, result ? 1 : 0);
  });
}

/// rill_normal(table, column, seq, value)
void normal(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    sqlite::set_result(
        context,
        capture.normal_value(integer(arguments[0]), static_cast<ColumnId>(integer(arguments[1])),
                             integer(arguments[2]), sqlite::value_of(arguments[3])));
  });
}

/// rill_erasing(file, table, old meta)
void erasing(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const bool captured = capture.erasing(integer(arguments[0]), integer(arguments[1]),
                                          sqlite::bytes_of(arguments[2]));
    sqlite3_result_int(context, captured ? 1 : 0);
  });
}

/// rill_rekeying(file, table, old meta, whether the key is the same)
void rekeying(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const bool captured =
        capture.rekeying(integer(arguments[0]), integer(arguments[1]),
                         sqlite::bytes_of(arguments[2]), integer(arguments[3]) != 0);
    sqlite3_result_int(context, captured ? 1 : 0);
  });
}

/// rill_erased(old meta)
void erased(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    result_blob(context, capture.erased_meta(sqlite::bytes_of(arguments[0])));
  });
}

/// rill_resolved(file, column, old meta)
void resolved(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    result_blob(context, capture.resolved_meta(integer(arguments[0]),
                                               static_cast<ColumnId>(integer(arguments[1])),
                                               sqlite::bytes_of(arguments[2])));
  });
}

/// rill_key(key…)
void key(sqlite3_context* context, int count, sqlite3_value** arguments) {
  guarded(context, [&](Capture& /*capture*/) {
    result_blob(context, encode_key(values_of(arguments, static_cast<std::size_t>(count))));
  });
}

/// rill_image(table, offset, key size, key…, values…)
void image(sqlite3_context* context, int count, sqlite3_value** arguments) {
  guarded(context, [&](Capture& capture) {
    const std::size_t keys = size(arguments[2]);
    ImageCall call;
    call.table = integer(arguments[0]);
    call.offset = size(arguments[1]);
    call.keys = arguments + 3;
    call.key_columns = keys;
    call.values = arguments + 3 + keys;
    call.columns = static_cast<std::size_t>(count) - 3 - keys;
    result_blob(context, capture.image(call));
  });
}

/// rill_applying()
void applying(sqlite3_context* context, int /*count*/, sqlite3_value** /*arguments*/) {
  sqlite3_result_int(context, capture_of(context).applying() ? 1 : 0);
}

// The virtual table: always empty, never stored; it is there for its transaction methods.

struct TransactionTable {
  sqlite3_vtab base;
  Capture* capture;
};

Capture& capture_of(sqlite3_vtab* table) {
  return *reinterpret_cast<TransactionTable*>(table)->capture;
}

int connect(sqlite3* db, void* client, int /*argc*/, const char* const* /*argv*/,
            sqlite3_vtab** table, char** /*error*/) {
  const int result_code = sqlite3_declare_vtab(db, "CREATE TABLE x(unused)");
  if (result_code != SQLITE_OK) return result_code;
  auto* made = new TransactionTable{{}, static_cast<Capture*>(client)};
  *table = &made->base;
  sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<TransactionTable*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab* /*table*/, sqlite3_index_info* info) {
  info->estimatedCost = 1;
  info->estimatedRows = 1;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab* /*table*/, sqlite3_vtab_cursor** cursor) {
  *cursor = new sqlite3_vtab_cursor{};
  return SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete cursor;
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* /*cursor*/, int /*index*/, const char* /*name*/, int /*argc*/,
           sqlite3_value** /*argv*/) {
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* /*cursor*/) { return SQLITE_OK; }

int at_end(sqlite3_vtab_cursor* /*cursor*/) { return 1; }

int column(sqlite3_vtab_cursor* /*cursor*/, sqlite3_context* /*context*/, int /*column*/) {
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* /*cursor*/, sqlite3_int64* value) {
  *value = 0;
  return SQLITE_OK;
}

int update(sqlite3_vtab* /*table*/, int /*argc*/, sqlite3_value** /*argv*/,
           sqlite3_int64* /*rowid*/) {
  return SQLITE_READONLY;
}

int begin(sqlite3_vtab* /*table*/) { return SQLITE_OK; }

int sync(sqlite3_vtab* table) {
  const int result_code = capture_of(table).write_clock();
  const std::optional<Error>& error = capture_of(table).error();
  if (result_code != SQLITE_OK && error) {
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", error->what());
  }
  return result_code;
}

int commit(sqlite3_vtab* table) {
  capture_of(table).committed();
  return SQLITE_OK;
}

int rollback(sqlite3_vtab* table) {
  capture_of(table).rolled_back();
  return SQLITE_OK;
}

int begin_savepoint(sqlite3_vtab* table, int number) {
  if (Tripwire* tripwire = capture_of(table).tripwire()) tripwire->begin_savepoint(number);
  return SQLITE_OK;
}

int release_savepoint(sqlite3_vtab* table, int number) {
  if (Tripwire* tripwire = capture_of(table).tripwire()) tripwire->release_savepoint(number);
  return SQLITE_OK;
}

int roll_back_to_savepoint(sqlite3_vtab* table, int number) {
  if (Tripwire* tripwire = capture_of(table).tripwire()) tripwire->roll_back_to_savepoint(number);
  return SQLITE_OK;
}

const sqlite3_module& transaction_module() {
  static const sqlite3_module kModule = [] {
    sqlite3_module made{};
    made.iVersion = 2;        // with savepoints
    made.xConnect = connect;  // without xCreate the table is eponymous: no CREATE, no schema
    made.xDisconnect = disconnect;
    made.xBestIndex = best_index;
    made.xOpen = open_cursor;
    made.xClose = close_cursor;
    made.xFilter = filter;
    made.xNext = next;
    made.xEof = at_end;
    made.xColumn = column;
    made.xRowid = rowid;
    made.xUpdate = update;
    made.xBegin = begin;
    made.xSync = sync;
    made.xCommit = commit;
    made.xRollback = rollback;
    made.xSavepoint = begin_savepoint;
    made.xRelease = release_savepoint;
    made.xRollbackTo = roll_back_to_savepoint;
    return made;
  }();
  return kModule;
}

using Function = void (*)(sqlite3_context*, int, sqlite3_value**);

void add_function(sqlite::Connection& connection, Capture& capture, const char* name, int count,
                  Function function) {
  const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
  if (sqlite3_create_function_v2(connection.raw(), name, count, flags, &capture, function, nullptr,
                                 nullptr, nullptr) != SQLITE_OK) {
    throw sqlite::error_of(connection.raw(), std::string("registering ") + name);
  }
}

}  // namespace

void register_capture(sqlite::Connection& connection, Capture& capture) {
  add_function(connection, capture, "rill_next_seq", 1, next_seq);
  add_function(connection, capture, "rill_inserted", 2, inserted);
  add_function(connection, capture, "rill_changed", -1, changed);
  add_function(connection, capture, "rill_edited", 1, edited);
  add_function(connection, capture, "rill_stamped_seq", 1, stamped_seq);
  add_function(connection, capture, "rill_stamped_meta", 1, stamped_meta);
  add_function(connection, capture, "rill_differs", -1, differs);
  add_function(connection, capture, "rill_normal", 4, normal);
  add_function(connection, capture, "rill_erasing", 3, erasing);
  add_function(connection, capture, "rill_rekeying", 4, rekeying);
  add_function(connection, capture, "rill_erased", 1, erased);
  add_function(connection, capture, "rill_resolved", 3, resolved);
  add_function(connection, capture, "rill_key", -1, key);
  add_function(connection, capture, "rill_image", -1, image);
  add_function(connection, capture, "rill_applying", 0, applying);
  if (sqlite3_create_module_v2(connection.raw(), "rill_txn", &transaction_module(), &capture,
                               nullptr) != SQLITE_OK) {
    throw sqlite::error_of(connection.raw(), "registering rill_txn");
  }
}

}  // namespace rill::storage
