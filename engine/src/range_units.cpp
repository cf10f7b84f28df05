#include "range_units.hpp"

#include <algorithm>
#include <utility>

namespace rill {
namespace {

bool is_range(const Entry& entry) { return entry.first != entry.id.dot.counter; }

/// The dots of one replica that overlapping ranges of both sides span, and the widest of these.
struct Unit {
  ReplicaId replica;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  Entry widest;
  bool in_mine = false;
  bool in_theirs = false;

  [[nodiscard]] bool spans(const Dot& dot) const {
    return dot.replica == replica && first <= dot.counter && dot.counter <= last;
  }
};

std::uint64_t width(const Entry& entry) { return entry.id.dot.counter - entry.first; }

void note_range(std::vector<Unit>& units, const Entry& range) {
  Unit unit{.replica = range.id.dot.replica,
            .first = range.first,
            .last = range.id.dot.counter,
            .widest = range};
  for (auto other = units.begin(); other != units.end();) {
    const bool overlaps =
        other->replica == unit.replica && other->first <= unit.last && unit.first <= other->last;
    if (!overlaps) {
      ++other;
      continue;
    }
    unit.first = std::min(unit.first, other->first);
    unit.last = std::max(unit.last, other->last);
    if (width(other->widest) >= width(unit.widest)) unit.widest = std::move(other->widest);
    other = units.erase(other);
  }
  units.push_back(std::move(unit));
}

Unit* unit_of(std::vector<Unit>& units, const Dot& dot) {
  const auto at = std::ranges::find_if(units, [&](const Unit& unit) { return unit.spans(dot); });
  return at == units.end() ? nullptr : &*at;
}

/// Takes out the entries that belong to a unit, noting on which side each unit is present.
void take_units(Entries& entries, std::vector<Unit>& units, bool Unit::* present) {
  std::erase_if(entries, [&](const Entry& entry) {
    Unit* unit = unit_of(units, entry.id.dot);
    if (unit != nullptr) unit->*present = true;
    return unit != nullptr;
  });
}

void put(Entries& entries, const Entry& entry) {
  entries.insert(std::ranges::lower_bound(entries, entry.id, {}, &Entry::id), entry);
}

}  // namespace

bool has_range(const Entries& entries) noexcept { return std::ranges::any_of(entries, is_range); }

ColumnFragment join_units(Entries& mine, const ColumnFragment& theirs) {
  std::vector<Unit> units;
  for (const Entries* side : {&std::as_const(mine), &theirs.fresh}) {
    for (const Entry& entry : *side) {
      if (is_range(entry)) note_range(units, entry);
    }
  }
  ColumnFragment other = theirs;
  take_units(mine, units, &Unit::in_mine);
  take_units(other.fresh, units, &Unit::in_theirs);
  std::erase_if(other.kept, [&](const EntryId& id) {
    Unit* unit = unit_of(units, id.dot);
    if (unit != nullptr) unit->in_theirs = true;
    return unit != nullptr;
  });
  for (const Unit& unit : units) {
    if (unit.in_mine) put(mine, unit.widest);
    if (unit.in_theirs) put(other.fresh, unit.widest);
  }
  return other;
}

}  // namespace rill
