#include "simulation/ledger.hpp"

#include <algorithm>
#include <iterator>

#include "rill/rows.hpp"

namespace simulation {
namespace {

ReplicaBytes replica_of(const rill::Blob& blob) {
  ReplicaBytes bytes{};
  std::transform(blob.begin(), blob.end(), bytes.begin(),
                 [](std::byte byte) { return static_cast<std::uint8_t>(byte); });
  return bytes;
}

std::uint64_t number_of(const rill::Value& value) {
  return static_cast<std::uint64_t>(value.integer());
}

}  // namespace

std::optional<std::uint64_t> Holdings::epoch_of(const ReplicaBytes& replica,
                                                std::uint64_t event) const {
  const auto chain = epochs.find(replica);
  if (chain == epochs.end()) return std::nullopt;
  const auto next = chain->second.upper_bound(event);
  if (next == chain->second.begin()) return std::nullopt;
  return std::prev(next)->second;
}

Holdings read_holdings(rill::Database& database) {
  Holdings holdings;
  for (const rill::Row& row : database.query(
           "SELECT replica.replica, counter, time FROM rill_clock clock JOIN rill_replica replica "
           "ON replica.id = clock.replica WHERE space = 1")) {
    holdings.self = replica_of(row[0].blob());
    holdings.counter = number_of(row[1]);
    holdings.time = number_of(row[2]);
    if (holdings.counter > 0) holdings.vector[holdings.self] = holdings.counter;
  }
  for (const rill::Row& row : database.query(
           "SELECT replica.replica, counter FROM rill_vector vector JOIN rill_replica replica ON "
           "replica.id = vector.replica WHERE space = 1")) {
    std::uint64_t& counter = holdings.vector[replica_of(row[0].blob())];
    counter = std::max(counter, number_of(row[1]));
  }
  for (const rill::Row& row : database.query(
           "SELECT replica.replica, first, value FROM rill_epoch epoch JOIN rill_replica replica "
           "ON replica.id = epoch.replica")) {
    holdings.epochs[replica_of(row[0].blob())][number_of(row[1])] = number_of(row[2]);
  }
  return holdings;
}

void Ledger::commit(std::size_t index, std::uint64_t epoch, std::uint64_t counter) {
  epochs_[epoch][counter] = index;
}

template <typename Visit>
void Ledger::for_each_held(const Holdings& holdings, const oracle::Vector& vector,
                           Visit visit) const {
  for (const auto& [replica, last] : vector) {
    const auto chain = holdings.epochs.find(replica);
    if (chain == holdings.epochs.end()) continue;
    for (auto epoch = chain->second.begin(); epoch != chain->second.end(); ++epoch) {
      const auto made = epochs_.find(epoch->second);
      if (made == epochs_.end()) continue;
      const auto next = std::next(epoch);
      const std::uint64_t end = next == chain->second.end() ? last + 1 : next->first;
      for (auto event = made->second.lower_bound(epoch->first);
           event != made->second.end() && event->first < end && event->first <= last; ++event) {
        visit(event->second, replica);
      }
    }
  }
}

EventSet Ledger::seen(const Holdings& holdings, const oracle::Vector& vector) const {
  EventSet seen;
  for_each_held(holdings, vector, [&](std::size_t index, const ReplicaBytes&) { seen.set(index); });
  return seen;
}

EventSet Ledger::seen(const Holdings& holdings) const { return seen(holdings, holdings.vector); }

void Ledger::name_as(const Holdings& holdings) {
  for_each_held(holdings, holdings.vector, [&](std::size_t index, const ReplicaBytes& replica) {
    history_.event(index).replica = replica;
  });
}

}  // namespace simulation
