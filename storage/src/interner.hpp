#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "rill/dot.hpp"
#include "rill/version_vector.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The small numbers that stand for replicas inside this file (`rill_replica`): rows name a replica
/// in one byte instead of sixteen. Numbers are never reused. Thread safety: used under its
/// connection's lock.
class Interner {
 public:
  explicit Interner(sqlite::Connection& connection) : connection_(connection) {}

  /// The replica of a number. Throws `Error{corrupt}` for a number the file does not know.
  const ReplicaId& id(std::uint32_t number);
  /// The number of a replica, added to the file if it is new (needs a write transaction then).
  std::uint32_t number(const ReplicaId& id);
  /// A number that the present transaction is going to add, before it does.
  void expect(std::uint32_t number, const ReplicaId& id);
  /// Forgets what was learnt, as after a rollback that may have undone additions.
  void forget();

  /// `vector` as counters by number, 0 for replicas it lacks; for quick tests of coverage.
  std::vector<std::uint64_t> by_number(const VersionVector& vector);

 private:
  void load();

  sqlite::Connection& connection_;
  std::vector<ReplicaId> ids_;  // by number; number 0 is not used
  std::unordered_map<ReplicaId, std::uint32_t> numbers_;
};

}  // namespace rill::storage
