#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/effort.hpp"
#include "support/manual_clock.hpp"
#include "support/simulated_disk.hpp"

namespace rill::testing {

/// The same bytes for the same seed.
class SeededRandom final : public RandomSource {
 public:
  explicit SeededRandom(std::uint64_t seed) : random_(seed) {}
  void fill(std::span<std::byte> out) override {
    const std::lock_guard lock(mutex_);
    for (std::byte& byte : out) byte = static_cast<std::byte>(random_());
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 random_;
};

/// A folder for witnesses that no crash reaches.
class MemoryWitness final : public WitnessStore {
 public:
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

 private:
  std::mutex mutex_;
  std::map<std::filesystem::path, std::string> records_;
};

/// A device with a disk of its own, on which the notes app's database comes and goes.
class DiskDevice {
 public:
  explicit DiskDevice(std::uint64_t seed = 0, Durability durability = Durability::normal)
      : disk(seed) {
    options.durability = durability;
    options.clock = clock;
    options.random = std::make_shared<SeededRandom>(seed);
    options.vfs = disk.vfs();
    options.witness = std::make_shared<MemoryWitness>();
  }

  /// Opens the database and brings it to the app's schema.
  Database& open() {
    if (!db) db = std::make_unique<Database>(kPath, options);
    migrate_notes(*db);
    return *db;
  }
  void close() { db.reset(); }

  /// The device stops, and starts again with what the disk kept.
  void crash(Crash how) {
    disk.crash(how);
    restart();
  }
  /// After a crash: the app is gone, and the disk is there again.
  void restart() {
    close();
    disk.start();
  }

  static constexpr const char* kPath = "/notes.db";

  SimulatedDisk disk;
  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  DatabaseOptions options;
  std::unique_ptr<Database> db;
};

}  // namespace rill::testing
