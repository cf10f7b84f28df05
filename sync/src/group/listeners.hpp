#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "rill/subscription.hpp"

namespace rill {

/// Callbacks that are told that something changed. Thread safety: all calls may come from any
/// thread; one callback runs once at a time.
class Listeners {
 public:
  /// Calls `changed`, which must not throw, until the subscription ends. The subscription may
  /// outlive this object.
  Subscription add(std::function<void()> changed) {
    auto listener = std::make_shared<Listener>();
    listener->changed = std::move(changed);
    const std::lock_guard lock(list_->mutex);
    list_->listeners.push_back(listener);
    return Subscription([list = list_, listener] {
      {
        const std::lock_guard removing(list->mutex);
        std::erase(list->listeners, listener);
      }
      // Waits for a call that runs in another thread; in its own, the mutex is held already.
      const std::lock_guard running(listener->mutex);
      listener->stopped = true;
    });
  }

  /// Calls all of them, in this thread. The caller holds no lock that a callback may want.
  void notify() const {
    std::vector<std::shared_ptr<Listener>> listeners;
    {
      const std::lock_guard lock(list_->mutex);
      listeners = list_->listeners;
    }
    for (const auto& listener : listeners) {
      const std::lock_guard running(listener->mutex);
      if (!listener->stopped) listener->changed();
    }
  }

 private:
  struct Listener {
    std::recursive_mutex mutex;
    std::function<void()> changed;
    bool stopped = false;
  };
  struct List {
    std::mutex mutex;
    std::vector<std::shared_ptr<Listener>> listeners;
  };

  std::shared_ptr<List> list_ = std::make_shared<List>();
};

}  // namespace rill
