#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "rill/replicator.hpp"
#include "support/effort.hpp"

namespace rill::test {

inline constexpr std::chrono::milliseconds kPatience{20'000};
/// How long a change may take to another device, if nothing holds it up.
inline constexpr std::chrono::milliseconds kAtOnce =
    testing::kSlowness * std::chrono::milliseconds{1'500};

/// Waits until the condition holds.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return condition();
}

/// A replicator that can be turned on and off, with all that it has told, also before it was turned
/// off. Who asks to be let in is answered at once.
class ReplicatorDevice {
 public:
  ReplicatorDevice() = default;
  ReplicatorDevice(const ReplicatorDevice&) = delete;
  ReplicatorDevice& operator=(const ReplicatorDevice&) = delete;

  /// Keeps to this machine, and finds nobody by itself.
  static ReplicatorOptions quiet() {
    ReplicatorOptions options;
    options.loopback_only = true;
    options.discovery = false;
    return options;
  }

  void turn_off() {
    events_.stop();
    replicator.reset();
  }

  [[nodiscard]] std::uint16_t port() const { return replicator->status().port; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  [[nodiscard]] DeviceId id() const { return replicator->status().device; }
  /// Whether who asks to be let in is let in.
  void answer_requests(bool yes) { answer_ = yes; }

  [[nodiscard]] std::vector<ReplicatorEvent> seen(ReplicatorEvent::Kind kind) const {
    const std::lock_guard lock(mutex_);
    std::vector<ReplicatorEvent> result;
    for (const ReplicatorEvent& event : events_seen_) {
      if (event.kind == kind) result.push_back(event);
    }
    return result;
  }
  [[nodiscard]] std::optional<PeerStatus> peer(const DeviceId& wanted) const {
    for (PeerStatus& status : replicator->peers()) {
      if (status.member.id == wanted) return std::move(status);
    }
    return std::nullopt;
  }
  [[nodiscard]] bool online(const DeviceId& wanted) const {
    const auto status = peer(wanted);
    return status && status->connection == PeerStatus::Connection::online;
  }
  [[nodiscard]] bool in_sync_with(const DeviceId& wanted) const {
    const auto status = peer(wanted);
    return status && status->in_sync;
  }

  std::optional<Replicator> replicator;

 protected:
  /// Whoever derives from this turns it off before the store goes.
  ~ReplicatorDevice() = default;

  template <typename... Arguments>
  void start(Arguments&&... arguments) {
    replicator.emplace(std::forward<Arguments>(arguments)...);
    events_ = replicator->on_event([this](const ReplicatorEvent& event) { note(event); });
    try {
      replicator->start();
    } catch (...) {
      turn_off();
      throw;
    }
  }

 private:
  void note(const ReplicatorEvent& event) {
    {
      const std::lock_guard lock(mutex_);
      events_seen_.push_back(event);
    }
    if (!event.request) return;
    if (answer_) {
      replicator->confirm(event.request->number);
    } else {
      replicator->decline(event.request->number);
    }
  }

  mutable std::mutex mutex_;
  std::vector<ReplicatorEvent> events_seen_;
  std::atomic<bool> answer_ = true;
  Subscription events_;
};

/// Lets `joiner` into the group of `inviter`, by a code.
inline Member pair(ReplicatorDevice& inviter, ReplicatorDevice& joiner, Role role = Role::writer) {
  return joiner.replicator->join(inviter.replicator->invite(role), inviter.address());
}

/// The error that a call throws.
template <typename Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::internal, "");
}

}  // namespace rill::test
