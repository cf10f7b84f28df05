#include <algorithm>
#include <map>
#include <utility>

#include "damage.hpp"
#include "row_meta.hpp"

// Between a row as the file keeps it (meta and shown values) and as the join needs it (entries).

namespace rill::storage {
namespace {

void sort_by_id(Entries& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& left, const Entry& right) { return left.id < right.id; });
}

bool in_shape(const RowMeta& meta, const Table& table, ColumnId id) {
  if (!meta.base || meta.shape >= table.shapes.size()) return false;
  const std::vector<ColumnId>& shape = table.shapes[meta.shape];
  return std::binary_search(shape.begin(), shape.end(), id);
}

/// The event by which most columns are whole: the one not to repeat column by column.
std::optional<Event> commonest(const std::vector<std::pair<ColumnId, Event>>& wholes) {
  std::optional<Event> best;
  std::ptrdiff_t best_count = 0;
  for (const auto& candidate : wholes) {
    const auto same = [&](const auto& whole) { return whole.second == candidate.second; };
    const auto count = std::count_if(wholes.begin(), wholes.end(), same);
    if (count > best_count) {
      best = candidate.second;
      best_count = count;
    }
  }
  return best;
}

/// Whether entries say each a part of what the column shows, so that `is_whole` has compared them
/// with it.
bool has_parts(const Rule& rule) {
  return rule.kind() == RuleKind::set || rule.kind() == RuleKind::map;
}

}  // namespace

Entries expand_column(const RowMeta& meta, ColumnId id, const Table& table, const Value& value,
                      Interner& interner) {
  const RowMeta::Column* exception = meta.exception(id);
  if (exception == nullptr && !in_shape(meta, table, id)) return {};
  const std::optional<Event>& event = exception != nullptr ? exception->whole : meta.base;
  if (!event) return exception != nullptr ? exception->entries : Entries();
  return written_at_once(table.rules.columns.at(id).rule, value, stamp_of(*event, interner));
}

Entries expand_births(const RowMeta& meta, Interner& interner) {
  Entries births;
  births.reserve(meta.births.size());
  for (const Event& birth : meta.births) {
    births.push_back(Entry::make(stamp_of(birth, interner), Value()));
  }
  sort_by_id(births);
  return births;
}

RowState expand(const RowMeta& meta, const Table& table, const std::vector<Value>& values,
                Interner& interner) {
  RowState state;
  state.births = expand_births(meta, interner);
  for (const RowMeta::Mark& mark : meta.existence) {
    state.existence.push_back(
        Entry::make(stamp_of(mark.event, interner), Value(mark.alive ? 1 : 0)));
  }
  sort_by_id(state.existence);
  if (!meta.exceptions.empty() && meta.exceptions.back().id >= table.rules.columns.size()) {
    throw damaged("a row of " + table.name() + " has entries of a column that rill_column lacks");
  }
  for (ColumnId id = 0; id < table.rules.columns.size(); ++id) {
    Entries entries = expand_column(meta, id, table, values.at(id), interner);
    if (!entries.empty()) state.columns.push_back({id, std::move(entries)});
  }
  return state;
}

RowMeta collapse(const RowState& state, const Table& table, const std::vector<Value>& values,
                 Interner& interner) {
  RowMeta meta;
  for (const Entry& birth : state.births) meta.births.push_back(event_of(birth, interner));
  for (const Entry& mark : state.existence) {
    meta.existence.push_back({event_of(mark, interner), mark.value == Value(1)});
  }
  meta.shape = table.shape();
  std::vector<std::pair<ColumnId, Event>> wholes;
  for (const RowState::Column& column : state.columns) {
    const ColumnRules& rules = table.rules.columns.at(column.id);
    if (rules.known && is_whole(rules.rule, column.entries) &&
        (has_parts(rules.rule) || column.entries[0].value == values.at(column.id))) {
      wholes.emplace_back(column.id, event_of(column.entries[0], interner));
    } else {
      meta.except(column.id).entries = column.entries;
    }
  }
  meta.base = commonest(wholes);
  for (const auto& [id, event] : wholes) {
    if (event != meta.base || !in_shape(meta, table, id)) meta.set_whole(id, event);
  }
  if (!meta.base) return meta;
  for (const ColumnId id : table.shapes.back()) {
    if (state.find(id) == nullptr) meta.except(id);
  }
  return meta;
}

}  // namespace rill::storage
