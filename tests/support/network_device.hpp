#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rill/replicator.hpp"
#include "support/memory_device_store.hpp"
#include "support/memory_replica.hpp"

namespace rill::test {

inline constexpr std::chrono::milliseconds kPatience{20'000};

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

/// Keeps a device's key for as long as the test lives.
class MemoryKeyStore final : public KeyStore {
 public:
  [[nodiscard]] std::optional<std::string> load() override { return secret_; }
  void store(std::string_view secret) override { secret_ = std::string(secret); }

 private:
  std::optional<std::string> secret_;
};

/// A device in memory: its replica, its store, its key, and while it is on, its replicator, which
/// keeps to this machine and finds nobody by itself.
class NetworkDevice {
 public:
  explicit NetworkDevice(std::uint8_t number, ReplicatorOptions options = quiet())
      : replica(replica_id(number)), options_(std::move(options)) {
    options_.key_store = std::make_shared<MemoryKeyStore>();
    if (options_.device_name.empty()) options_.device_name = std::string(1, letter(number));
    turn_on();
  }

  static ReplicatorOptions quiet() {
    ReplicatorOptions options;
    options.loopback_only = true;
    options.discovery = false;
    return options;
  }

  void turn_on() {
    replicator.emplace(replica, store, options_);
    events_ = replicator->on_event([this](const ReplicatorEvent& event) { note(event); });
    replicator->start();
  }
  void turn_off() {
    events_.stop();
    replicator.reset();
  }

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(replicator->status().port);
  }
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

  MemoryReplica replica;
  MemoryDeviceStore store;
  std::optional<Replicator> replicator;

 private:
  static char letter(std::uint8_t number) { return static_cast<char>('A' + number - 1); }

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

  ReplicatorOptions options_;
  mutable std::mutex mutex_;
  std::vector<ReplicatorEvent> events_seen_;
  std::atomic<bool> answer_ = true;
  Subscription events_;
};

/// Lets `joiner` into the group of `inviter`, by a code.
inline Member pair(NetworkDevice& inviter, NetworkDevice& joiner, Role role = Role::writer) {
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
