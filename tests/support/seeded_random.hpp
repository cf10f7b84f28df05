#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <span>

#include "rill/environment.hpp"

namespace rill::testing {

/// The same bytes for the same seed.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(random_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

}  // namespace rill::testing
