#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "rill/dot.hpp"
#include "rill/epoch.hpp"
#include "rill/row_state.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// The name of a branch: the events of `replica` from the beginning of the epoch `epoch` on, in one
/// of several files that went on as that replica.
///
/// It begins as the replica's own id does, so that it takes the same place among the ids of others:
/// whatever is decided by the order of ids stays as it was. The rest is the epoch, which is random.
ReplicaId branch_id(const ReplicaId& replica, std::uint64_t epoch) noexcept;

/// How many certificates there may be of one replica and its branches, and in all.
inline constexpr std::size_t kMaxForksPerReplica = 64;
inline constexpr std::size_t kMaxForks = 1'024;

/// Certificates of forks: each says that an epoch is the last which two files have in common that
/// both went on as one replica. It is written as the `branch_id` of that epoch; epoch 0 stands for
/// the time before the replica's first one.
///
/// The set only grows and is united wherever two replicas meet, before they exchange anything that
/// names events: those who have the same certificates give the same event the same name.
///
/// Thread safety: a value; concurrent reads are fine, a write needs exclusion.
class Forks {
 public:
  /// Goes through the certificates, ascending.
  using const_iterator = std::vector<ReplicaId>::const_iterator;

  /// Adds one; returns whether it is new. Throws `Error{limit_exceeded}` beyond
  /// `kMaxForksPerReplica` or `kMaxForks`.
  bool add(const ReplicaId& certificate);
  /// Adds all of `others`, or throws and adds none.
  void add(const Forks& others);
  /// Whether the epoch is such a place.
  [[nodiscard]] bool contains(const ReplicaId& replica, std::uint64_t epoch) const noexcept;
  /// Whether the set holds all of `others`.
  [[nodiscard]] bool includes(const Forks& others) const noexcept;
  /// Whether any certificate is of the replica, or of what it is a branch of.
  [[nodiscard]] bool concerns(const ReplicaId& replica) const noexcept;
  /// What the names come to that these certificates give: equal for equal sets, 0 for none. It
  /// finds accidents; it is no defence against an attacker.
  [[nodiscard]] std::uint64_t names() const noexcept;

  /// The number of certificates.
  [[nodiscard]] std::size_t size() const noexcept { return certificates_.size(); }
  /// The first one; any change of the set ends its validity.
  [[nodiscard]] const_iterator begin() const noexcept { return certificates_.begin(); }
  /// Behind the last one.
  [[nodiscard]] const_iterator end() const noexcept { return certificates_.end(); }

  friend bool operator==(const Forks&, const Forks&) = default;

 private:
  std::vector<ReplicaId> certificates_;
};

/// The certificate that two histories of `replica` call for, of each of which events up to `common`
/// are known to both sides; empty where they do not differ there. `ours` are all its epochs,
/// `theirs` all or, if there are `kMaxHistory` of them, the newest; then it is also empty where
/// these do not reach back to one in common.
std::optional<ReplicaId> find_certificate(const ReplicaId& replica, std::uint64_t common,
                                          std::vector<Epoch> ours, std::vector<Epoch> theirs);
/// How many epochs of one replica are told to a peer, at most.
inline constexpr std::size_t kMaxHistory = 16'384;

/// The names that events get by certificates.
///
/// A file holds one history of each replica: a chain of epochs. It is cut before and behind each
/// epoch that a certificate names, and what lies behind the first cut is called by `branch_id` of
/// the epoch with which its part begins. So the name of an event depends on the certificates and on
/// the epochs up to its own alone, not on the order in which certificates were learnt, nor on what
/// else a file has seen; and no two events share one, since the epochs at which histories part are
/// not the same.
///
/// Thread safety: a value; concurrent reads are fine, a write needs exclusion.
class Renaming {
 public:
  /// Events from `first` on, up to the next part, are called those of `replica`.
  struct Part {
    /// The counter of the first event.
    std::uint64_t first = 0;
    /// Their new author.
    ReplicaId replica;

    friend bool operator==(const Part&, const Part&) = default;
  };

  /// No new names.
  Renaming() = default;
  /// The names by `forks` in a file that knows `epochs`, and whose names are those of some of them.
  Renaming(const Forks& forks, const Epochs& epochs);

  /// Whether all names stay.
  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }
  /// By replica, those of whom some events get new names: the parts of each, ascending.
  [[nodiscard]] const std::map<ReplicaId, std::vector<Part>>& parts() const noexcept {
    return parts_;
  }
  /// The first event of a replica that gets a new name; 0 if none does.
  [[nodiscard]] std::uint64_t first_renamed(const ReplicaId& replica) const noexcept;

  /// The event's name.
  [[nodiscard]] Dot apply(const Dot& dot) const noexcept;
  /// What has been seen, by the new names.
  [[nodiscard]] VersionVector apply(const VersionVector& vector) const;
  /// The epochs, by the new names.
  [[nodiscard]] Epochs apply(const Epochs& epochs) const;
  /// Renames all of a row's entries. A folded range goes by its last event.
  void apply(RowState& row) const;

 private:
  void cut(const ReplicaId& replica, const std::vector<Epoch>& history, const Forks& forks);
  void apply(Entries& entries) const;

  std::map<ReplicaId, std::vector<Part>> parts_;
};

}  // namespace rill
