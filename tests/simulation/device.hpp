#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "group/group.hpp"
#include "oracle/open_editor.hpp"
#include "oracle/site.hpp"
#include "rill/device_key.hpp"
#include "simulation/ledger.hpp"
#include "simulation/scheduler.hpp"
#include "simulation/watched_replica.hpp"
#include "support/memory_witness.hpp"
#include "support/simulated_disk.hpp"

namespace simulation {

/// What a device is like.
struct DeviceTerms {
  rill::Durability durability = rill::Durability::normal;
  std::size_t chunk_bytes = std::size_t{64} << 10U;
  std::int64_t clock_offset_ms = 0;
  bool groups = false;
};

/// A whole device as it stood once: its file, and what stood beside it.
struct Image {
  rill::testing::SimulatedDisk::Copy file;
  rill::testing::MemoryWitness::Records witness;
  bool current_schema = false;
};

/// A device with a disk, a clock, a key, and an app that comes and goes.
///
/// Besides, it remembers what it owes to others: the events that it must not lose any more.
class Device {
 public:
  /// `plan` must outlive it; the device is the one that `planned` numbers there. `number` is its
  /// own.
  Device(const oracle::Plan& plan, std::size_t planned, std::size_t number, std::uint64_t seed,
         const DeviceTerms& terms);

  /// Opens the file, and makes what sessions need. Throws `rill::Error`, and is down then.
  void start(const WatchedReplica::Promise& promised, const WatchedReplica::Resumed& resumed);
  /// Closes the file; sessions must be gone.
  void stop();
  [[nodiscard]] bool up() const { return site.is_open(); }

  /// Sets the device's clock by the time of the life.
  void set_time(Time now);
  void jump_clock(std::int64_t by_ms) { offset_ms_ += by_ms; }
  /// The clock stands from now on, or goes on from where the world is.
  void freeze_clock(bool frozen) { frozen_ = frozen; }

  /// Copies the device, which must be down.
  [[nodiscard]] Image image() const;
  /// Puts the file of an image there, and its witness where `whole`. It must be down.
  void restore(const Image& image, bool whole);
  /// Another process on the same file.
  [[nodiscard]] std::unique_ptr<oracle::Site> visitor();

  [[nodiscard]] std::string name() const { return "d" + std::to_string(number); }
  [[nodiscard]] const DeviceTerms& terms() const { return terms_; }
  /// Which device of the plan it is.
  [[nodiscard]] std::size_t planned() const { return planned_; }

  static constexpr const char* kPath = "/app.db";

  const std::size_t number;
  rill::testing::SimulatedDisk disk;
  std::shared_ptr<rill::testing::MemoryWitness> witness;
  oracle::Site site;
  rill::DeviceKey key;
  /// While it is up.
  std::unique_ptr<rill::Group> group;
  std::optional<WatchedReplica> replica;
  std::optional<HoldingsReader> reader;
  std::array<std::optional<oracle::OpenEditor>, oracle::kEditors> editors;
  /// How the file called events when the editors were last brought up to it.
  Holdings names;

  /// Events that must be in the file whatever happens, but for what `excused` tells of.
  EventSet owed;
  /// Own commits that have survived so far; a process that dies loses none.
  EventSet committed;
  /// The process died, and the system did not.
  bool killed = false;
  /// What the file held when it was last looked at.
  EventSet seen;
  /// The file was put back, or its drive lied: what it owes is what is left.
  bool excused = false;
  /// Its drive says that it has written what it has not.
  bool lying = false;
  /// A fault was set that nobody has lifted.
  bool troubled = false;
  /// Removed from the group: it takes no part any more.
  bool revoked = false;
  /// Commits that failed: of these one may stand in the log after all, and show once the file is
  /// opened again, unless a later commit wrote over it.
  struct Pending {
    std::size_t index = 0;
    ReplicaBytes replica{};
    std::uint64_t counter = 0;
  };
  std::vector<Pending> pending;

 private:
  [[nodiscard]] rill::DatabaseOptions options(std::uint64_t seed, const DeviceTerms& terms) const;

  const oracle::Plan& plan_;
  std::size_t planned_;
  std::uint64_t seed_;
  std::uint64_t visits_ = 0;
  DeviceTerms terms_;
  std::int64_t offset_ms_;
  bool frozen_ = false;
};

}  // namespace simulation
