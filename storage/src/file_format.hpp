#pragma once

#include <cstdint>

#include "identity.hpp"
#include "rill/environment.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The version of Rill's own tables that this library writes.
inline constexpr std::int64_t kFormat = 3;

/// Whether Rill's tables stand in the file, checked to be of a version this library can use.
/// Throws `Error{newer_format}`, having touched nothing.
bool has_format(sqlite::Connection& connection);

/// Creates Rill's tables and the file's replica id, witnessed by `identity`, in a transaction of
/// its own, unless they are there.
void create_format(sqlite::Connection& connection, RandomSource& random, const Identity& identity);

/// Brings the tables of an older format to the present one, in a transaction of its own.
void upgrade_format(sqlite::Connection& connection);

}  // namespace rill::storage
