#include "entry_codec.hpp"

#include <algorithm>

namespace rill {
namespace {

const Entry& only(const PartView& part) { return part.fresh->front(); }

bool says_alive(const Entry& mark) { return mark.value == Value(1); }

}  // namespace

void RowView::assign(const RowFragment& fragment) {
  const auto view = [](const ColumnFragment& part) { return PartView{&part.fresh, &part.kept}; };
  complete = fragment.complete;
  existence = fragment.existence ? view(*fragment.existence) : PartView{};
  births = fragment.births ? view(*fragment.births) : PartView{};
  columns.clear();
  for (const auto& [id, part] : fragment.columns) columns.emplace_back(id, view(part));
}

void RowView::assign(const RowState& state) {
  static const std::vector<EntryId> kNone;
  const auto view = [](const Entries& part) {
    return part.empty() ? PartView{} : PartView{&part, &kNone};
  };
  complete = !state.births.empty();
  existence = view(state.existence);
  births = view(state.births);
  columns.clear();
  for (const RowState::Column& column : state.columns) {
    if (!column.entries.empty()) columns.emplace_back(column.id, view(column.entries));
  }
}

bool is_plain(const Entry& entry) noexcept {
  return entry.id.ordinal == 0 && entry.first == entry.id.dot.counter && entry.sub_key.empty() &&
         entry.unseen_births.empty();
}

bool is_plain(const PartView& part) noexcept {
  return part.present() && part.kept->empty() && part.fresh->size() == 1 && is_plain(only(part));
}

bool is_uniform(const RowView& row) {
  if (!row.complete || !is_plain(row.existence) || !is_plain(row.births)) return false;
  if (!says_alive(only(row.existence)) || !only(row.births).value.is_null()) return false;
  const Dot& dot = only(row.births).id.dot;
  if (only(row.existence).id.dot != dot) return false;
  return std::ranges::all_of(row.columns, [&](const auto& column) {
    return is_plain(column.second) && only(column.second).id.dot == dot;
  });
}

bool is_dense(std::size_t columns, std::size_t table_columns) noexcept {
  return table_columns > 0 && columns == table_columns;
}

}  // namespace rill
