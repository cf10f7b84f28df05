#include "rill/row_state.hpp"

#include <algorithm>

namespace rill {
namespace {

constexpr std::int64_t kAlive = 1;
constexpr std::int64_t kDead = 0;

bool says_alive(const Entry& mark) {
  return mark.value.type() == Value::Type::integer && mark.value.integer() != kDead;
}

void assign(Entries& entries, Entry entry) {
  entries.clear();
  entries.push_back(std::move(entry));
}

}  // namespace

Entry Entry::make(const Stamp& stamp, Value value, std::uint32_t ordinal, std::string sub_key) {
  return {.id = {stamp.dot, ordinal},
          .first = stamp.dot.counter,
          .time = stamp.time,
          .sub_key = std::move(sub_key),
          .value = std::move(value),
          .unseen_births = {}};
}

const Entries* RowState::find(ColumnId id) const noexcept {
  const auto at = std::ranges::lower_bound(columns, id, {}, &Column::id);
  return at != columns.end() && at->id == id ? &at->entries : nullptr;
}

Entries& RowState::at(ColumnId id) {
  auto at = std::ranges::lower_bound(columns, id, {}, &Column::id);
  if (at == columns.end() || at->id != id) at = columns.insert(at, {id, {}});
  return at->entries;
}

void RowState::drop_empty_columns() {
  std::erase_if(columns, [](const Column& column) { return column.entries.empty(); });
}

bool RowState::alive(DeletePolicy policy) const noexcept {
  if (existence.empty()) return false;
  return policy == DeletePolicy::update_wins ? std::ranges::any_of(existence, says_alive)
                                             : std::ranges::all_of(existence, says_alive);
}

const Entry* RowState::latest_birth() const noexcept {
  const auto latest = std::ranges::max_element(births, [](const Entry& left, const Entry& right) {
    return earlier(left.stamp(), right.stamp());
  });
  return latest == births.end() ? nullptr : &*latest;
}

void RowState::insert(const Stamp& stamp) {
  assign(births, Entry::make(stamp, {}));
  assign(existence, Entry::make(stamp, kAlive));
  columns.clear();
}

void RowState::touch(const Stamp& stamp) { assign(existence, Entry::make(stamp, kAlive)); }

void RowState::erase(const Stamp& stamp) { assign(existence, Entry::make(stamp, kDead)); }

}  // namespace rill
