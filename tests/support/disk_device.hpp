#pragma once

#include <cstdint>
#include <memory>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/effort.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_witness.hpp"
#include "support/seeded_random.hpp"
#include "support/simulated_disk.hpp"

namespace rill::testing {

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
