#include "author_table.hpp"

#include <algorithm>
#include <string>

#include "rill/error.hpp"

namespace rill::fugue {

std::uint32_t AuthorTable::Replica::number_from(std::uint64_t first) const noexcept {
  const auto mark = std::ranges::lower_bound(marks, first, {}, &Mark::counter);
  return mark == marks.end() ? next : mark->number;
}

void AuthorTable::Replica::add_marks(const std::vector<Mark>& others) {
  for (const Mark& mark : others) {
    const auto at = std::ranges::lower_bound(marks, mark.counter, {}, &Mark::counter);
    const bool known = at != marks.end() && at->counter == mark.counter;
    const bool fits = (at == marks.begin() || std::prev(at)->number < mark.number) &&
                      (at == marks.end() || mark.number < at->number);
    if (!known && fits) marks.insert(at, mark);
  }
}

std::optional<Author> AuthorTable::find(const ReplicaId& id) const noexcept {
  for (Author author = 0; author < replicas_.size(); ++author) {
    if (replicas_[author].id == id) return author;
  }
  return std::nullopt;
}

Author AuthorTable::intern(const ReplicaId& id) {
  if (const auto known = find(id)) return *known;
  if (replicas_.size() == kMaxTextAuthors) {
    throw Error(ErrorCode::limit_exceeded,
                "a text has more than " + std::to_string(kMaxTextAuthors) + " authors");
  }
  replicas_.push_back({id});
  return size() - 1;
}

const AuthorTable::Span& AuthorTable::span_of(Serial serial) const noexcept {
  if (const Span& last = spans_.back(); serial >= last.first) return last;
  return *std::prev(
      std::upper_bound(spans_.begin(), spans_.end(), serial,
                       [](Serial wanted, const Span& span) { return wanted < span.first; }));
}

std::uint32_t AuthorTable::unknown_from(Author author, std::uint32_t number) const noexcept {
  const std::vector<std::uint32_t>& own = replicas_[author].spans;
  const auto behind = std::upper_bound(
      own.begin(), own.end(), number,
      [this](std::uint32_t wanted, std::uint32_t span) { return wanted < spans_[span].number; });
  return (behind == own.end() ? kMaxTextCharacters + 1 : spans_[*behind].number) - number;
}

const AuthorTable::Span* AuthorTable::find(Author author, std::uint32_t number) const noexcept {
  const std::vector<std::uint32_t>& own = replicas_[author].spans;
  const auto behind = std::upper_bound(
      own.begin(), own.end(), number,
      [this](std::uint32_t wanted, std::uint32_t span) { return wanted < spans_[span].number; });
  if (behind == own.begin()) return nullptr;
  const Span& span = spans_[*std::prev(behind)];
  return number - span.number < span.count ? &span : nullptr;
}

}  // namespace rill::fugue
