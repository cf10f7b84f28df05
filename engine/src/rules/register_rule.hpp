#pragma once

#include "rill/rule.hpp"

namespace rill {

/// `last_writer`'s choice: of the siblings that saw the latest birth, the latest. Null if none did.
const Entry* last_writer_choice(const Entries& entries, const Entries& births) noexcept;

/// The sibling that a built-in register rule other than multi_value shows; null if it shows the
/// default. For any other kind it is `last_writer`'s choice.
const Entry* choose(RuleKind kind, const Entries& entries, const Entries& births) noexcept;

/// The value of `entry`, or `default_value` for null.
const Value& value_or(const Entry* entry, const Value& default_value) noexcept;

}  // namespace rill
