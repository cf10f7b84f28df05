#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "rill/dot.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// One opening of a file in which it made events: those of `replica` from `first` on, up to the
/// replica's next epoch.
///
/// `value` is random, so two files that both act as one replica (a copy, an old backup put back)
/// tell their events apart although the counters are equal. Every replica keeps and forwards the
/// epochs of the events that it has seen.
struct Epoch {
  /// The author.
  ReplicaId replica;
  /// The counter of the first event of the epoch.
  std::uint64_t first = 0;
  /// Random bits that no other opening has.
  std::uint64_t value = 0;

  friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

/// The newest epoch known of a replica, and a hash of all before it: what a session says at first.
struct EpochTip {
  /// The epoch that began last.
  Epoch newest;
  /// `extend_history` over the earlier epochs, oldest first; 0 for none.
  std::uint64_t history = 0;

  friend bool operator==(const EpochTip&, const EpochTip&) = default;
};

/// The history hash after `epoch`, given the one before it. It finds accidents; it is no defence
/// against an attacker.
std::uint64_t extend_history(std::uint64_t history, const Epoch& epoch) noexcept;

/// What is known of a replica's epochs around a counter.
struct EpochPlace {
  /// The epoch that begins there, if one does, and the hash of all before it.
  std::optional<EpochTip> here;
  /// Where the next one begins.
  std::optional<std::uint64_t> next;
};

/// Where the peer's past provably differs from ours: an event that both have seen, and that is not
/// of the same epoch to both; empty where none shows. `own` and `peer` are the vectors of both
/// sides, `tips` the peer's, and `look_up` tells our own epochs at a dot. Where the peer has seen
/// more, some differences show only to the peer: both sides must ask.
std::optional<Dot> find_fork(const VersionVector& own, const VersionVector& peer,
                             const std::vector<EpochTip>& tips,
                             const std::function<EpochPlace(const Dot&)>& look_up);

/// The epochs of all events that a version vector covers.
///
/// Thread safety: a value; concurrent reads are fine, a write needs exclusion.
class Epochs {
 public:
  /// Adds one; an epoch that begins at the same counter of the replica is replaced.
  void add(const Epoch& epoch);
  /// For `find_fork`.
  [[nodiscard]] EpochPlace look_up(const Dot& dot) const;
  /// Where the epoch of an event begins; 0 if it is not known.
  [[nodiscard]] std::uint64_t beginning(const Dot& dot) const noexcept;
  /// Those of whom epochs are known, ascending.
  [[nodiscard]] std::vector<ReplicaId> replicas() const;
  /// All epochs of a replica, ascending.
  [[nodiscard]] std::vector<Epoch> history(const ReplicaId& replica) const;

  /// The newest epoch of each replica, ascending by replica.
  [[nodiscard]] std::vector<EpochTip> tips() const;
  /// For each replica of which `until` covers more than `known`: the epoch at `known`, and all that
  /// begin after it and within `until`; ascending. The first lets a receiver see that the past
  /// which it already knows is the sender's.
  [[nodiscard]] std::vector<Epoch> between(const VersionVector& known,
                                           const VersionVector& until) const;

 private:
  /// Value by first counter.
  using Chain = std::map<std::uint64_t, std::uint64_t>;

  std::map<ReplicaId, Chain> chains_;
};

/// The first difference between our epochs and those that a delta brings, as far as our `vector`
/// goes: both `Epochs::between` of the delta's range. Empty where there is none.
std::optional<Dot> first_difference(const std::vector<Epoch>& ours,
                                    const std::vector<Epoch>& theirs, const VersionVector& vector);

}  // namespace rill
