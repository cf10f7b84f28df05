#include <array>
#include <utility>

#include "rill/error.hpp"
#include "simulation/life.hpp"
#include "simulation/pairing.hpp"

// Devices come and go, and so do their disks, clocks and keys.

namespace simulation {
namespace {

using rill::testing::Crash;
using rill::testing::DiskCall;
using rill::testing::DiskFailure;
using rill::testing::DiskFault;

Fault fault_of(Crash how) {
  switch (how) {
    case Crash::kill:
      return Fault::killed;
    case Crash::lose_unsynced:
      return Fault::power_lost;
    case Crash::keep_some:
      return Fault::power_scattered;
    default:
      return Fault::power_torn;
  }
}

Fault fault_of(const DiskFault& fault) {
  switch (fault.failure) {
    case DiskFailure::io_error:
      return fault.lasting ? Fault::io_errors : Fault::io_error;
    case DiskFailure::disk_full:
      return fault.lasting ? Fault::disk_stays_full : Fault::disk_full;
    case DiskFailure::short_read:
      return Fault::short_read;
    default:
      return Fault::forgetful_sync;
  }
}

}  // namespace

Crash random_crash(const Device& device, oracle::Random& random) {
  const auto how = static_cast<Crash>(random.below(4));
  // What a drive that lies has written after all, and in which order, no program can make good.
  return device.lying && how != Crash::kill ? Crash::lose_unsynced : how;
}

// Coming and going -------------------------------------------------------------------------------

bool Life::begin(Device& device) {
  device.disk.observe([this, &device] { probe(device); });
  return start(device);
}

bool Life::start(Device& device) {
  if (device.up()) return true;
  device.set_time(scheduler_.now());
  try {
    device.start([this, &device](const rill::VersionVector& vector) { promised(device, vector); },
                 [this] { statistics_.faults.add(Fault::chunks_cut); });
  } catch (const rill::Error& error) {
    if (device.disk.is_down()) {
      statistics_.faults.add(Fault::crashed_in_call);
      went_down(device, armed_[&device]);
    } else {
      expect_trouble(device, error, "opening");
    }
    return false;
  }
  if (!injected_.contains(&device)) forgot_.erase(&device);
  if (!injected_.contains(&device) && !armed_.contains(&device)) device.troubled = false;
  inspect(device);
  return device.up();
}

void Life::stop(Device& device) {
  drop_connections(device, false);
  device.stop();
}

void Life::restart(Device& device) {
  stop(device);
  if (device.disk.is_down()) return touched(device);
  start(device);
}

void Life::boot(Device& device) {
  if (device.up()) return;
  device.disk.start();
  device.disk.lift();
  device.disk.lie(false);
  device.lying = device.troubled = false;
  armed_.erase(&device);
  injected_.erase(&device);
  say(device.name() + " boots");
  if (!start(device)) throw Violation(device.name() + " does not open: " + last_error_);
}

void Life::crash(Device& device, Crash how) {
  device.disk.crash(how);
  went_down(device, how);
}

void Life::crash_later(Device& device, Crash how, std::uint64_t calls) {
  armed_[&device] = how;
  device.troubled = true;
  device.disk.crash_after(calls, how);
}

void Life::went_down(Device& device, Crash how) {
  say(device.name() + " goes down: " + std::string(name_of(fault_of(how))));
  statistics_.faults.add(fault_of(how));
  note_failures(device);
  device.killed = how == Crash::kill;
  if (device.lying && how != Crash::kill) {
    statistics_.faults.add(Fault::lying_sync);
    device.excused = true;
  }
  drop_connections(device, how != Crash::kill && random_.percent(50));
  device.stop();
  ++statistics_.recoveries;
  const Time pause = random_.percent(70) ? random_.below(kMinute) : random_.below(5 * kHour);
  scheduler_.after(pause, [this, &device] { boot(device); });
}

void Life::lift(Device& device) {
  note_failures(device);
  if (device.disk.is_down()) return;  // it lifts all when it boots
  device.disk.lift();
  // Who had the file open when an fsync forgot is told so later.
  device.troubled = forgot_.contains(&device);
  injected_.erase(&device);
  armed_.erase(&device);
  say(device.name() + " is mended");
  if (!device.up()) boot(device);
}

// Disks ------------------------------------------------------------------------------------------

void Life::note_failures(Device& device) {
  const auto found = injected_.find(&device);
  if (found == injected_.end() || !found->second || device.disk.failures() == 0) return;
  statistics_.faults.add(*found->second);
  say(device.name() + " meets " + std::string(name_of(*found->second)));
  found->second.reset();
}

void Life::fail_disk(Device& device, oracle::Random& random) {
  DiskFault fault;
  fault.failure = static_cast<DiskFailure>(random.below(4));
  if (fault.failure == DiskFailure::short_read) return read_short(device, random);
  fault.calls = rill::testing::kAllCalls;
  if (fault.failure == DiskFailure::forgetful_sync) fault.calls = DiskCall::sync;
  fault.lasting = random.percent(40);
  fault.after = random.below(random.percent(50) ? 6 : 60);
  device.troubled = true;
  device.disk.inject(fault);
  injected_[&device] = fault_of(fault);
  if (fault.failure == DiskFailure::forgetful_sync) forgot_.insert(&device);
  scheduler_.after(1 + random.below(10 * kMinute), [this, &device] { lift(device); });
}

void Life::read_short(Device& device, oracle::Random& random) {
  device.troubled = true;
  device.disk.inject(
      {DiskFailure::short_read, DiskCall::read, random.below(20), random.percent(40)});
  injected_[&device] = Fault::short_read;
  try {
    // Findings are to be expected: SQLite takes what it does not get for zeros.
    static_cast<void>(device.site.database().check());
  } catch (const rill::Error& error) {
    say(std::string("a check ends with ") + error.what());
  }
  note_failures(device);
  device.disk.lift();
  device.troubled = false;
  injected_.erase(&device);
  restart(device);  // and with it go the zeros that SQLite has cached
}

void Life::fill_disk(Device& device, oracle::Random& random) {
  device.troubled = true;
  device.disk.set_capacity(device.disk.used() + random.below(30'000));
  injected_[&device] = Fault::disk_stays_full;
  scheduler_.after(1 + random.below(kHour), [this, &device] { lift(device); });
}

void Life::lie(Device& device, oracle::Random& random) {
  if (device.troubled) return;
  device.lying = true;
  device.disk.lie(true);
  scheduler_.after(random.below(10 * kMinute), [this, &device] {
    if (device.lying && device.up()) crash(device, Crash::lose_unsynced);
  });
}

// Clocks -----------------------------------------------------------------------------------------

void Life::jump_clock(Device& device, oracle::Random& random) {
  constexpr std::array<std::int64_t, 5> kJumps{500, 60'000, 86'400'000, 31'536'000'000,
                                               2'200'000'000'000};
  const std::int64_t jump = kJumps.at(random.below(kJumps.size()));
  device.jump_clock(random.percent(50) ? jump : -jump / 2);
  statistics_.faults.add(Fault::clock_jumped);
}

void Life::freeze_clock(Device& device, oracle::Random& random) {
  device.freeze_clock(true);
  statistics_.faults.add(Fault::clock_frozen);
  scheduler_.after(random.below(kHour), [&device] { device.freeze_clock(false); });
}

// Files ------------------------------------------------------------------------------------------

void Life::restore(Device& device, bool whole) {
  const auto backup = backups_.find(&device);
  if (backup == backups_.end()) return;
  statistics_.faults.add(whole ? Fault::image_restored : Fault::backup_restored);
  stop(device);
  if (device.disk.is_down()) return touched(device);
  device.restore(backup->second, whole);
  device.excused = true;
  device.pending.clear();
  start(device);
}

void Life::copy(Device& source, std::uint64_t seed) {
  if (!source.pending.empty() || source.troubled || devices_.front()->troubled ||
      !devices_.front()->up()) {
    return;
  }
  if (source.group && !source.group->own_role()) return;
  statistics_.faults.add(Fault::copied);
  const std::size_t number = devices_.size();
  devices_.push_back(
      std::make_unique<Device>(script_.plan, source.planned(), number, seed, source.terms()));
  Device& copy = *devices_.back();
  copy.restore(source.image(), false);
  copy.excused = true;
  if (!begin(copy) || !copy.group) return;
  rill::Group& first = *devices_.front()->group;
  first.admit(copy.key.public_key(), copy.name(), rill::Role::writer);
  copy.group->merge(first.records());
}

void Life::upgrade(Device& device) {
  if (device.site.current_schema()) return;
  const std::optional<Holdings> before = look(device);
  if (!before) return;
  // It may take a dot, one that says nothing.
  try {
    device.site.adopt();
    statistics_.faults.add(Fault::schema_upgraded);
  } catch (const rill::Error& error) {
    expect_trouble(device, error, "an upgrade");
    restart(device);  // goes on with it
  }
  touched(device);
}

// The group --------------------------------------------------------------------------------------

void Life::pair(Device& device) {
  Device& inviter = *devices_.front();
  if (!device.group || device.revoked || device.troubled || inviter.troubled || !inviter.up()) {
    return;
  }
  if (device.group->own_role()) return;
  pair_by_code(*inviter.group, inviter.key, *device.group, device.key, device.name());
  statistics_.faults.add(Fault::paired_late);
}

void Life::revoke(Device& device) {
  Device& admin = *devices_.front();
  if (&device == &admin || !device.group || admin.troubled || !admin.up()) return;
  if (device.revoked || !admin.group->find(device.key.id())) return;
  admin.group->revoke(device.key.id());
  device.revoked = true;
  statistics_.faults.add(Fault::revoked);
  for (const auto& connection : connections_) connection->changed(admin);
}

}  // namespace simulation
