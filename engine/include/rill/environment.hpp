#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace rill {

/// Where time comes from. Injected, so that tests and simulations can hold or bend it.
/// Thread safety: implementations may be called from any thread.
class WallClock {
 public:
  virtual ~WallClock() = default;
  /// Milliseconds since 1970 (UTC). May jump either way; Rill survives it.
  virtual std::uint64_t now_ms() = 0;
};

/// Where randomness comes from: replica ids, nonces, `new_id`.
/// Thread safety: implementations may be called from any thread.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills `out` with unpredictable bytes.
  virtual void fill(std::span<std::byte> out) = 0;
};

/// Runs a callback, now or later, on a thread of the app's choice, in the order given.
using Executor = std::function<void(std::function<void()>)>;

/// The operating system's clock.
std::shared_ptr<WallClock> system_clock();
/// The operating system's random source.
std::shared_ptr<RandomSource> system_random();

}  // namespace rill
