#pragma once

#include "sqlite.hpp"

namespace rill::storage {

/// Sets a connection up for changing tables, which must happen outside a transaction, and back.
class MigrationPragmas {
 public:
  explicit MigrationPragmas(sqlite::Connection& connection)
      : connection_(connection), foreign_keys_(connection.integer("PRAGMA foreign_keys") != 0) {
    connection.execute("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON");
  }
  ~MigrationPragmas() {
    const char* sql = foreign_keys_ ? "PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON"
                                    : "PRAGMA legacy_alter_table = OFF";
    sqlite3_exec(connection_.raw(), sql, nullptr, nullptr, nullptr);
  }
  MigrationPragmas(const MigrationPragmas&) = delete;
  MigrationPragmas& operator=(const MigrationPragmas&) = delete;

 private:
  sqlite::Connection& connection_;
  bool foreign_keys_;
};

}  // namespace rill::storage
