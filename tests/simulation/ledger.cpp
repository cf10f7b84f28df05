#include "simulation/ledger.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "rill/error.hpp"

namespace simulation {
namespace {

ReplicaBytes replica_at(sqlite3_stmt* statement, int column) {
  ReplicaBytes bytes{};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  if (size == bytes.size()) {
    std::memcpy(bytes.data(), sqlite3_column_blob(statement, column), bytes.size());
  }
  return bytes;
}

std::uint64_t number_at(sqlite3_stmt* statement, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement, column));
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

bool Holdings::renamed_since(const Holdings& before) const {
  const auto stands = [&](const auto& chain) {
    const auto now = epochs.find(chain.first);
    return now != epochs.end() && std::ranges::includes(now->second, chain.second);
  };
  return self != before.self || !std::ranges::all_of(before.epochs, stands);
}

HoldingsReader::HoldingsReader(sqlite3* handle)
    : handle_(handle),
      clock_(prepare("SELECT replica.replica, counter, time FROM rill_clock clock JOIN "
                     "rill_replica replica ON replica.id = clock.replica WHERE space = 1")),
      vector_(prepare("SELECT replica.replica, counter FROM rill_vector vector JOIN "
                      "rill_replica replica ON replica.id = vector.replica WHERE space = 1")),
      epochs_(prepare("SELECT replica.replica, first, value FROM rill_epoch epoch JOIN "
                      "rill_replica replica ON replica.id = epoch.replica")) {}

void HoldingsReader::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

HoldingsReader::Statement HoldingsReader::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK) fail();
  return Statement(statement);
}

void HoldingsReader::fail() {
  const int code = sqlite3_errcode(handle_) & 0xff;
  const auto kind = code == SQLITE_IOERR  ? rill::ErrorCode::io
                    : code == SQLITE_FULL ? rill::ErrorCode::disk_full
                    : code == SQLITE_BUSY ? rill::ErrorCode::busy
                                          : rill::ErrorCode::corrupt;
  throw rill::Error(kind, sqlite3_errmsg(handle_));
}

template <typename Visit>
void HoldingsReader::each(const Statement& statement, Visit visit) {
  int code = sqlite3_step(statement.get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement.get())) visit(statement.get());
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement.get());
    return;
  }
  sqlite3_reset(statement.get());
  fail();
}

Holdings HoldingsReader::read() {
  Holdings holdings;
  each(clock_, [&](sqlite3_stmt* row) {
    holdings.self = replica_at(row, 0);
    holdings.counter = number_at(row, 1);
    holdings.time = number_at(row, 2);
    if (holdings.counter > 0) holdings.vector[holdings.self] = holdings.counter;
  });
  each(vector_, [&](sqlite3_stmt* row) {
    std::uint64_t& counter = holdings.vector[replica_at(row, 0)];
    counter = std::max(counter, number_at(row, 1));
  });
  each(epochs_, [&](sqlite3_stmt* row) {
    holdings.epochs[replica_at(row, 0)][number_at(row, 1)] = number_at(row, 2);
  });
  return holdings;
}

void Ledger::commit(std::size_t index, std::uint64_t epoch, std::uint64_t counter) {
  epochs_[epoch][counter] = index;
}

void Ledger::retract(std::uint64_t epoch, std::uint64_t counter) { epochs_[epoch].erase(counter); }

bool Ledger::knows(std::uint64_t epoch, std::uint64_t counter) const {
  const auto found = epochs_.find(epoch);
  return found != epochs_.end() && found->second.contains(counter);
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
    history_.rename(index, replica);
  });
}

}  // namespace simulation
