#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "rill/change_set.hpp"

namespace rill::storage {

/// Events on their way to the app, at most `kMaxWaitingEvents`; the rest is counted.
/// Thread safety: a value.
class BoundedEvents {
 public:
  BoundedEvents() = default;
  explicit BoundedEvents(DatabaseEvent event) { add(std::move(event)); }

  void add(DatabaseEvent event) {
    if (events_.size() < kMaxWaitingEvents) {
      events_.push_back(std::move(event));
    } else {
      ++omitted_;
    }
  }
  void add(BoundedEvents more) {
    for (DatabaseEvent& event : more.events_) add(std::move(event));
    omitted_ += more.omitted_;
  }
  void omit(std::uint64_t count) noexcept { omitted_ += count; }
  /// How many happened, those left out included.
  [[nodiscard]] std::uint64_t count() const noexcept { return events_.size() + omitted_; }

  /// All of them; the last one says how many were left out, if any were.
  [[nodiscard]] std::vector<DatabaseEvent> take() {
    std::vector<DatabaseEvent> events = std::exchange(events_, {});
    if (const std::uint64_t omitted = std::exchange(omitted_, 0); omitted > 0) {
      DatabaseEvent last;
      last.kind = DatabaseEvent::Kind::events_omitted;
      last.code = ErrorCode::limit_exceeded;
      last.message = std::to_string(omitted) + " more events happened than are kept";
      events.push_back(std::move(last));
    }
    return events;
  }

 private:
  std::vector<DatabaseEvent> events_;
  std::uint64_t omitted_ = 0;
};

}  // namespace rill::storage
