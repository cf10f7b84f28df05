#include "replicator/event_feed.hpp"

#include <asio/post.hpp>
#include <utility>

namespace rill {
namespace {

bool only_counts(ReplicatorEvent::Kind kind) {
  return kind == ReplicatorEvent::Kind::received || kind == ReplicatorEvent::Kind::in_sync ||
         kind == ReplicatorEvent::Kind::refused;
}

}  // namespace

void EventFeed::tell(ReplicatorEvent event) {
  if (waiting_ >= kMaxWaitingEvents && only_counts(event.kind)) return;
  ++waiting_;
  asio::post(thread_, [this, event = std::move(event)] {
    --waiting_;
    deliver(event);
  });
}

void EventFeed::deliver(const ReplicatorEvent& event) {
  std::list<std::shared_ptr<Listener>> listeners;
  {
    const std::lock_guard lock(registry_->mutex);
    listeners = registry_->listeners;
  }
  for (const auto& listener : listeners) {
    const std::lock_guard running(listener->running);
    if (!listener->active) continue;
    try {
      listener->callback(event);
    } catch (...) {
      continue;  // a callback must not throw; one that does cannot stop the sync
    }
  }
}

Subscription EventFeed::subscribe(ReplicatorCallback callback) {
  auto listener = std::make_shared<Listener>();
  listener->callback = std::move(callback);
  const std::lock_guard lock(registry_->mutex);
  registry_->listeners.push_back(listener);
  return Subscription([registry = registry_, listener] { remove(*registry, listener); });
}

void EventFeed::remove(Registry& registry, const std::shared_ptr<Listener>& listener) {
  {
    const std::lock_guard lock(registry.mutex);
    registry.listeners.remove(listener);
  }
  const std::lock_guard running(listener->running);
  listener->active = false;
}

void EventFeed::stop() { thread_.join(); }

}  // namespace rill
