#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "rill/session.hpp"

namespace rill {

/// What a session has seen happen, as counters that only grow, and what it waits for.
struct Activity {
  bool greeting = false;      ///< The peer's HELLO is awaited.
  bool inside_frame = false;  ///< A frame has begun and not ended.
  bool owed = false;          ///< The peer owes an acknowledgement, or changes that it announced.
  std::uint64_t bytes = 0;    ///< Received.
  std::uint64_t frames = 0;   ///< Received whole.
  std::uint64_t steps = 0;    ///< Frames that brought the exchange forward.
  std::uint64_t working = 0;  ///< Times the peer said that it is still at work.
};

/// Compares what happened between ticks with the session's timeouts. Counters in place of times let
/// everything but `tick` do without a clock; a deadline is late by at most one tick.
class Deadlines {
 public:
  enum class Verdict : std::uint8_t { fine, ping, no_hello, silent, slow_frame, stalled };

  explicit Deadlines(const SessionTimeouts& timeouts) : timeouts_(timeouts) {}

  Verdict tick(std::chrono::milliseconds now, const Activity& activity);

 private:
  /// How long a number has stood still.
  struct Standstill {
    std::optional<std::uint64_t> value;
    std::chrono::milliseconds since{};

    std::chrono::milliseconds update(std::chrono::milliseconds now, std::uint64_t current);
  };

  SessionTimeouts timeouts_;
  std::optional<std::chrono::milliseconds> began_;
  Standstill bytes_;
  Standstill frame_;
  Standstill steps_;
  Standstill signs_;
  std::optional<std::uint64_t> pinged_at_;
};

}  // namespace rill
