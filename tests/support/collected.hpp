#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace rill::testing {

/// How long a test waits for another thread or process before it fails.
inline constexpr std::chrono::seconds kPatience{20};

/// Collects what callbacks bring, for another thread to wait for.
template <typename T>
class Collected {
 public:
  void add(T item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_all();
  }
  /// All items so far, once `enough` says so of them.
  std::vector<T> wait_until(const std::function<bool(const std::vector<T>&)>& enough) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return enough(items_); }));
    return items_;
  }
  /// All items so far, once there are `count` of them.
  std::vector<T> wait_for(std::size_t count) {
    return wait_until([&](const std::vector<T>& items) { return items.size() >= count; });
  }
  /// All items so far.
  std::vector<T> items() {
    const std::lock_guard lock(mutex_);
    return items_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> items_;
};

}  // namespace rill::testing
