#pragma once

#include <string>
#include <vector>

namespace rill::testing {

/// What is wrong with a database file: SQLite's integrity_check, and the invariants 1 to 6 of
/// storage/README.md. Empty if nothing is. The database may be open.
std::vector<std::string> broken_invariants(const std::string& path, const std::string& vfs);

}  // namespace rill::testing
