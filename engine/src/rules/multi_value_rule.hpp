#pragma once

#include "rill/rule.hpp"

namespace rill {

/// An array's minimal text; any other value as an array of that one value; `[]` for NULL.
/// Throws `Error{bad_value}` for a BLOB, a number that JSON lacks, and text that is not UTF-8.
Value multi_value_normal_form(const Value& written);

/// The elements of all siblings, in dot order. Precondition: there is a sibling.
Value show_multi_value(const Entries& entries);

}  // namespace rill
