#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/memory_device_store.hpp"
#include "support/memory_replica.hpp"
#include "support/replicator_device.hpp"

namespace rill::test {

/// Keeps a device's key for as long as the test lives.
class MemoryKeyStore final : public KeyStore {
 public:
  [[nodiscard]] std::optional<std::string> load() override { return secret_; }
  void store(std::string_view secret) override { secret_ = std::string(secret); }

 private:
  std::optional<std::string> secret_;
};

/// A device in memory: its replica, its store, its key, and while it is on, its replicator.
class NetworkDevice : public ReplicatorDevice {
 public:
  explicit NetworkDevice(std::uint8_t number, ReplicatorOptions options = quiet())
      : replica(replica_id(number)), options_(std::move(options)) {
    options_.key_store = std::make_shared<MemoryKeyStore>();
    if (options_.device_name.empty()) options_.device_name = std::string(1, letter(number));
    turn_on();
  }
  ~NetworkDevice() { turn_off(); }
  NetworkDevice(const NetworkDevice&) = delete;
  NetworkDevice& operator=(const NetworkDevice&) = delete;

  void turn_on() { start(replica, store, options_); }

  MemoryReplica replica;
  MemoryDeviceStore store;

 private:
  static char letter(std::uint8_t number) { return static_cast<char>('A' + number - 1); }

  ReplicatorOptions options_;
};

}  // namespace rill::test
