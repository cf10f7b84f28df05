#include "oracle/history.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "oracle/definitions.hpp"

namespace oracle {
namespace {

using Kind = Operation::Kind;

bool is_birth(const Act& act) { return act.operation->kind == Kind::insert; }

/// The acts that none of `others` has seen.
std::vector<Act> unseen_by(const std::vector<Act>& acts, const std::vector<Act>& others) {
  std::vector<Act> left;
  for (const Act& act : acts) {
    if (std::none_of(others.begin(), others.end(), [&](const Act& x) { return sees(x, act); })) {
      left.push_back(act);
    }
  }
  return left;
}

bool later(const Act& left, const Act& right) { return stamp_of(left) > stamp_of(right); }

}  // namespace

History::History(const Shape& shape, Fault fault)
    : shape_(shape),
      fault_(fault),
      texts_(fault == Fault::words_in_wrong_order ? NaiveFault::ids_reversed : NaiveFault::none,
             [this](std::size_t index) { return rill::ReplicaId{event(index).replica}; }) {}

std::size_t History::add(Event event) {
  assert(events_.size() < kMaxEvents);
  events_.push_back(std::move(event));
  return events_.size() - 1;
}

void History::rename(std::size_t index, const std::array<std::uint8_t, 16>& replica) {
  std::array<std::uint8_t, 16>& name = event(index).replica;
  if (std::exchange(name, replica) != replica) texts_.forget();
}

RowView History::row(std::size_t table, std::size_t key, const EventSet& seen) const {
  RowActs row;
  for (std::size_t index = 0; index < events_.size(); ++index) {
    if (!seen[index]) continue;
    const auto& operations = events_[index].operations;
    for (std::size_t place = 0; place < operations.size(); ++place) {
      if (operations[place].table != table || operations[place].key != key) continue;
      row.acts.push_back({index, place, &operations[place], &events_[index]});
    }
  }
  const Table& shape = shape_.tables[table];
  RowView view;
  view.columns.resize(shape.columns.size());
  if (row.acts.empty()) return view;
  view.exists = true;

  const std::vector<Act> last = unseen_by(row.acts, row.acts);
  const auto erases = [](const Act& act) { return act.operation->kind == Kind::erase; };
  const bool dead = std::any_of(last.begin(), last.end(), erases);
  const bool living = !std::all_of(last.begin(), last.end(), erases);
  view.alive = shape.delete_wins != (fault_ == Fault::delete_policy_swapped) ? !dead : living;

  std::copy_if(row.acts.begin(), row.acts.end(), std::back_inserter(row.inserts), is_birth);
  row.births = unseen_by(row.inserts, row.inserts);
  if (fault_ != Fault::births_ignored && !row.births.empty()) {
    row.latest_birth = *std::min_element(row.births.begin(), row.births.end(), later);
  }
  if (fault_ == Fault::inserts_overwrite_nothing) row.inserts.clear();
  const Definitions definitions{row, fault_, texts_};
  for (std::size_t column = 0; column < shape.columns.size(); ++column) {
    view.columns[column] = definitions.column(shape.columns[column], column);
  }
  if (shape.row_rule) definitions.settle_row(shape, view);
  return view;
}

}  // namespace oracle
