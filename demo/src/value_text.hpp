#pragma once

#include <cstdint>
#include <string>

#include "rill/dot.hpp"
#include "rill/value.hpp"

namespace notes {

/// A value on one line: a number as it is, text in quotes; a long one by its beginning and its
/// length.
std::string quoted_value(const rill::Value& value);

/// As much of a replica's id as people compare: "3f2a…".
std::string short_name(const rill::ReplicaId& replica);

/// "512 bytes", "1.2 kB", "34.0 MB".
std::string byte_count(std::uint64_t bytes);

}  // namespace notes
