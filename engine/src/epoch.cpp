#include "rill/epoch.hpp"

#include <algorithm>
#include <iterator>

namespace rill {
namespace {

/// The finaliser of MurmurHash3 (Appleby 2011).
std::uint64_t mixed(std::uint64_t word) {
  word = (word ^ (word >> 33U)) * 0xff51afd7ed558ccdULL;
  word = (word ^ (word >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return word ^ (word >> 33U);
}

}  // namespace

std::uint64_t extend_history(std::uint64_t history, const Epoch& epoch) noexcept {
  return mixed(mixed(history + 0x9e3779b97f4a7c15ULL) ^ (mixed(epoch.first) * 3) ^ epoch.value);
}

std::optional<Dot> find_fork(const VersionVector& own, const VersionVector& peer,
                             const std::vector<EpochTip>& tips,
                             const std::function<EpochPlace(const Dot&)>& look_up) {
  for (const EpochTip& tip : tips) {
    const Dot begin{tip.newest.replica, tip.newest.first};
    const std::uint64_t common = std::min(own[begin.replica], peer[begin.replica]);
    // An epoch of events that we lack: the peer, who has them, sees whether our past fits.
    if (begin.counter > common) continue;
    const EpochPlace place = look_up(begin);
    if (place.here != tip) return begin;
    // The peer has seen all events up to `common` and ought to know our next epoch, too.
    if (place.next && *place.next <= common) return Dot{begin.replica, *place.next};
  }
  return std::nullopt;
}

void Epochs::add(const Epoch& epoch) { chains_[epoch.replica][epoch.first] = epoch.value; }

EpochPlace Epochs::look_up(const Dot& dot) const {
  EpochPlace place;
  const auto found = chains_.find(dot.replica);
  if (found == chains_.end()) return place;
  std::uint64_t history = 0;
  for (const auto& [first, value] : found->second) {
    const Epoch epoch{dot.replica, first, value};
    if (first > dot.counter) {
      place.next = first;
      break;
    }
    if (first == dot.counter) place.here = EpochTip{epoch, history};
    history = extend_history(history, epoch);
  }
  return place;
}

std::uint64_t Epochs::beginning(const Dot& dot) const noexcept {
  const auto found = chains_.find(dot.replica);
  if (found == chains_.end()) return 0;
  const auto behind = found->second.upper_bound(dot.counter);
  return behind == found->second.begin() ? 0 : std::prev(behind)->first;
}

std::vector<ReplicaId> Epochs::replicas() const {
  std::vector<ReplicaId> replicas;
  replicas.reserve(chains_.size());
  for (const auto& [replica, chain] : chains_) replicas.push_back(replica);
  return replicas;
}

std::vector<Epoch> Epochs::history(const ReplicaId& replica) const {
  std::vector<Epoch> epochs;
  const auto found = chains_.find(replica);
  if (found == chains_.end()) return epochs;
  for (const auto& [first, value] : found->second) epochs.push_back({replica, first, value});
  return epochs;
}

std::vector<EpochTip> Epochs::tips() const {
  std::vector<EpochTip> tips;
  for (const auto& [replica, chain] : chains_) {
    EpochTip tip;
    for (const auto& [first, value] : chain) {
      if (tip.newest.first != 0) tip.history = extend_history(tip.history, tip.newest);
      tip.newest = {replica, first, value};
    }
    tips.push_back(tip);
  }
  return tips;
}

std::vector<Epoch> Epochs::between(const VersionVector& known, const VersionVector& until) const {
  std::vector<Epoch> found;
  for (const auto& [replica, chain] : chains_) {
    if (until[replica] <= known[replica]) continue;
    auto epoch = chain.upper_bound(known[replica]);
    if (epoch != chain.begin()) --epoch;
    for (; epoch != chain.end() && epoch->first <= until[replica]; ++epoch) {
      found.push_back({replica, epoch->first, epoch->second});
    }
  }
  return found;
}

std::optional<Dot> first_difference(const std::vector<Epoch>& ours,
                                    const std::vector<Epoch>& theirs, const VersionVector& vector) {
  std::vector<Epoch> seen = theirs;
  std::erase_if(seen,
                [&](const Epoch& epoch) { return !vector.covers({epoch.replica, epoch.first}); });
  const auto [one, other] = std::mismatch(ours.begin(), ours.end(), seen.begin(), seen.end());
  if (one == ours.end() && other == seen.end()) return std::nullopt;
  if (one == ours.end()) return Dot{other->replica, other->first};
  if (other == seen.end()) return Dot{one->replica, one->first};
  const Epoch& first = std::min(*one, *other);
  return Dot{first.replica, first.first};
}

}  // namespace rill
