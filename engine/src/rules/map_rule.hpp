#pragma once

#include "rill/rule.hpp"

namespace rill {

/// The object with its keys sorted, as minimal text; `{}` for NULL. Throws `Error{bad_value}` for
/// anything but a JSON object.
Value map_normal_form(const Value& written);

/// The entries of a map that one event wrote from nothing.
Entries map_written_at_once(const Value& value, const Stamp& stamp);

/// Records the leaves that were set and removed.
void record_map_change(Entries& entries, const Value& old_value, const Value& new_value,
                       const Stamp& stamp);

/// The object that the leaves make up. Precondition: there are entries.
Value show_map(const Entries& entries);

}  // namespace rill
