#pragma once

#include <string>

#include "extract.hpp"

namespace rill::storage {

/// The digest of the live rows of a snapshot: see `Database::digest`.
std::string digest_of(Reader& reader);

}  // namespace rill::storage
