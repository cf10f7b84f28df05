#pragma once

#include <memory>
#include <string>

#include "rill/database.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace rill::testing {

/// Everything `from` has that `to` lacks, in chunks of about `chunk_bytes`. Returns the rows
/// changed.
inline std::uint64_t pull(Database& to, Database& from, std::size_t chunk_bytes = 65'536) {
  const auto changes = from.changes_since(to.vector());
  ReceiveResult result;
  while (const auto chunk = changes->next(chunk_bytes)) result = to.receive(*chunk);
  return result.rows_changed;
}

inline void exchange(Database& left, Database& right) {
  pull(left, right);
  pull(right, left);
}

/// The usual options, but for the witness: it stands beside the file, not in the user's folder.
inline DatabaseOptions options_beside(const std::filesystem::path& path) {
  return {.witness = witness_files(path.parent_path() / "witness")};
}

/// A database in a folder with a clock of its own; `migrate` is the app.
struct Device {
  explicit Device(const std::filesystem::path& path)
      : options{.witness = witness_files(path.parent_path() / "witness"), .clock = clock},
        db(path, options) {}

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  DatabaseOptions options;
  Database db;
};

/// The table of most tests: one column for each of the usual rules.
inline void migrate_notes(Database& db) {
  db.migrate(1, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT DEFAULT 'empty', "
        "tags TEXT NOT NULL DEFAULT '[]', views INTEGER NOT NULL DEFAULT 0)");
    schema.replicate("notes", {{"tags", set()}, {"views", counter()}});
  });
}

/// The first value of a query's only row.
template <typename... Arguments>
Value value_of(Database& db, std::string_view sql, const Arguments&... arguments) {
  return db.query(sql, arguments...).front()[0];
}

}  // namespace rill::testing
