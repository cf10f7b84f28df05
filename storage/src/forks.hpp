#pragma once

#include "rill/fork.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The certificates that the file has. Throws `Error{corrupt}`.
Forks read_forks(sqlite::Connection& connection);
/// Adds what of `forks` the file lacks, in the transaction that the caller holds. Events are to be
/// renamed in the same (`ForkRenamer`).
void write_forks(sqlite::Connection& connection, const Forks& forks);

}  // namespace rill::storage
