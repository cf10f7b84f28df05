#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace simulation {

/// Milliseconds since a life began, and lengths of time.
using Time = std::uint64_t;

inline constexpr Time kSecond = 1000;
inline constexpr Time kMinute = 60 * kSecond;
inline constexpr Time kHour = 60 * kMinute;
inline constexpr Time kDay = 24 * kHour;

/// Virtual time: runs what is due in order of time, and in the order given where times are equal.
class Scheduler {
 public:
  [[nodiscard]] Time now() const { return now_; }
  /// How many calls were made so far.
  [[nodiscard]] std::uint64_t fired() const { return fired_; }

  void after(Time delay, std::function<void()> work) {
    due_.push({now_ + delay, next_number_++, std::move(work)});
  }

  /// Goes on to `end`, running all that is due until then.
  void run_until(Time end) {
    while (!due_.empty() && due_.top().when <= end) step();
    now_ = end;
  }
  /// Runs what is due next; false if nothing is.
  bool step() {
    if (due_.empty()) return false;
    const Entry next = due_.top();
    due_.pop();
    now_ = next.when;
    ++fired_;
    next.work();
    return true;
  }

 private:
  struct Entry {
    Time when = 0;
    std::uint64_t number = 0;
    std::function<void()> work;
  };
  struct Later {
    bool operator()(const Entry& left, const Entry& right) const {
      return left.when != right.when ? left.when > right.when : left.number > right.number;
    }
  };

  Time now_ = 0;
  std::uint64_t fired_ = 0;
  std::uint64_t next_number_ = 0;
  std::priority_queue<Entry, std::vector<Entry>, Later> due_;
};

}  // namespace simulation
