#pragma once

#include <atomic>
#include <cstdint>

#include "rill/environment.hpp"

namespace rill::testing {

/// A wall clock that stands where it is put.
class ManualClock final : public WallClock {
 public:
  explicit ManualClock(std::uint64_t ms = 1'700'000'000'000ULL) : ms_(ms) {}
  std::uint64_t now_ms() override { return ms_.load(); }
  void set(std::uint64_t ms) { ms_ = ms; }
  void advance(std::uint64_t ms) { ms_ += ms; }

 private:
  std::atomic<std::uint64_t> ms_;
};

}  // namespace rill::testing
