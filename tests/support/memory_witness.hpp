#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "rill/witness.hpp"

namespace rill::testing {

/// A folder for witnesses that no crash reaches.
class MemoryWitness final : public WitnessStore {
 public:
  using Records = std::map<std::filesystem::path, std::string>;

  [[nodiscard]] std::string read(const std::filesystem::path& path) override {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(path);
    return found != records_.end() ? found->second : std::string();
  }
  bool write(const std::filesystem::path& path, std::string_view record) override {
    const std::lock_guard lock(mutex_);
    records_[path] = record;
    return true;
  }

  /// All records, as a backup of the folder holds them.
  [[nodiscard]] Records copy() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  /// Puts a backup in place of what is there.
  void restore(Records records) {
    const std::lock_guard lock(mutex_);
    records_ = std::move(records);
  }

 private:
  mutable std::mutex mutex_;
  Records records_;
};

}  // namespace rill::testing
