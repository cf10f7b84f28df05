#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rill/dot.hpp"

namespace rill {

/// What a replica has seen: for each replica, every event up to a counter.
///
/// A database keeps one (per space). Sending it to a peer is enough for the peer to work out what
/// is missing, so a handshake grows with the number of replicas, not with the length of history.
///
/// Order is partial: `a <= b` means b has seen all that a has; two vectors that each saw something
/// the other did not are `std::partial_ordering::unordered`: concurrent.
///
///     VersionVector a, b;
///     a.raise({A, 1});                // A writes
///     b.raise({B, 1});                // B writes
///     (a <=> b) == std::partial_ordering::unordered;
///     b.merge(a);                     // A sends to B
///     a < b;
///
/// Invariant: entries are sorted by replica and none is 0, so equal knowledge has equal
/// representation. Complexity: look-ups are logarithmic, merge and comparison linear in the number
/// of replicas. Thread safety: a value; concurrent reads are fine, a write needs exclusion. Source:
/// Fidge 1988, Mattern 1989; one clock per database after Gonçalves et al. 2017.
class VersionVector {
 public:
  /// A replica and the highest counter known of it.
  using Item = std::pair<ReplicaId, std::uint64_t>;
  /// Goes through the items, ascending by replica.
  using const_iterator = std::vector<Item>::const_iterator;

  VersionVector() = default;

  /// The highest counter known of `replica`; 0 for a replica never heard of.
  [[nodiscard]] std::uint64_t operator[](const ReplicaId& replica) const noexcept;
  /// Whether the event has been seen.
  [[nodiscard]] bool covers(const Dot& dot) const noexcept;
  /// Notes that everything of `dot.replica` up to `dot.counter` has been seen. Never lowers.
  void raise(const Dot& dot);
  /// The pointwise maximum of both.
  void merge(const VersionVector& other);
  /// The pointwise minimum of both: what both have seen. A delta for a peer starts at the meet of
  /// the peer's vector and the sender's.
  void meet(const VersionVector& other);

  /// Whether nothing has been seen.
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
  /// The number of replicas of which something has been seen.
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  /// The first item; any change of the vector ends its validity.
  [[nodiscard]] const_iterator begin() const noexcept { return items_.begin(); }
  /// Behind the last item.
  [[nodiscard]] const_iterator end() const noexcept { return items_.end(); }

  /// For people: "{3f2a…:7, 90bc…:2}", replicas by their first four hexadecimal digits.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const VersionVector&, const VersionVector&) = default;
  friend std::partial_ordering operator<=>(const VersionVector& left,
                                           const VersionVector& right) noexcept;

 private:
  std::vector<Item> items_;
};

}  // namespace rill
