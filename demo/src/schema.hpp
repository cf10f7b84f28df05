#pragma once

#include <cstdint>

namespace rill {
class Database;
}  // namespace rill

namespace notes {

/// The newest version of the app's schema; see `migrate_schema`.
inline constexpr std::uint32_t kSchemaVersion = 1;

/// Makes the app's rules known and brings the file's tables to `kSchemaVersion`.
/// Throws `rill::Error`, and `Failure` for a file that a newer version of the app has written.
void migrate_schema(rill::Database& database);

}  // namespace notes
