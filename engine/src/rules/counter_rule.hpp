#pragma once

#include "rill/rule.hpp"

namespace rill {

/// The number itself; 0 for NULL. Throws `Error{bad_value}` for anything else and for infinity.
Value counter_normal_form(const Value& written);

/// Adds NEW - OLD as one contribution, which takes in this replica's contributions that nobody has
/// seen. Throws `Error{bad_value}` if the difference cannot be represented; nothing is changed
/// then.
void record_counter_change(Entries& entries, const Value& old_value, const Value& new_value,
                           const LocalWrite& write);

/// The sum of the contributions. Precondition: there is one.
Value show_counter(const Entries& entries, const ShowContext& context);

}  // namespace rill
