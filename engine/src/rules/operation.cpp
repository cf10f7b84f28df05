#include "rules/operation.hpp"

#include <algorithm>
#include <iterator>

namespace rill {

bool is_touch(const Entry& entry) noexcept { return entry.sub_key.empty(); }

void add_operation(Entries& entries, const Stamp& stamp, Additions additions) {
  std::erase_if(entries, is_touch);
  const auto begin = std::partition_point(
      entries.begin(), entries.end(), [&](const Entry& entry) { return entry.id.dot < stamp.dot; });
  const auto end = std::partition_point(
      begin, entries.end(), [&](const Entry& entry) { return entry.id.dot == stamp.dot; });
  std::uint32_t ordinal = begin == end ? 0 : std::prev(end)->id.ordinal;

  Entries made;
  made.reserve(additions.size());
  for (auto& [sub_key, value] : additions) {
    made.push_back(Entry::make(stamp, std::move(value), ++ordinal, std::move(sub_key)));
  }
  const auto touch_at = begin - entries.begin();
  entries.insert(end, std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
  entries.insert(entries.begin() + touch_at, Entry::make(stamp, Value()));
}

bool have_one_stamp(const Entries& entries) noexcept {
  return !entries.empty() && std::all_of(entries.begin(), entries.end(), [&](const Entry& entry) {
    return entry.stamp() == entries.front().stamp();
  });
}

}  // namespace rill
