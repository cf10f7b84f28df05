#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "oracle/history.hpp"
#include "oracle/site.hpp"

struct sqlite3;
struct sqlite3_stmt;

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
  /// Whether the file has come to write as another replica, or to call an event by another name.
  [[nodiscard]] bool renamed_since(const Holdings& before) const;
};

/// Reads it from an open file, past the library, which would make it durable.
class HoldingsReader {
 public:
  /// The connection must outlive it. Throws `rill::Error`, as `read` does.
  explicit HoldingsReader(sqlite3* handle);
  [[nodiscard]] Holdings read();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Statement prepare(const char* sql);
  /// Calls `visit` for each row.
  template <typename Visit>
  void each(const Statement& statement, Visit visit);
  [[noreturn]] void fail();

  sqlite3* handle_;
  Statement clock_;
  Statement vector_;
  Statement epochs_;
};

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
  /// Takes that back.
  void retract(std::uint64_t epoch, std::uint64_t counter);
  /// Whether there is an event of that name.
  [[nodiscard]] bool knows(std::uint64_t epoch, std::uint64_t counter) const;
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
