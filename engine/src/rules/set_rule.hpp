#pragma once

#include "rill/rule.hpp"

namespace rill {

/// The array sorted (null, false, true, numbers, strings), without duplicates, as minimal text;
/// `[]` for NULL. Throws `Error{bad_value}` for anything but a JSON array of scalars.
Value set_normal_form(const Value& written);

/// The entries of a set that one event wrote from nothing.
Entries set_written_at_once(const Value& value, const Stamp& stamp);

/// Records the elements that were added and removed.
void record_set_change(SetBias bias, Entries& entries, const Value& old_value,
                       const Value& new_value, const Stamp& stamp);

/// The elements that stand. Precondition: there are entries.
Value show_set(SetBias bias, const Entries& entries);

}  // namespace rill
