#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "rill/replica.hpp"
#include "rill/session.hpp"

namespace rill::test {

/// Two sessions joined by a wire without delay, with all their events.
class SessionPair {
 public:
  SessionPair(Replica& left_replica, Replica& right_replica, const SessionOptions& options = {})
      : left(left_replica, options), right(right_replica, options) {
    left.start();
    right.start();
  }

  /// Carries bytes both ways until neither side has any. Returns how many times it went round;
  /// stops at `max_rounds`.
  std::size_t pump(std::size_t max_rounds = 10'000) {
    for (std::size_t round = 0; round < max_rounds; ++round) {
      const std::string there = left.take_output();
      right.receive(there);
      const std::string back = right.take_output();
      left.receive(back);
      collect();
      if (there.empty() && back.empty()) return round;
    }
    return max_rounds;
  }

  void collect() {
    for (auto& event : left.take_events()) left_events.push_back(std::move(event));
    for (auto& event : right.take_events()) right_events.push_back(std::move(event));
  }

  static std::size_t count(const std::vector<SessionEvent>& events, SessionEvent::Kind kind) {
    std::size_t result = 0;
    for (const auto& event : events) result += event.kind == kind ? 1 : 0;
    return result;
  }

  Session left;
  Session right;
  std::vector<SessionEvent> left_events;
  std::vector<SessionEvent> right_events;
};

}  // namespace rill::test
