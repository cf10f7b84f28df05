#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "oracle/author.hpp"
#include "oracle/comparison.hpp"
#include "oracle/random.hpp"
#include "simulation/connection.hpp"
#include "simulation/crash_probe.hpp"
#include "simulation/device.hpp"
#include "simulation/fault.hpp"
#include "simulation/ledger.hpp"
#include "simulation/scheduler.hpp"
#include "simulation/script.hpp"
#include "simulation/trace.hpp"
#include "simulation/violation.hpp"

namespace simulation {

/// What was done, to see that all of it was.
struct Statistics {
  std::uint64_t lives = 0;
  /// Calls of the scheduler, and actions.
  std::uint64_t events = 0;
  std::uint64_t transactions = 0;
  /// Editors that wrote edits.
  std::uint64_t saves = 0;
  std::uint64_t disk_calls = 0;
  std::uint64_t connections = 0;
  std::uint64_t deltas = 0;
  /// Files opened after a crash, and found whole.
  std::uint64_t recoveries = 0;
  /// Moments at which it was asked what a crash would leave.
  std::uint64_t crash_checks = 0;
  /// Devices compared with the oracle.
  std::uint64_t comparisons = 0;
  std::uint64_t forks = 0;
  std::uint64_t device_ms = 0;
  /// The most rounds that anyone needed to agree once all was well.
  std::size_t most_rounds = 0;
  FaultCounts faults;

  void merge(const Statistics& other);
};

/// One life of a few devices: faults first, then all is mended, and then they must agree, with the
/// oracle, too, and have lost nothing that they owe.
class Life {
 public:
  /// The script must outlive it.
  Life(const Script& script, oracle::Fault fault, bool print);
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// Lives it. Throws `Violation`, `oracle::Mismatch`, or `rill::Error`.
  void live();
  /// Completes `statistics` and `hash`, once, at the end.
  void add_up();

  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  [[nodiscard]] std::uint64_t hash() const { return trace_.hash(); }
  /// What was done last, for people.
  [[nodiscard]] const std::string& doing() const { return doing_; }

 private:
  // life.cpp
  void act(const Action& action);
  void say(const std::string& what);
  [[nodiscard]] Device& device(std::size_t number) { return *devices_[number % devices_.size()]; }
  [[nodiscard]] Device* peer_of(const Device& device, std::size_t number);
  void meet(const Action& action);
  void connect(Device& dialer, Device& acceptor, const LinkTerms& terms, std::uint64_t seed);
  [[nodiscard]] Connection::Listener listener();
  void happened(Device& device, const rill::SessionEvent& event);
  void touched(Device& device);
  void promised(Device& device, const rill::VersionVector& vector);
  void replay(Device& device);
  void drop_connections(const Device& device, bool silently);
  void remember(Connection& connection);

  // life_devices.cpp: coming and going
  bool begin(Device& device);
  bool start(Device& device);
  void stop(Device& device);
  void boot(Device& device);
  void restart(Device& device);
  void crash(Device& device, rill::testing::Crash how);
  /// In the middle of the disk call that changes something after the next `calls`.
  void crash_later(Device& device, rill::testing::Crash how, std::uint64_t calls);
  void went_down(Device& device, rill::testing::Crash how);
  void lift(Device& device);
  void fail_disk(Device& device, oracle::Random& random);
  void read_short(Device& device, oracle::Random& random);
  void fill_disk(Device& device, oracle::Random& random);
  void lie(Device& device, oracle::Random& random);
  void freeze_clock(Device& device, oracle::Random& random);
  void jump_clock(Device& device, oracle::Random& random);
  void restore(Device& device, bool whole);
  void copy(Device& source, std::uint64_t seed);
  void upgrade(Device& device);
  void pair(Device& device);
  void revoke(Device& device);
  /// Tells which of the faults that were set have met a call.
  void note_failures(Device& device);

  // life_writes.cpp
  void write(Device& device, oracle::Site& site, const oracle::Step& step);
  void visit(Device& device, const oracle::Step& step);
  bool run(Device& device, oracle::Site& site, oracle::Author& author, const oracle::Step& step);
  /// Runs a transaction; `run` tells whether it left none. Returns whether it ended with an error.
  bool transact(Device& device, oracle::Site& site, bool undone,
                const std::function<bool(oracle::Author&)>& run);
  void conclude(Device& device, std::size_t index, const Holdings& before,
                const std::optional<rill::Error>& error, bool undone);

  // life_editors.cpp
  void edit(Device& device, const oracle::Step& step, oracle::Random& random);
  /// Opens an editor; empty if there is nothing to edit, or the disk fails.
  std::optional<oracle::OpenEditor> open(Device& device, const Holdings& holdings,
                                         oracle::Step step);
  void save(Device& device, std::size_t slot);
  /// Looks at what the file holds. Where it calls events by new names, editors go on under these,
  /// or are closed.
  std::optional<Holdings> follow_names(Device& device);
  /// Brings an editor to what the file holds, or closes it.
  void refresh(Device& device, std::size_t slot);
  /// Calls `act`, which tells whether the editor goes on; if not, or if the disk fails, it is
  /// closed.
  void use(Device& device, std::size_t slot,
           const std::function<bool(oracle::OpenEditor& editor)>& act);

  // life_checks.cpp
  /// Looks at what the file holds; empty where it cannot be read.
  std::optional<Holdings> look(Device& device);
  /// Finds out which of the commits that failed has happened, now that the file was opened again.
  void settle_pending(Device& device, const Holdings& holdings);
  [[nodiscard]] bool shows_what_it_holds(Device& device, const Holdings& holdings);
  /// After an opening: nothing is lost that must not be, and the file is sound.
  void inspect(Device& device);
  void check_file(Device& device);
  void compare(Device& device, bool all);
  /// Now and then, before its disk changes: what would a crash leave?
  void probe(Device& device);
  /// An error that a call gave must be one that the faults explain.
  void expect_trouble(Device& device, const rill::Error& error, const char* during);

  // life_healing.cpp
  void heal();
  void round();
  [[nodiscard]] bool agreed();
  void check_agreement();
  void note_compaction(Device& device);
  void check_debts();
  void check_silence();
  [[nodiscard]] std::vector<Device*> members();

  const Script& script_;
  Trace trace_;
  Scheduler scheduler_;
  oracle::Random random_;
  /// Of its own, so that a life is the same with other probes.
  oracle::Random probing_;
  Ledger ledger_;
  CrashProbe probe_;
  /// What a probe found: it is asked from inside SQLite, which an exception must not leave.
  std::optional<Violation> probed_;
  oracle::KeySpace keys_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::map<const Device*, Image> backups_;
  std::map<const Device*, std::string> heard_;
  std::map<const Device*, rill::testing::Crash> armed_;
  /// What their disks have; empty once that has been counted.
  std::map<const Device*, std::optional<Fault>> injected_;
  /// Those with an fsync that forgot, which each who had the file open is still to hear of.
  std::set<const Device*> forgot_;
  Statistics statistics_;
  std::string doing_;
  std::string last_error_;
};

/// How a device's power goes, or its process dies.
rill::testing::Crash random_crash(const Device& device, oracle::Random& random);

}  // namespace simulation
