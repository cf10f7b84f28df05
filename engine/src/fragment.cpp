#include <algorithm>

#include "rill/row_state.hpp"

namespace rill {
namespace {

bool any_beyond(const Entries& entries, const VersionVector& known) noexcept {
  return std::ranges::any_of(entries,
                             [&](const Entry& entry) { return !known.covers(entry.id.dot); });
}

ColumnFragment split(const Entries& entries, const VersionVector& known) {
  ColumnFragment fragment;
  for (const Entry& entry : entries) {
    // A range always travels in full: its name alone would not tell a peer, which may still hold
    // the parts, which of them it stands for.
    const bool is_range = entry.first != entry.id.dot.counter;
    if (is_range || !known.covers(entry.id.dot)) {
      fragment.fresh.push_back(entry);
    } else {
      fragment.kept.push_back(entry.id);
    }
  }
  return fragment;
}

}  // namespace

RowFragment fragment_beyond(const RowState& row, const VersionVector& known, bool complete) {
  RowFragment fragment;
  if (any_beyond(row.births, known)) {
    fragment.births = split(row.births, known);
    fragment.complete = true;
  }
  if (any_beyond(row.existence, known)) {
    fragment.existence = split(row.existence, known);
    fragment.complete |= complete;
  }
  if (fragment.complete) fragment.columns.reserve(row.columns.size());
  for (const RowState::Column& column : row.columns) {
    if (column.entries.empty()) continue;
    if (fragment.complete || any_beyond(column.entries, known)) {
      fragment.columns.emplace_back(column.id, split(column.entries, known));
    }
  }
  return fragment;
}

bool has_news(const RowState& row, const VersionVector& known) noexcept {
  return any_beyond(row.births, known) || any_beyond(row.existence, known) ||
         std::ranges::any_of(row.columns, [&](const RowState::Column& column) {
           return any_beyond(column.entries, known);
         });
}

}  // namespace rill
