// A process that works on a database file, for tests of several processes on one file:
//
//   database_worker write FILE NAME COUNT
//     COUNT transactions of two rows and a counter each
//   database_worker write_and_sync FILE THIRD NAME COUNT
//     the same, syncing with the file THIRD in between
//   database_worker acknowledge FILE THIRD NAME
//     the same without an end; prints the name of each transaction once it is committed
//   database_worker hold FILE MILLISECONDS
//     prints "held" inside a write transaction, commits after MILLISECONDS
//   database_worker replicate FILE ADDRESS ...
//     keeps FILE, which has a table `notes` and a group, in sync with the devices at the addresses,
//     prints what happens, and does not end
//
// Errors `busy` are tried again; any other ends the process with 1 and a message.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <thread>

#include "rill/rill.hpp"
#include "support/database_device.hpp"
#include "support/database_fixture.hpp"
#include "support/pairs_app.hpp"

namespace {

using rill::testing::migrate_pairs;
using rill::testing::options_beside;
using rill::testing::retry_busy;
using rill::testing::write_pair;

constexpr int kSyncEvery = 10;

void write(rill::Database& db, const std::string& name, int count) {
  for (int index = 0; index < count; ++index) {
    retry_busy([&] { write_pair(db, name + std::to_string(index)); });
  }
}

void sync_once(rill::Database& db, rill::Database& third) {
  for (;;) {
    try {
      rill::sync(db, third);
      return;
    } catch (const rill::Error& error) {
      // Another process synced the same two files meanwhile: go on from where they stand now.
      const bool disturbed = error.code() == rill::ErrorCode::busy ||
                             error.code() == rill::ErrorCode::protocol ||
                             error.code() == rill::ErrorCode::causality_gap;
      if (!disturbed) throw;
    }
  }
}

void write_and_sync(rill::Database& db, const std::string& third_path, const std::string& name,
                    int count) {
  rill::Database third(third_path, options_beside(third_path));
  migrate_pairs(third);
  for (int written = 0; written < count; written += kSyncEvery) {
    write(db, name + std::to_string(written) + "-", kSyncEvery);
    sync_once(db, third);
  }
}

[[noreturn]] void acknowledge(rill::Database& db, const std::string& third_path,
                              const std::string& name) {
  rill::Database third(third_path, options_beside(third_path));
  migrate_pairs(third);
  for (int written = 0;; ++written) {
    const std::string pair = name + "-" + std::to_string(written);
    write_pair(db, pair);
    std::cout << pair << std::endl;  // NOLINT(performance-avoid-endl): it may be killed next
    if (written % kSyncEvery == 0) sync_once(db, third);
  }
}

void hold(rill::Database& db, int milliseconds) {
  db.transaction([&] {
    write_pair(db, "held");
    std::cout << "held" << std::endl;  // NOLINT(performance-avoid-endl): the test waits for it
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  });
}

[[noreturn]] void replicate(std::span<char*> arguments) {
  rill::test::DatabaseDevice device(arguments[2],
                                    rill::test::hasty(rill::test::DatabaseDevice::quiet()));
  const rill::Subscription events =
      device.replicator->on_event([](const rill::ReplicatorEvent& event) {
        // NOLINTNEXTLINE(performance-avoid-endl): the test waits for it
        std::cout << to_string(event.kind) << ' ' << event.name << std::endl;
      });
  for (const char* address : arguments.subspan(3)) device.replicator->connect(address);
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

int run(std::span<char*> arguments) {
  const std::string command = arguments[1];
  if (command == "replicate") replicate(arguments);
  rill::Database db(arguments[2], options_beside(arguments[2]));
  migrate_pairs(db);
  if (command == "write") {
    write(db, arguments[3], std::atoi(arguments[4]));
  } else if (command == "write_and_sync") {
    write_and_sync(db, arguments[3], arguments[4], std::atoi(arguments[5]));
  } else if (command == "acknowledge") {
    acknowledge(db, arguments[3], arguments[4]);
  } else {
    hold(db, std::atoi(arguments[3]));
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments, static_cast<std::size_t>(count)});
  } catch (const std::exception& error) {
    std::cerr << "database_worker: " << error.what() << '\n';
    return 1;
  }
}
