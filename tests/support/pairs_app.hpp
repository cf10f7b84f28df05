#pragma once

#include <string>

#include "rill/database.hpp"
#include "rill/error.hpp"

/// An app whose transactions write two rows and a counter together, so that whoever sees one
/// without the others has seen half a transaction.
namespace rill::testing {

inline void migrate_pairs(Database& db) {
  db.migrate(1, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE pairs(id TEXT PRIMARY KEY NOT NULL, other TEXT NOT NULL);"
        "CREATE TABLE totals(id INTEGER PRIMARY KEY NOT NULL, pairs INTEGER NOT NULL DEFAULT 0)");
    schema.replicate("pairs");
    schema.replicate("totals", {{"pairs", counter()}});
  });
}

/// Rows `name` and `name`', each naming the other, and one more in the total.
inline void write_pair(Database& db, const std::string& name) {
  db.transaction([&] {
    db.execute("INSERT INTO pairs(id, other) VALUES(?, ?)", name, name + "'");
    db.execute(
        "INSERT INTO totals(id, pairs) VALUES(1, 1) "
        "ON CONFLICT(id) DO UPDATE SET pairs = pairs + 1");
    db.execute("INSERT INTO pairs(id, other) VALUES(?, ?)", name + "'", name);
  });
}

/// Rows whose other half is not there: 0 unless half a transaction is seen.
inline std::int64_t half_pairs(Database& db) {
  return db
      .query(
          "SELECT count(*) FROM pairs WHERE NOT EXISTS(SELECT 1 FROM pairs AS half "
          "WHERE half.id = pairs.other)")
      .front()
      .get<std::int64_t>(0);
}

inline std::int64_t count_pairs(Database& db) {
  return db.query("SELECT count(*) / 2 FROM pairs").front().get<std::int64_t>(0);
}

/// Runs `work` again for as long as it throws `busy`.
template <typename Work>
void retry_busy(const Work& work) {
  for (;;) {
    try {
      work();
      return;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::busy) throw;
    }
  }
}

}  // namespace rill::testing
