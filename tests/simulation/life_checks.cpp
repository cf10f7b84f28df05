#include <string>
#include <utility>

#include "rill/error.hpp"
#include "simulation/life.hpp"

// What is looked at on the way.

namespace simulation {

std::optional<Holdings> Life::look(Device& device) {
  if (!device.up() || device.disk.is_down()) return std::nullopt;
  try {
    return device.reader->read();
  } catch (const rill::Error& error) {
    if (!device.disk.is_down()) expect_trouble(device, error, "looking");
    return std::nullopt;
  }
}

void Life::settle_pending(Device& device, const Holdings& holdings) {
  for (; !device.pending.empty(); device.pending.pop_back()) {
    const Device::Pending& pending = device.pending.back();
    const auto counter = holdings.vector.find(pending.replica);
    if (counter == holdings.vector.end() || counter->second < pending.counter) continue;
    const auto epoch = holdings.epoch_of(pending.replica, pending.counter);
    if (!epoch) throw Violation("an event without an epoch");
    if (ledger_.knows(*epoch, pending.counter)) continue;
    ledger_.history().event(pending.index).time = holdings.time;
    ledger_.commit(pending.index, *epoch, pending.counter);
    if (device.pending.size() == 1 || shows_what_it_holds(device, holdings)) {
      return device.pending.clear();
    }
    ledger_.retract(*epoch, pending.counter);
  }
}

bool Life::shows_what_it_holds(Device& device, const Holdings& holdings) {
  ledger_.name_as(holdings);
  const EventSet seen = ledger_.seen(holdings);
  try {
    oracle::Comparison(device.name(), device.site, ledger_.history(), seen, keys_).tables();
    return true;
  } catch (const oracle::Mismatch&) {
    return false;
  }
}

void Life::inspect(Device& device) {
  const std::optional<Holdings> holdings = look(device);
  if (!holdings) return stop(device);
  settle_pending(device, *holdings);
  device.seen = ledger_.seen(*holdings);
  if (device.excused) {
    device.owed = device.seen;
    device.excused = device.killed = false;
  }
  EventSet lost = device.owed & ~device.seen;
  if (std::exchange(device.killed, false)) lost |= device.committed & ~device.seen;
  device.committed &= device.seen;
  for (std::size_t index = 0; index < ledger_.size(); ++index) {
    if (lost[index]) {
      throw Violation(device.name() + " has lost event " + std::to_string(index) +
                      ", which it told others of or was to keep");
    }
  }
  if (random_.percent(25)) check_file(device);
  compare(device, false);
}

void Life::check_file(Device& device) {
  try {
    for (const rill::Finding& finding : device.site.database().check()) {
      throw Violation("check() of " + device.name() + " finds in " + finding.table + ": " +
                      finding.what);
    }
  } catch (const rill::Error& error) {
    if (!device.disk.is_down()) expect_trouble(device, error, "a check");
  }
  touched(device);
}

void Life::compare(Device& device, bool all) {
  const std::optional<Holdings> holdings = look(device);
  if (!holdings) return;
  ledger_.name_as(*holdings);
  const EventSet seen = ledger_.seen(*holdings);
  ++statistics_.comparisons;
  const oracle::Comparison comparison(device.name(), device.site, ledger_.history(), seen, keys_);
  try {
    comparison.tables();
    if (!all) return;
    comparison.conflicts();
    comparison.kept_texts();
  } catch (const rill::Error& error) {
    if (!device.disk.is_down()) expect_trouble(device, error, "a query");
  }
}

void Life::probe(Device& device) {
  // A file that was put back or lied about owes what is left of it.
  if (device.owed.none() || device.excused || device.lying || probed_) return;
  if (!probing_.percent(40)) return;
  const auto how = rill::testing::kPowerCuts.at(probing_.below(3));
  try {
    probe_.check(device, ledger_, how, probing_.next());
  } catch (const Violation& violation) {
    probed_ = violation;
  }
}

void Life::expect_trouble(Device& device, const rill::Error& error, const char* during) {
  using rill::ErrorCode;
  last_error_ = device.name() + ", " + during + ": " + std::string(rill::to_string(error.code())) +
                ", " + error.what();
  note_failures(device);
  const bool typed = error.code() == ErrorCode::io || error.code() == ErrorCode::disk_full ||
                     error.code() == ErrorCode::busy || error.code() == ErrorCode::cannot_open;
  if (device.troubled && typed) return say(last_error_);
  throw Violation(last_error_);
}

}  // namespace simulation
