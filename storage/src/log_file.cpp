#include "log_file.hpp"

#include <algorithm>
#include <vector>

namespace rill::storage {
namespace {

void check(int result_code,
           const char* attempt = "rewriting the log of the database after a failed fsync") {
  if (result_code == SQLITE_OK) return;
  throw Error(sqlite::code_of(result_code),
              std::string(attempt) + ": " + sqlite3_errstr(result_code) +
                  " (nothing is lost so far; check the disk, then try again)");
}

/// Null if there is no log.
sqlite3_file* log_of(sqlite::Connection& connection) {
  sqlite3_file* log = nullptr;
  check(sqlite3_file_control(connection.raw(), "main", SQLITE_FCNTL_JOURNAL_POINTER,
                             static_cast<void*>(&log)));
  return log == nullptr || log->pMethods == nullptr ? nullptr : log;
}

/// Writes every byte of the log anew, as it is.
void rewrite_log(sqlite::Connection& connection) {
  constexpr sqlite3_int64 kBlockBytes = 65'536;
  sqlite3_file* log = log_of(connection);
  if (log == nullptr) return;
  sqlite3_int64 size = 0;
  check(log->pMethods->xFileSize(log, &size));
  std::vector<char> block(static_cast<std::size_t>(kBlockBytes));
  for (sqlite3_int64 offset = 0; offset < size; offset += kBlockBytes) {
    const int bytes = static_cast<int>(std::min(kBlockBytes, size - offset));
    check(log->pMethods->xRead(log, block.data(), bytes, offset));
    check(log->pMethods->xWrite(log, block.data(), bytes, offset));
  }
}

}  // namespace

LogDoubt::Mark mend_log(sqlite::Connection& connection, const LogDoubt& doubt) {
  const LogDoubt::Mark mark = doubt.mark();
  if (doubt.exists()) rewrite_log(connection);
  return mark;
}

bool has_log(sqlite::Connection& connection) {
  sqlite3_file* log = log_of(connection);
  if (log == nullptr) return false;
  sqlite3_int64 size = 0;
  check(log->pMethods->xFileSize(log, &size), "looking at the log of the database");
  return size > 0;
}

void sync_log(sqlite::Connection& connection) {
  sqlite3_file* log = log_of(connection);
  if (log == nullptr) return;
  check(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL),
        "putting the log of the database on the disk");
}

}  // namespace rill::storage
