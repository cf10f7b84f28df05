#include "rill/fork.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::size_t kFamilyBytes = 8;

bool same_family(const ReplicaId& left, const ReplicaId& right) {
  return std::equal(left.bytes.begin(), left.bytes.begin() + kFamilyBytes, right.bytes.begin());
}

/// Whether the id is that of a branch, so that the beginning of its history is no cut to be found.
bool is_branch(const ReplicaId& id, const std::vector<Epoch>& history) {
  return !history.empty() && id == branch_id(id, history.front().value);
}

}  // namespace

ReplicaId branch_id(const ReplicaId& replica, std::uint64_t epoch) noexcept {
  ReplicaId id = replica;
  for (std::size_t index = id.bytes.size(); index > kFamilyBytes; --index) {
    id.bytes[index - 1] = static_cast<std::uint8_t>(epoch);
    epoch >>= 8U;
  }
  return id;
}

// Forks ------------------------------------------------------------------------------------------

bool Forks::add(const ReplicaId& certificate) {
  const auto at = std::ranges::lower_bound(certificates_, certificate);
  if (at != certificates_.end() && *at == certificate) return false;
  const auto alike = std::ranges::count_if(
      certificates_, [&](const ReplicaId& other) { return same_family(other, certificate); });
  if (certificates_.size() == kMaxForks || static_cast<std::size_t>(alike) == kMaxForksPerReplica) {
    throw Error(ErrorCode::limit_exceeded,
                "more forks than the limit: " + std::to_string(alike) + " of one replica, " +
                    std::to_string(certificates_.size()) +
                    " in all; start this device, or the peer, from an empty file");
  }
  certificates_.insert(at, certificate);
  return true;
}

void Forks::add(const Forks& others) {
  Forks all = *this;
  for (const ReplicaId& certificate : others) all.add(certificate);
  *this = std::move(all);
}

bool Forks::includes(const Forks& others) const noexcept {
  return std::ranges::includes(certificates_, others.certificates_);
}

bool Forks::concerns(const ReplicaId& replica) const noexcept {
  return std::ranges::any_of(certificates_, [&](const ReplicaId& certificate) {
    return same_family(certificate, replica);
  });
}

bool Forks::contains(const ReplicaId& replica, std::uint64_t epoch) const noexcept {
  return std::ranges::binary_search(certificates_, branch_id(replica, epoch));
}

std::uint64_t Forks::names() const noexcept {
  std::uint64_t names = 0;
  for (const ReplicaId& certificate : certificates_) {
    for (std::size_t half = 0; half < certificate.bytes.size(); half += kFamilyBytes) {
      Epoch word;
      for (std::size_t index = 0; index < kFamilyBytes; ++index) {
        word.value = word.value << 8U | certificate.bytes[half + index];
      }
      names = extend_history(names, word);
    }
  }
  return names;
}

std::optional<ReplicaId> find_certificate(const ReplicaId& replica, std::uint64_t common,
                                          std::vector<Epoch> ours, std::vector<Epoch> theirs) {
  auto from = ours.begin();
  if (theirs.size() == kMaxHistory) {
    from = std::ranges::find(ours, theirs.front());
    if (from == ours.end()) return std::nullopt;
  }
  const auto beyond = [&](const Epoch& epoch) { return epoch.first > common; };
  ours.erase(std::find_if(from, ours.end(), beyond), ours.end());
  theirs.erase(std::ranges::find_if(theirs, beyond), theirs.end());
  const auto [mine, other] = std::mismatch(from, ours.end(), theirs.begin(), theirs.end());
  if (mine == ours.end() && other == theirs.end()) return std::nullopt;
  return branch_id(replica, mine == ours.begin() ? 0 : std::prev(mine)->value);
}

// Renaming ---------------------------------------------------------------------------------------

Renaming::Renaming(const Forks& forks, const Epochs& epochs) {
  for (const ReplicaId& replica : epochs.replicas()) cut(replica, epochs.history(replica), forks);
}

void Renaming::cut(const ReplicaId& replica, const std::vector<Epoch>& history,
                   const Forks& forks) {
  std::vector<Part> parts{{1, replica}};
  bool cut = !is_branch(replica, history) && forks.contains(replica, 0);
  for (const Epoch& epoch : history) {
    const bool shared = forks.contains(replica, epoch.value);
    const ReplicaId name = branch_id(replica, epoch.value);
    if ((cut || shared) && name != replica) parts.push_back({epoch.first, name});
    cut = shared;
  }
  if (parts.size() == 1) return;
  if (parts[1].first <= 1) parts.erase(parts.begin());
  parts_.emplace(replica, std::move(parts));
}

std::uint64_t Renaming::first_renamed(const ReplicaId& replica) const noexcept {
  const auto found = parts_.find(replica);
  if (found == parts_.end()) return 0;
  const Part& part = found->second.front();
  return part.replica == replica ? found->second[1].first : part.first;
}

Dot Renaming::apply(const Dot& dot) const noexcept {
  const auto found = parts_.find(dot.replica);
  if (found == parts_.end()) return dot;
  const auto behind = std::ranges::upper_bound(found->second, dot.counter, {}, &Part::first);
  if (behind == found->second.begin()) return dot;
  return {std::prev(behind)->replica, dot.counter};
}

VersionVector Renaming::apply(const VersionVector& vector) const {
  VersionVector renamed;
  for (const auto& [replica, counter] : vector) {
    const auto found = parts_.find(replica);
    if (found == parts_.end()) {
      renamed.raise({replica, counter});
      continue;
    }
    for (auto part = found->second.begin(); part != found->second.end(); ++part) {
      if (part->first > counter) break;
      const auto next = std::next(part);
      const bool last = next == found->second.end();
      renamed.raise({part->replica, last ? counter : std::min(counter, next->first - 1)});
    }
  }
  return renamed;
}

Epochs Renaming::apply(const Epochs& epochs) const {
  Epochs renamed;
  for (const ReplicaId& replica : epochs.replicas()) {
    for (Epoch epoch : epochs.history(replica)) {
      epoch.replica = apply(Dot{replica, epoch.first}).replica;
      renamed.add(epoch);
    }
  }
  return renamed;
}

void Renaming::apply(Entries& entries) const {
  for (Entry& entry : entries) {
    const Dot renamed = apply(entry.id.dot);
    if (renamed != entry.id.dot) {
      // What a part that began later took in belongs to it.
      const auto& parts = parts_.at(entry.id.dot.replica);
      const auto behind = std::ranges::upper_bound(parts, renamed.counter, {}, &Part::first);
      entry.first = std::max(entry.first, std::prev(behind)->first);
      entry.id.dot = renamed;
    }
    for (Dot& birth : entry.unseen_births) birth = apply(birth);
    std::ranges::sort(entry.unseen_births);
  }
  std::ranges::sort(entries, {}, &Entry::id);
  const auto [same, end] = std::ranges::unique(entries, {}, &Entry::id);
  entries.erase(same, end);
}

void Renaming::apply(RowState& row) const {
  apply(row.existence);
  apply(row.births);
  for (RowState::Column& column : row.columns) apply(column.entries);
}

}  // namespace rill
