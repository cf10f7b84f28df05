#pragma once

#include "rill/row_state.hpp"

namespace rill {

/// Whether any entry is a folded range of several dots.
bool has_range(const Entries& entries) noexcept;

/// Where a range on either side overlaps entries of the same replica, lets both sides name the same
/// single entry: the widest range. `mine` is changed in place; the peer's side is returned. An
/// ordinary join of the two then treats each range as a unit.
ColumnFragment join_units(Entries& mine, const ColumnFragment& theirs);

}  // namespace rill
