#pragma once

#include "oracle/shape.hpp"
#include "rill/rule.hpp"

namespace oracle {

/// The library's rule for a column; for `custom` one of the test app's own, `weave` in its terms.
rill::Rule rule_of(Family family);
/// The test app's own row rule: `widest` in the library's terms.
rill::RowRule widest_row();

}  // namespace oracle
