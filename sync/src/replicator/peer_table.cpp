#include "replicator/peer_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "transport/connection.hpp"

namespace rill {
namespace {

constexpr std::array kCounts{&SessionProgress::bytes_sent,  &SessionProgress::bytes_received,
                             &SessionProgress::rows_sent,   &SessionProgress::rows_received,
                             &SessionProgress::deltas_sent, &SessionProgress::deltas_received};

/// What an app is told of an event of a session; nothing of some.
std::optional<ReplicatorEvent::Kind> kind_of(const SessionEvent& event) {
  using Kind = ReplicatorEvent::Kind;
  switch (event.kind) {
    case SessionEvent::Kind::connected:
      return Kind::peer_online;
    case SessionEvent::Kind::rules_differ:
      return Kind::rules_differ;
    case SessionEvent::Kind::diverged:
      return Kind::diverged;
    case SessionEvent::Kind::delta_applied:
      return event.rows > 0 ? std::optional(Kind::received) : std::nullopt;
    case SessionEvent::Kind::in_sync:
      return Kind::in_sync;
    case SessionEvent::Kind::progress:
    case SessionEvent::Kind::exchanged:
    case SessionEvent::Kind::group_changed:  // told once, by the group
    case SessionEvent::Kind::closed:         // told when the connection has ended
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void PeerTable::online(const Member& member, const std::string& address, std::uint64_t number,
                       std::weak_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[member.id];
  peer.status.member = member;
  peer.status.address = address;
  peer.status.connection = PeerStatus::Connection::online;
  peer.status.in_sync = false;
  peer.status.last_error.reset();
  peer.status.last_contact = std::chrono::system_clock::now();
  peer.connection = std::move(connection);
  peer.handled = peer.wanted = 0;
  peer.number = number;
}

void PeerTable::step(const DeviceId& id, std::uint64_t number, const Session& session,
                     std::uint64_t handled, const std::vector<SessionEvent>& events) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[id];
  count(peer, number, session.progress());
  const bool current = peer.number == number;
  for (const SessionEvent& event : events) {
    if (current || event.kind == SessionEvent::Kind::delta_applied) tell(peer, event);
  }
  if (!current) return;
  peer.status.in_sync = session.in_sync();
  // Until it has said what it has, it has what it had when it last did.
  if (session.peer()) peer.status.lag = session.lag();
  peer.status.last_error = session.error();
  peer.handled = handled;
  exchanged_ = exchanged_ || session.exchanged();
  changed_.notify_all();
}

void PeerTable::count(Peer& peer, std::uint64_t number, const SessionProgress& progress) {
  SessionProgress& before = peer.counted[number];
  if (progress.bytes_received != before.bytes_received) {
    peer.status.last_contact = std::chrono::system_clock::now();
  }
  for (const auto field : kCounts) peer.status.moved.*field += progress.*field - before.*field;
  before = progress;
}

void PeerTable::tell(Peer& peer, const SessionEvent& event) {
  const auto kind = kind_of(event);
  if (!kind) return;
  // A session that takes another's place is no news.
  if (*kind == ReplicatorEvent::Kind::peer_online && std::exchange(peer.told, true)) return;
  ReplicatorEvent told;
  told.kind = *kind;
  told.peer = peer.status.member.id;
  told.name = peer.status.member.name;
  told.address = peer.status.address;
  told.rows = event.rows;
  told.message = event.message;
  feed_.tell(std::move(told));
}

void PeerTable::offline(const DeviceId& id, std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  Peer& peer = peers_[id];
  peer.counted.erase(number);
  if (peer.number != number) return;
  peer.number = 0;
  peer.connection.reset();
  peer.status.connection = PeerStatus::Connection::offline;
  peer.status.in_sync = false;
  changed_.notify_all();
  const bool was_online = std::exchange(peer.told, false);
  // A session that came to nothing is news where more than the connection failed.
  const std::optional<Error>& error = peer.status.last_error;
  const bool passing =
      error && (error->code() == ErrorCode::peer_gone || error->code() == ErrorCode::renamed);
  if (!was_online && (!error || passing)) return;
  ReplicatorEvent told;
  told.kind = was_online ? ReplicatorEvent::Kind::peer_offline : ReplicatorEvent::Kind::refused;
  told.peer = id;
  told.name = peer.status.member.name;
  told.address = peer.status.address;
  told.error = peer.status.last_error;
  feed_.tell(std::move(told));
}

void PeerTable::set_address(const DeviceId& id, const std::string& address) {
  const std::lock_guard lock(mutex_);
  peers_[id].status.address = address;
}

std::vector<PeerStatus> PeerTable::statuses(const std::vector<Member>& members) const {
  const std::lock_guard lock(mutex_);
  std::vector<PeerStatus> statuses;
  statuses.reserve(members.size());
  for (const Member& member : members) {
    const auto found = peers_.find(member.id);
    statuses.push_back(found == peers_.end() ? PeerStatus{} : found->second.status);
    statuses.back().member = member;
  }
  return statuses;
}

bool PeerTable::all_in_sync() const {
  return exchanged_ && std::ranges::all_of(peers_, [](const auto& item) {
           const Peer& peer = item.second;
           return peer.number == 0 || (peer.status.in_sync && peer.handled >= peer.wanted);
         });
}

bool PeerTable::wait_in_sync(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  for (auto& [id, peer] : peers_) {
    if (const auto connection = peer.connection.lock()) peer.wanted = connection->note_change();
  }
  ++waiting_;
  changed_.wait_for(lock, timeout, [this] { return interrupted_ || all_in_sync(); });
  --waiting_;
  if (interrupted_) changed_.notify_all();
  return !interrupted_ && all_in_sync();
}

void PeerTable::interrupt() {
  std::unique_lock lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return waiting_ == 0; });
}

}  // namespace rill
