#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "catalog.hpp"
#include "interner.hpp"
#include "rill/change_set.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// What the conflict list needs of the connection it is read on.
struct ConflictSource {
  sqlite::Connection& connection;
  Interner& interner;
  /// The catalog of the connection's present snapshot.
  std::function<std::shared_ptr<const Catalog>()> catalog;
};

/// The columns in conflict, by table and key. Costs one look-up per row that ever was in conflict
/// and has not been merged since.
std::vector<ConflictRecord> read_conflicts(const ConflictSource& source);

/// Registers the read-only table `rill_conflicts` on the source's connection.
void register_conflicts(std::shared_ptr<ConflictSource> source);

}  // namespace rill::storage
