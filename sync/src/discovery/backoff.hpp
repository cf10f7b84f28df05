#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "rill/environment.hpp"

namespace rill {

/// How long to wait before the next attempt: 1 to 2 s after the first failure, then twice as much
/// each time, up to 30 to 60 s. Where in the range is left to chance, so that devices which lost
/// each other at one moment do not try again at one moment.
///
/// Thread safety: one user at a time.
class Backoff {
 public:
  static constexpr std::chrono::milliseconds kShortest{1'000};
  static constexpr std::chrono::milliseconds kLongest{60'000};

  explicit Backoff(std::shared_ptr<RandomSource> random = system_random())
      : random_(std::move(random)) {}

  /// Another attempt has failed: what to wait, from `kShortest` to `kLongest`.
  std::chrono::milliseconds next() {
    const std::chrono::milliseconds least = least_;
    least_ = std::min(least_ * 2, kLongest / 2);
    return least + least * fraction() / kParts;
  }
  /// An attempt has succeeded, or the network has changed: begins again.
  void reset() noexcept { least_ = kShortest; }

 private:
  static constexpr std::int64_t kParts = 65'535;

  /// From 0 to `kParts`.
  std::int64_t fraction() {
    std::array<std::uint8_t, 2> bytes{};
    random_->fill(std::as_writable_bytes(std::span(bytes)));
    return bytes[0] + 256 * std::int64_t{bytes[1]};
  }

  std::shared_ptr<RandomSource> random_;
  std::chrono::milliseconds least_ = kShortest;
};

}  // namespace rill
