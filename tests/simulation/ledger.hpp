#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "oracle/history.hpp"
#include "oracle/site.hpp"

namespace simulation {

using oracle::EventSet;
using oracle::ReplicaBytes;

/// What a database file says of the events in it.
struct Holdings {
  /// As whom it writes, how far that has come, and its clock's last reading.
  ReplicaBytes self{};
  std::uint64_t counter = 0;
  std::uint64_t time = 0;
  oracle::Vector vector;
  /// Of each replica the values of its epochs, by their first counters.
  std::map<ReplicaBytes, std::map<std::uint64_t, std::uint64_t>> epochs;

  /// The epoch that the event belongs to; empty where the file knows none.
  [[nodiscard]] std::optional<std::uint64_t> epoch_of(const ReplicaBytes& replica,
                                                      std::uint64_t counter) const;
};

/// Reads it from the open file, past the library, which would make it durable. Throws
/// `rill::Error`.
Holdings read_holdings(rill::Database& database);

/// All events that ever were in a life, each with the random value of its epoch: that and its
/// counter name it for good, also where two files used one dot, or a branch was renamed.
class Ledger {
 public:
  Ledger(const oracle::Shape& shape, oracle::Fault fault) : history_(shape, fault) {}

  [[nodiscard]] oracle::History& history() { return history_; }
  [[nodiscard]] const oracle::History& history() const { return history_; }
  [[nodiscard]] std::size_t size() const { return history_.size(); }
  [[nodiscard]] bool full() const { return history_.size() + 1 >= oracle::kMaxEvents; }

  /// The event at `index` was committed as the one `counter` of an epoch.
  void commit(std::size_t index, std::uint64_t epoch, std::uint64_t counter);
  /// The events that a file holds.
  [[nodiscard]] EventSet seen(const Holdings& holdings) const;
  /// Of these, those that `vector` covers.
  [[nodiscard]] EventSet seen(const Holdings& holdings, const oracle::Vector& vector) const;
  /// Calls the events as the file calls them: a branch may have another name there.
  void name_as(const Holdings& holdings);

 private:
  template <typename Visit>
  void for_each_held(const Holdings& holdings, const oracle::Vector& vector, Visit visit) const;

  oracle::History history_;
  /// The committed events of each epoch: their indexes by counter.
  std::map<std::uint64_t, std::map<std::uint64_t, std::size_t>> epochs_;
};

}  // namespace simulation
