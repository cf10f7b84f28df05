#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "rill/device_store.hpp"
#include "rill/error.hpp"

namespace rill::test {

/// A device's store in memory. Thread safety: all calls may come from any thread.
class MemoryDeviceStore final : public DeviceStore {
 public:
  [[nodiscard]] std::optional<std::string> load(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
  }
  void store(std::string_view name, std::optional<std::string_view> value) override {
    const std::lock_guard lock(mutex_);
    if (failing_) throw Error(ErrorCode::disk_full, "the store is full");
    if (value && value->size() > kMaxDeviceValueBytes) {
      throw Error(ErrorCode::too_large, "a value of " + std::to_string(value->size()) + " bytes");
    }
    if (value) {
      values_.insert_or_assign(std::string(name), std::string(*value));
    } else {
      values_.erase(std::string(name));
    }
  }
  void set_reader(bool reader) override {
    const std::lock_guard lock(mutex_);
    reader_ = reader;
  }
  [[nodiscard]] std::filesystem::path file() const override { return {}; }

  /// What `set_reader` was last told.
  [[nodiscard]] bool reader() const {
    const std::lock_guard lock(mutex_);
    return reader_;
  }
  /// Whether `store` fails from now on.
  void fail(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  bool reader_ = false;
  bool failing_ = false;
};

}  // namespace rill::test
