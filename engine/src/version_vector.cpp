#include "rill/version_vector.hpp"

#include <algorithm>

namespace rill {
namespace {

constexpr auto kReplica = &VersionVector::Item::first;

}  // namespace

std::uint64_t VersionVector::operator[](const ReplicaId& replica) const noexcept {
  const auto at = std::ranges::lower_bound(items_, replica, {}, kReplica);
  return at != items_.end() && at->first == replica ? at->second : 0;
}

bool VersionVector::covers(const Dot& dot) const noexcept {
  return dot.counter <= (*this)[dot.replica];
}

void VersionVector::raise(const Dot& dot) {
  if (dot.counter == 0) return;
  const auto at = std::ranges::lower_bound(items_, dot.replica, {}, kReplica);
  if (at == items_.end() || at->first != dot.replica) {
    items_.insert(at, {dot.replica, dot.counter});
  } else {
    at->second = std::max(at->second, dot.counter);
  }
}

void VersionVector::merge(const VersionVector& other) {
  std::vector<Item> merged;
  merged.reserve(items_.size() + other.items_.size());
  auto mine = items_.begin();
  auto theirs = other.items_.begin();
  while (mine != items_.end() && theirs != other.items_.end()) {
    if (mine->first < theirs->first) {
      merged.push_back(*mine++);
    } else if (theirs->first < mine->first) {
      merged.push_back(*theirs++);
    } else {
      merged.emplace_back(mine->first, std::max(mine->second, theirs->second));
      ++mine;
      ++theirs;
    }
  }
  merged.insert(merged.end(), mine, items_.end());
  merged.insert(merged.end(), theirs, other.items_.end());
  items_ = std::move(merged);
}

void VersionVector::meet(const VersionVector& other) {
  for (auto& [replica, counter] : items_) counter = std::min(counter, other[replica]);
  std::erase_if(items_, [](const Item& item) { return item.second == 0; });
}

std::string VersionVector::to_string() const {
  std::string text = "{";
  for (const auto& [replica, counter] : items_) {
    if (text.size() > 1) text += ", ";
    text += replica.to_string().substr(0, 4) + "…:" + std::to_string(counter);
  }
  return text + "}";
}

std::partial_ordering operator<=>(const VersionVector& left, const VersionVector& right) noexcept {
  bool left_has_more = false;
  bool right_has_more = false;
  auto a = left.items_.begin();
  auto b = right.items_.begin();
  while (a != left.items_.end() || b != right.items_.end()) {
    if (b == right.items_.end() || (a != left.items_.end() && a->first < b->first)) {
      left_has_more = true;
      ++a;
    } else if (a == left.items_.end() || b->first < a->first) {
      right_has_more = true;
      ++b;
    } else {
      left_has_more |= a->second > b->second;
      right_has_more |= a->second < b->second;
      ++a;
      ++b;
    }
  }
  if (left_has_more && right_has_more) return std::partial_ordering::unordered;
  if (left_has_more) return std::partial_ordering::greater;
  return right_has_more ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

}  // namespace rill
