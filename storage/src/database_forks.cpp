#include <algorithm>
#include <utility>

#include "database_implementation.hpp"
#include "fork_renamer.hpp"
#include "forks.hpp"
#include "rill/error.hpp"

// Whose events these are: what pasts, compared with a peer's, come to.

namespace rill {
namespace {

constexpr std::string_view kBeginAnew =
    "this side and the peer had not the same certificates of forks, and so not the same names of "
    "events; begin the session anew";

}  // namespace

void Database::Implementation::adopt_forks(const Forks& forks) {
  storage::BoundedEvents events;
  write_past_capture([&] {
    sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
    mend_log();
    storage::Interner& interner = own_capture_->interner();
    const storage::ClockRow clock = storage::ClockRow::read(own_);
    if (clock.generation != own_capture_->catalog()->generation()) own_capture_->reload_catalog();
    check_capture(own_, *own_capture_->catalog());
    storage::write_forks(own_, forks);
    // What is to come is not to be renamed once more.
    if (forks.concerns(interner.id(clock.replica))) identity_->renew(own_);
    events = storage::ForkRenamer(own_, *own_capture_, forks).run();
    commit_durably(transaction);
  });
  dispatcher_->happened(std::move(events));
}

void Database::Implementation::unite_forks(const Forks& theirs) {
  const Forks ours = storage::read_forks(own_);
  if (ours == theirs) return;
  Forks all = ours;
  all.add(theirs);
  if (all != ours) adopt_forks(all);
  throw Error(ErrorCode::renamed, std::string(kBeginAnew));
}

bool Database::Implementation::renew_if_forgotten(const ReplicaSummary& peer) {
  sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
  const storage::ClockRow clock = storage::ClockRow::read(own_);
  const ReplicaId own = own_capture_->interner().id(clock.replica);
  // Judged anew: a local write may have come in between.
  const bool twin = peer.id == own && peer.vector[own] == clock.counter;
  if (!twin && peer.vector[own] <= clock.counter) return false;
  mend_log();
  identity_->renew(own_);
  commit_durably(transaction);
  return true;
}

std::optional<ReplicaId> Database::Implementation::check_history(const ReplicaSummary& peer) {
  const std::lock_guard lock(own_mutex_);
  check_file();
  open_own();
  {
    const storage::ReaderLease reader = readers_->snapshot();
    const storage::ClockRow clock = storage::ClockRow::read(reader->connection);
    const ReplicaId own = reader->interner.id(clock.replica);
    if (peer.opening == identity_->opening()) {
      throw Error(ErrorCode::forked, "both sides are the same database, " + path_.string());
    }
    unite_forks(peer.forks);
    const VersionVector vector = read_vector(reader->connection, reader->interner);
    if (const auto fork = fork_with(reader->connection, reader->interner, vector, peer)) {
      return fork->replica;
    }
    if (peer.id != own && peer.vector[own] <= clock.counter) return std::nullopt;
  }
  if (renew_if_forgotten(peer)) {
    dispatcher_->happened(storage::BoundedEvents(
        storage::new_replica_event("a peer knows events of this replica that the file lacks")));
  }
  return std::nullopt;
}

ReplicaHistory Database::Implementation::history(const ReplicaId& replica) {
  const storage::ReaderLease reader = exportable_snapshot();
  const VersionVector vector = read_vector(reader->connection, reader->interner);
  return storage::read_history(reader->connection, replica, vector[replica]);
}

void Database::Implementation::settle_fork(const ReplicaHistory& peer) {
  const std::lock_guard lock(own_mutex_);
  check_file();
  open_own();
  storage::Interner& interner = own_capture_->interner();
  const std::uint64_t counter = read_vector(own_, interner)[peer.replica];
  const Epochs epochs = storage::read_all_epochs(own_, interner);
  const auto certificate = find_certificate(peer.replica, std::min(counter, peer.counter),
                                            epochs.history(peer.replica), peer.epochs);
  if (!certificate) {
    // What is common to both lies further back than a peer tells.
    if (peer.epochs.size() == kMaxHistory) throw storage::forked_error(peer.replica);
    return;
  }
  Forks forks = storage::read_forks(own_);
  if (!forks.add(*certificate)) throw storage::forked_error(peer.replica);
  adopt_forks(forks);
}

}  // namespace rill
