#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "rill/environment.hpp"

namespace notes {

/// Another clock, some time ahead of it (or behind): how a device with a wrong date is shown.
/// Thread safety: that of the clock behind it.
class BentClock final : public rill::WallClock {
 public:
  BentClock(std::shared_ptr<rill::WallClock> clock, std::int64_t offset_ms)
      : clock_(std::move(clock)), offset_ms_(offset_ms) {}

  /// Never before 1970.
  std::uint64_t now_ms() override {
    const auto now = static_cast<std::int64_t>(clock_->now_ms()) + offset_ms_;
    return now < 0 ? 0 : static_cast<std::uint64_t>(now);
  }

 private:
  std::shared_ptr<rill::WallClock> clock_;
  std::int64_t offset_ms_;
};

}  // namespace notes
