#pragma once

#include <cstdint>

#include "rill/dot.hpp"
#include "rill/version_vector.hpp"

/// Short names for the engine's words, for tests.
namespace rill::test {

/// A replica whose id begins with `name`, a letter or a number; ids order as names do.
inline ReplicaId replica(int name) {
  ReplicaId id;
  id.bytes[0] = static_cast<std::uint8_t>(name);
  return id;
}

inline Dot dot(int name, std::uint64_t counter) { return {replica(name), counter}; }

/// An event at `ms`; by default a time that ascends with the counter.
inline Stamp stamp(int name, std::uint64_t counter, std::uint64_t ms) {
  return {dot(name, counter), Timestamp::from_ms(ms)};
}
inline Stamp stamp(int name, std::uint64_t counter) { return stamp(name, counter, 1000 + counter); }

/// The vector that has seen everything up to each of `dots`.
template <typename... Dots>
VersionVector vector_of(const Dots&... dots) {
  VersionVector vector;
  (vector.raise(dots), ...);
  return vector;
}

}  // namespace rill::test
