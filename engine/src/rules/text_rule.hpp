#pragma once

#include "rill/value.hpp"

namespace rill {

/// The text itself; '' for NULL. Throws `Error{bad_value}` for anything else and for text that is
/// not UTF-8.
Value text_normal_form(const Value& written);

}  // namespace rill
