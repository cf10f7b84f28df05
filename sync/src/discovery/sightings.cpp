#include "discovery/sightings.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace rill {

bool Sightings::Rate::admit(Time now) {
  if (now - began_ >= std::chrono::seconds{1}) {
    began_ = now;
    count_ = 0;
  }
  if (count_ >= limit_) return false;
  ++count_;
  return true;
}

bool Sightings::note(const std::string& host, const Beacon& beacon, bool member, Time now) {
  forget_old(now);
  if (!member && !beacon.header.inviting) return false;
  Entry* const entry = find_or_add({host, beacon.header.port, beacon.header.nonce}, member);
  // A forgery of a member's beacon changes nothing about the member.
  if (entry == nullptr || (entry->known.member && !member)) return false;
  entry->known.member = member;
  entry->known.inviting = beacon.header.inviting;
  entry->seen = now;
  if (entry->suggested && now - *entry->suggested < kSuggestionInterval) return false;
  if (!suggestions_.admit(now)) return false;
  entry->suggested = now;
  return true;
}

Sightings::Entry* Sightings::find_or_add(const Place& where, bool member) {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.known.where == where; });
  if (found != entries_.end()) return &*found;
  const auto of_nonce = std::ranges::count_if(entries_, [&](const Entry& entry) {
    return entry.known.where.nonce == where.nonce && entry.known.member == member;
  });
  if (static_cast<std::size_t>(of_nonce) >= kMaxPlacesPerNonce) return nullptr;
  if (entries_.size() >= kMaxPlaces && !make_room(member)) return nullptr;
  Entry entry;
  entry.known.where = where;
  entry.known.member = member;
  return &entries_.emplace_back(std::move(entry));
}

bool Sightings::make_room(bool for_member) {
  const auto oldest = std::ranges::min_element(
      entries_, {}, [](const Entry& entry) { return std::pair(entry.known.member, entry.seen); });
  if (oldest->known.member && !for_member) return false;
  entries_.erase(oldest);
  return true;
}

void Sightings::forget_old(Time now) {
  std::erase_if(entries_, [&](const Entry& entry) { return now - entry.seen >= kPlaceLife; });
}

std::vector<Sightings::Known> Sightings::inviters(Time now,
                                                  std::optional<std::uint8_t> digits) const {
  std::vector<Entry> found;
  for (const Entry& entry : entries_) {
    const std::optional<std::uint8_t>& inviting = entry.known.inviting;
    const bool wanted = inviting && (!digits || digits == inviting);
    if (wanted && now - entry.seen < kPlaceLife) found.push_back(entry);
  }
  std::ranges::sort(found, std::ranges::greater{}, &Entry::seen);
  std::vector<Known> result;
  result.reserve(found.size());
  for (const Entry& entry : found) result.push_back(entry.known);
  return result;
}

}  // namespace rill
