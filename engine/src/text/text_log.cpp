#include "text_log.hpp"

#include <algorithm>

namespace rill::fugue {

TextLog::Part TextLog::part(const Item& item, std::uint64_t operation) noexcept {
  const auto step = static_cast<std::uint32_t>(operation);
  switch (item.kind) {
    case Kind::inserted:
      return {true, item.first, item.count};
    case Kind::erased:
      return {false, item.first, item.count};
    case Kind::typed:
      return {true, item.first + step, 1};
    case Kind::erased_forward:
      return {false, item.first + step, 1};
    case Kind::erased_backward:
      return {false, item.first + item.count - 1 - step, 1};
  }
  return {};
}

bool TextLog::joins_series(std::uint64_t counter, bool inserts, Serial serial) {
  Item& last = items_.back();
  if (last.counter + operations(last) != counter) return false;
  const bool single = last.count == 1;
  if (inserts) {
    const bool typed = last.kind == Kind::typed || (single && last.kind == Kind::inserted);
    if (!typed || last.first + last.count != serial) return false;
    last.kind = Kind::typed;
  } else if ((last.kind == Kind::erased_forward || (single && last.kind == Kind::erased)) &&
             last.first + last.count == serial) {
    last.kind = Kind::erased_forward;
  } else if ((last.kind == Kind::erased_backward || (single && last.kind == Kind::erased)) &&
             serial + 1 == last.first) {
    last.kind = Kind::erased_backward;
    last.first = serial;
  } else {
    return false;
  }
  ++last.count;
  return true;
}

void TextLog::add(Author author, std::uint64_t counter, bool inserts, Serial first,
                  std::uint32_t count) {
  if (stretches_.empty() || stretches_.back().author != author) {
    stretches_.push_back({static_cast<std::uint32_t>(items_.size()), author});
  } else if (count == 1 && joins_series(counter, inserts, first)) {
    return;
  }
  Item item{counter, first, 0, inserts ? Kind::inserted : Kind::erased};
  item.count = count & ((1U << 29U) - 1);
  items_.push_back(item);
}

bool TextLog::ends_with(Author author, std::uint64_t counter) const noexcept {
  if (stretches_.empty() || stretches_.back().author != author) return false;
  return items_.back().counter + operations(items_.back()) - 1 == counter;
}

std::vector<TextLog::Part> TextLog::find(Author author, std::uint64_t counter) const {
  std::vector<Part> parts;
  for (std::size_t stretch = 0; stretch < stretches_.size(); ++stretch) {
    if (stretches_[stretch].author != author) continue;
    const auto begin = items_.begin() + stretches_[stretch].item;
    const auto end = stretch + 1 < stretches_.size() ? items_.begin() + stretches_[stretch + 1].item
                                                     : items_.end();
    auto item = std::partition_point(begin, end, [&](const Item& candidate) {
      return candidate.counter + operations(candidate) <= counter;
    });
    for (; item != end && item->counter <= counter; ++item) {
      parts.push_back(part(*item, counter - item->counter));
    }
    if (!parts.empty()) break;
  }
  return parts;
}

}  // namespace rill::fugue
