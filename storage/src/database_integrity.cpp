#include <string>

#include "capture_drift.hpp"
#include "database_implementation.hpp"
#include "integrity.hpp"
#include "migration_pragmas.hpp"
#include "rill/error.hpp"
#include "schema_writer.hpp"

namespace rill {

void Database::Implementation::check_capture(sqlite::Connection& connection,
                                             const storage::Catalog& catalog) {
  const std::int64_t version = connection.integer("PRAGMA main.schema_version");
  if (version == sound_schema_.load()) return;
  const std::vector<storage::TableDrift> drifts = storage::find_drift(connection, catalog);
  if (!drifts.empty()) throw storage::capture_lost(drifts.front());
  sound_schema_.store(version);
}

void Database::Implementation::recapture(std::string_view table) {
  const std::lock_guard lock(app_mutex_);
  if (app_.in_transaction()) {
    throw Error(ErrorCode::invalid_argument, "recapture() must not run inside a transaction");
  }
  app_capture_->take_error();
  const storage::MigrationPragmas pragmas(app_);
  try {
    sqlite::Transaction transaction(app_, sqlite::Transaction::Kind::immediate);
    SchemaWriter writer(app_, *app_capture_, registry_);
    writer.recapture(table);
    transaction.commit();
  } catch (const Error& error) {
    app_capture_->reload_catalog();  // what was undone is no longer there
    rethrow(error);
  }
}

std::vector<Finding> Database::Implementation::check() try {
  const storage::ReaderLease reader = readers_->snapshot();
  // A change that was not Rill's leaves the catalog's generation as it was.
  reader->catalog = load_catalog(reader->connection);
  return storage::check_file(*reader);
} catch (const Error& error) {
  if (error.code() != ErrorCode::corrupt) throw;
  return {{"", {}, error.what(), "restore the file from a backup, or sync into a new one"}};
}

}  // namespace rill
