#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/effort.hpp"
#include "support/network_namespace.hpp"
#include "support/replicator_device.hpp"

namespace rill::test {

/// `options` with time-outs that a test can wait for: each a few times what an idle machine needs.
inline ReplicatorOptions hasty(ReplicatorOptions options) {
  constexpr std::chrono::milliseconds kShort =
      testing::kSlowness * std::chrono::milliseconds{2'000};
  options.timeouts.hello = options.timeouts.silence = kShort;
  options.timeouts.frame = options.timeouts.stall = kShort;
  options.timeouts.ping = kShort / 4;
  options.handshake_timeout = kShort / 2;
  return options;
}

/// A device with a database on disk (the table `notes`), its key beside it, and while it is on, a
/// replicator; on a machine of its own, where one is given.
class DatabaseDevice : public ReplicatorDevice {
 public:
  DatabaseDevice(const std::filesystem::path& file, ReplicatorOptions options,
                 const NetworkNamespace* machine = nullptr)
      : db(file, testing::options_beside(file)), options_(std::move(options)), machine_(machine) {
    testing::migrate_notes(db);
    options_.device_name = file.stem().string();
    turn_on();
  }
  ~DatabaseDevice() { turn_off(); }
  DatabaseDevice(const DatabaseDevice&) = delete;
  DatabaseDevice& operator=(const DatabaseDevice&) = delete;

  void turn_on() {
    // The replicator's threads are where the one is that makes it.
    std::thread([this] {
      if (machine_ != nullptr) machine_->enter();
      start(db, options_);
    }).join();
  }

  void add(const std::string& id, const std::string& title = "Milk") {
    db.execute("INSERT INTO notes(id, title) VALUES(?, ?)", id, title);
  }
  std::int64_t notes() { return testing::value_of(db, "SELECT count(*) FROM notes").integer(); }

  Database db;

 private:
  ReplicatorOptions options_;
  const NetworkNamespace* machine_;
};

/// Waits until both hold the same rows.
inline bool agree(DatabaseDevice& left, DatabaseDevice& right,
                  std::chrono::milliseconds patience = kPatience) {
  return eventually(
      [&] {
        return left.db.vector() == right.db.vector() && left.db.digest() == right.db.digest();
      },
      patience);
}

}  // namespace rill::test
