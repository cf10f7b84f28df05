#include "replicator/dialer.hpp"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <utility>

#include "transport/endpoint.hpp"

namespace rill {

void Dialer::add(const HostAndPort& address, Origin origin, std::optional<DeviceId> member) {
  const auto found = targets_.find(address);
  if (found != targets_.end()) {
    Target& target = *found->second;
    target.origin = std::max(target.origin, origin);
    if (member) target.member = member;
    if (origin != Origin::remembered && !idle(target)) target.wake.notify();
    return;
  }
  if (!make_room()) return;
  auto target = std::make_shared<Target>(io_, address, origin);
  target->member = member;
  targets_.emplace(address, target);
  asio::co_spawn(io_, keep_dialing(shared_from_this(), std::move(target)), asio::detached);
}

bool Dialer::make_room() {
  if (targets_.size() < kMaxTargets) return true;
  const auto replaceable = std::ranges::find_if(
      targets_, [](const auto& item) { return item.second->origin == Origin::discovered; });
  if (replaceable == targets_.end()) return false;
  forget(replaceable->first);
  return true;
}

void Dialer::forget(const HostAndPort& address) {
  const auto found = targets_.find(address);
  if (found == targets_.end()) return;
  found->second->gone = true;
  found->second->wake.notify();
  targets_.erase(found);
}

bool Dialer::idle(const Target& target) const {
  return paused_ || !links_.usable() || (target.member && links_.online(*target.member));
}

asio::awaitable<void> Dialer::keep_dialing(std::shared_ptr<Dialer> self,
                                           std::shared_ptr<Target> target) {
  while (!ended_ && !target->gone) {
    if (idle(*target)) {
      co_await target->wake.wait();
      continue;
    }
    // A session that ended as soon as it began counts as a failure to dial.
    const std::optional<Clock::time_point> connected = std::exchange(target->connected, {});
    if (connected && Clock::now() - *connected >= kYoung) target->backoff.reset();
    const bool pause = target->failures > 0 || connected;
    if (pause) co_await target->wake.wait_for(target->backoff.next());
    if (ended_ || target->gone || idle(*target)) continue;
    co_await attempt(*target);
    if (target->origin == Origin::discovered && target->failures >= kMaxFailures) {
      forget(target->address);
    }
  }
  self.reset();
}

asio::awaitable<void> Dialer::attempt(Target& target) {
  Links::Dialed result;
  for (const auto& endpoint : co_await resolve(io_, target.address)) {
    result = co_await links_.dial(endpoint);
    if (result.member && !result.error) break;
  }
  if (result.member && !result.error) {
    target.member = result.member;
    target.failures = 0;
    target.connected = Clock::now();
  } else {
    ++target.failures;
  }
}

void Dialer::met(const DeviceId& member, const HostAndPort& address) {
  add(address, Origin::remembered, member);
}

void Dialer::retry(const DeviceId& member) {
  for (const auto& [address, target] : targets_) {
    if (target->member == member) target->wake.notify();
  }
}

void Dialer::retry_all() {
  for (const auto& [address, target] : targets_) {
    target->backoff.reset();
    target->wake.notify();
  }
}

void Dialer::pause() { paused_ = true; }

void Dialer::end() {
  ended_ = true;
  for (const auto& [address, target] : targets_) target->wake.notify();
}

void Dialer::resume() {
  paused_ = false;
  retry_all();
}

}  // namespace rill
