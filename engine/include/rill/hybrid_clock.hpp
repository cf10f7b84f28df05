#pragma once

#include <cstdint>

#include "rill/dot.hpp"

namespace rill {

/// A hybrid logical clock: wall time where that moves forward, a counter where it does not, so that
/// each reading is greater than every one before it and than every remote reading observed.
///
/// A remote reading further ahead of the wall than `kMaxDriftMs` is not followed: one device set to
/// the year 2099 does not drag the others along. Its writes still win ties, and lose to the next
/// write that has seen them, since order comes from dots.
///
/// Thread safety: a value; a call needs exclusion.
/// Source: Kulkarni, Demirbas, Madappa, Avva, Leone 2014.
class HybridClock {
 public:
  /// How far a remote time may be ahead of the wall and still move this clock, in milliseconds.
  static constexpr std::uint64_t kMaxDriftMs = 5ULL * 60 * 1000;

  HybridClock() = default;
  /// Resumes after `last`, the latest reading known.
  explicit HybridClock(Timestamp last) : last_(last) {}

  /// The next reading: greater than all before it.
  Timestamp next(std::uint64_t wall_ms);
  /// Makes later readings greater than `remote`, unless it is too far ahead of `wall_ms`.
  void observe(Timestamp remote, std::uint64_t wall_ms);
  /// The latest reading given out or observed.
  [[nodiscard]] Timestamp last() const noexcept { return last_; }

 private:
  Timestamp last_;
};

}  // namespace rill
