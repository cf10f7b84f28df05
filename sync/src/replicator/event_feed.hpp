#pragma once

#include <asio/thread_pool.hpp>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>

#include "rill/replicator.hpp"
#include "rill/subscription.hpp"

namespace rill {

/// How many events may wait for callbacks that are slow. Beyond it, what only counts progress is
/// dropped.
inline constexpr std::size_t kMaxWaitingEvents = 1'024;

/// Hands events to the app, on one thread, in order. Thread safety: all members, any thread.
class EventFeed {
 public:
  EventFeed() = default;
  ~EventFeed() { stop(); }
  EventFeed(const EventFeed&) = delete;
  EventFeed& operator=(const EventFeed&) = delete;

  void tell(ReplicatorEvent event);
  /// May outlive the feed.
  Subscription subscribe(ReplicatorCallback callback);
  /// Hands out what waits, and ends. Not from a callback.
  void stop();

 private:
  /// Its mutex is held while its callback runs, so that ending a subscription waits for that.
  struct Listener {
    std::recursive_mutex running;
    bool active = true;
    ReplicatorCallback callback;
  };

  /// Shared with the subscriptions.
  struct Registry {
    std::mutex mutex;
    std::list<std::shared_ptr<Listener>> listeners;
  };

  void deliver(const ReplicatorEvent& event);
  static void remove(Registry& registry, const std::shared_ptr<Listener>& listener);

  const std::shared_ptr<Registry> registry_ = std::make_shared<Registry>();
  std::atomic<std::size_t> waiting_ = 0;
  asio::thread_pool thread_{1};
};

}  // namespace rill
