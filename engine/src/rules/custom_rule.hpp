#pragma once

#include "rill/rule.hpp"

namespace rill {

/// The function's result for several siblings, and the one value otherwise; `last_writer`'s choice
/// and a problem where the function is not registered, throws, or is seen to be impure.
/// Precondition: there is a sibling.
Value show_custom(const Rule& rule, const Entries& entries, const ShowContext& context);

}  // namespace rill
