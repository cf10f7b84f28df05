#pragma once

#include <vector>

#include "extract.hpp"
#include "rill/finding.hpp"

namespace rill::storage {

/// Holds the file, as of the reader's snapshot, against every invariant of storage/README.md that
/// can be checked; at most `kMaxFindings`.
std::vector<Finding> check_file(Reader& reader);

}  // namespace rill::storage
