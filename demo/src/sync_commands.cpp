// sync, run, watch

#include <algorithm>
#include <iostream>
#include <mutex>

#include "commands.hpp"
#include "event_log.hpp"
#include "failure.hpp"
#include "network.hpp"
#include "rill/replicator.hpp"
#include "stop_signal.hpp"
#include "text.hpp"
#include "value_text.hpp"

namespace notes {
namespace {

using namespace std::chrono_literals;
using Kind = rill::ReplicatorEvent::Kind;

void require_group(const rill::Replicator& replicator) {
  if (replicator.status().role) return;
  if (replicator.members().empty()) {
    throw Failure(
        "this device is in no group yet: 'notes invite' begins one, 'notes join' enters one");
  }
  throw Failure("this device was removed from its group: 'notes leave', and join anew");
}

void report(Application& application, const rill::PeerStatus& peer) {
  application.out() << "in sync with " << one_line(peer.member.name) << ": "
                    << counted(peer.moved.rows_received, "note", "notes") << " changed here, "
                    << grouped(peer.moved.rows_sent) << " there ("
                    << byte_count(peer.moved.bytes_received) << " received, "
                    << byte_count(peer.moved.bytes_sent) << " sent)\n";
}

[[noreturn]] void fail_to_sync(const std::vector<rill::PeerStatus>& peers,
                               const std::string& last_error) {
  if (!last_error.empty()) throw Failure(last_error);
  for (const rill::PeerStatus& peer : peers) {
    if (peer.connection == rill::PeerStatus::Connection::online) {
      throw Failure("the sync with " + one_line(peer.member.name) +
                    " takes longer than --timeout allows; what came stays, and it can go on");
    }
  }
  throw Failure(
      "no other device of the group was found: does 'notes run' run there, in this "
      "network?");
}

}  // namespace

void sync_once(Application& application, const SyncOptions& options) {
  const StopSignal stop;
  Progress progress(application.options().progress);
  std::mutex mutex;
  std::string last_error;
  rill::Replicator replicator(application.store().database(), replicator_options(options.network));
  require_group(replicator);
  const auto listening = replicator.on_event([&](const rill::ReplicatorEvent& event) {
    const std::lock_guard lock(mutex);
    if (event.kind == Kind::rules_differ) std::cerr << "notes: " << one_line(event.message) << '\n';
    const bool ended = event.kind == Kind::peer_offline || event.kind == Kind::refused;
    if (ended && event.error) last_error = one_line(event.error->what());
  });
  for (const std::string& address : options.addresses) replicator.connect(address);
  replicator.start();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.timeout_s);
  bool done = false;
  while (!done && std::chrono::steady_clock::now() < end) {
    done = replicator.wait_in_sync(100ms);
    if (!done && stop.wait_for(0ms)) throw Failure("stopped; what came stays, and it can go on");
    std::uint64_t received = 0;
    for (const rill::PeerStatus& peer : replicator.peers()) received += peer.moved.bytes_received;
    progress.show("syncing: " + byte_count(received) + " received");
  }
  progress.clear();
  const std::vector<rill::PeerStatus> peers = replicator.peers();
  const std::lock_guard lock(mutex);
  if (!done) fail_to_sync(peers, last_error);
  for (const rill::PeerStatus& peer : peers) {
    if (peer.moved.bytes_received > 0) report(application, peer);
  }
}

void run(Application& application, const RunOptions& options) {
  const StopSignal stop;
  NotesStore& store = application.store();
  EventLog log(application);
  const auto events = store.database().on_event(
      [&log](const rill::DatabaseEvent& event) { log.database_event(event); });
  const auto changes =
      store.database().observe({"notes"}, [&log](const rill::ChangeSet& set) { log.changes(set); });
  rill::Replicator replicator(store.database(), replicator_options(options.network));
  const auto happened = replicator.on_event(
      [&log](const rill::ReplicatorEvent& event) { log.replicator_event(event); });
  for (const std::string& address : options.addresses) replicator.connect(address);
  replicator.start();
  const rill::ReplicatorStatus status = replicator.status();
  if (!status.role)
    log.line("in no group yet: 'notes invite' or 'notes join', in another terminal");
  log.line(device_text(status.name, status.device) + " listens on port " +
           std::to_string(status.port) + "; " + counted(store.count(), "note", "notes") +
           " here; Ctrl-C ends");
  stop.wait();
  log.line("stopped");
}

void watch(Application& application) {
  const StopSignal stop;
  NotesStore& store = application.store();
  EventLog log(application);
  const auto events = store.database().on_event(
      [&log](const rill::DatabaseEvent& event) { log.database_event(event); });
  const auto changes =
      store.database().observe({"notes"}, [&log](const rill::ChangeSet& set) { log.changes(set); });
  log.line("watching " + counted(store.count(), "note", "notes") + "; Ctrl-C ends");
  stop.wait();
  log.line("stopped");
}

}  // namespace notes
