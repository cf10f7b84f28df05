#include <algorithm>
#include <map>
#include <string>

#include "rill/error.hpp"
#include "simulation/life.hpp"

// All is mended, and all must agree.

namespace simulation {
namespace {

/// In theory two: one brings all to some device, the other brings it to all.
constexpr std::size_t kMaxRounds = 8;

}  // namespace

std::vector<Device*> Life::members() {
  std::vector<Device*> members;
  for (const auto& device : devices_) {
    const bool takes_part =
        !device->terms().groups || (!device->revoked && device->group && device->group->own_role());
    if (takes_part) members.push_back(device.get());
  }
  return members;
}

void Life::heal() {
  say("all is mended");
  for (const auto& device : devices_) stop(*device);
  for (const auto& device : devices_) boot(*device);
  for (const auto& device : devices_) pair(*device);
  std::size_t rounds = 0;
  for (; !agreed(); ++rounds) {
    if (rounds == kMaxRounds) {
      throw Violation("no agreement after " + std::to_string(rounds) +
                      " rounds; the last error: " + last_error_);
    }
    round();
  }
  statistics_.most_rounds = std::max(statistics_.most_rounds, rounds);
  check_agreement();
  check_debts();
  check_silence();
}

void Life::round() {
  const std::vector<Device*> all = members();
  for (std::size_t left = 0; left < all.size(); ++left) {
    for (std::size_t right = left + 1; right < all.size(); ++right) {
      LinkTerms terms;
      terms.lasts = 10 * kMinute;
      connect(*all[left], *all[right], terms, random_.next());
      const std::shared_ptr<Connection> connection = connections_.back();
      while (!connection->over() && !connection->in_sync()) {
        if (!scheduler_.step()) throw Violation("two devices wait for each other");
      }
      connection->close();
      while (!connection->over()) scheduler_.step();
      connections_.clear();
    }
  }
}

bool Life::agreed() {
  const std::vector<Device*> all = members();
  return std::ranges::all_of(all, [&](Device* device) {
    return device->site.database().vector() == all.front()->site.database().vector();
  });
}

void Life::check_agreement() {
  std::map<bool, std::string> digests;
  for (Device* device : members()) {
    compare(*device, true);
    check_file(*device);
    note_compaction(*device);
    const std::string digest = device->site.database().digest();
    std::string& expected = digests[device->site.current_schema()];
    if (expected.empty()) expected = digest;
    if (digest != expected) throw Violation("the digest of " + device->name() + " differs");
  }
}

void Life::note_compaction(Device& device) {
  // No INSERT of a life is that long: all of it came by operations.
  const rill::Rows rows = device.site.database().query(
      "SELECT count(*) FROM rill_text WHERE seq > 0 AND length(checkpoint) > 4096");
  for (std::int64_t count = rows.front()[0].integer(); count > 0; --count) {
    statistics_.faults.add(Fault::text_compacted);
  }
}

void Life::check_debts() {
  EventSet owed;
  for (const Device* device : members()) owed |= device->owed;
  for (const Device* device : members()) {
    const EventSet lost = owed & ~device->seen;
    for (std::size_t index = 0; index < ledger_.size(); ++index) {
      if (!lost[index]) continue;
      throw Violation("event " + std::to_string(index) + " was acknowledged and is not in " +
                      device->name());
    }
  }
}

void Life::check_silence() {
  for (Device* sender : members()) {
    for (Device* receiver : members()) {
      if (sender == receiver) continue;
      const auto stream = sender->site.database().changes_since(receiver->site.database().vector());
      if (stream->next(1000)) throw Violation("there is something to send after all was sent");
    }
  }
}

}  // namespace simulation
