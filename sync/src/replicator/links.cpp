#include "replicator/links.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "gate.hpp"
#include "transport/endpoint.hpp"
#include "transport/handshake.hpp"

namespace rill {
namespace {

using asio::ip::tcp;

constexpr std::string_view kGateLabel = "EXPORTER-rill-gate";

tcp::endpoint remote_of(SecureStream& stream) {
  asio::error_code error;
  return stream.next_layer().remote_endpoint(error);
}

}  // namespace

Links::Links(asio::io_context& io, asio::thread_pool& workers, asio::ssl::context& tls,
             Replica& replica, Group& group, PeerTable& peers, EventFeed& feed, Options options)
    : io_(io),
      workers_(workers),
      tls_(tls),
      replica_(replica),
      group_(group),
      peers_(peers),
      feed_(feed),
      options_(std::move(options)),
      own_role_(group.own_role()) {}

// Entering ---------------------------------------------------------------------------------------

asio::awaitable<Links::Dialed> Links::dial(tcp::endpoint endpoint) {
  Dialed result;
  DeviceId id;
  try {
    SecureStream stream =
        co_await dial_secure(io_, tls_, endpoint, Purpose::sync, options_.handshake_timeout);
    id = DeviceId::of(peer_key(stream));
    if (id == options_.own) {
      throw Error(ErrorCode::not_a_member, to_string(endpoint) + " is this device itself");
    }
    // One member is found at several addresses.
    if (!entering_.contains(id) && prefer_new(id, true)) {
      co_await enter(std::move(stream), id, endpoint);
    }
    result.member = id;
  } catch (const Error& error) {
    result.error = error;
    const bool stranger =
        error.code() == ErrorCode::not_a_member || error.code() == ErrorCode::revoked;
    if (stranger) tell_refused(id, to_string(endpoint), error);
  } catch (const std::exception& error) {
    result.error = Error(ErrorCode::internal, error.what());
  }
  co_return result;
}

asio::awaitable<void> Links::enter(SecureStream stream, DeviceId id, tcp::endpoint endpoint) {
  entering_.insert(id);
  try {
    Entrant entrant = co_await pass_gate(stream, true);
    entering_.erase(id);
    options_.on_met(id, endpoint);
    begin(std::move(stream), std::move(entrant), true);
  } catch (...) {
    entering_.erase(id);
    throw;
  }
}

asio::awaitable<void> Links::accept(SecureStream stream, Doorkeeper::Pass pass) {
  const tcp::endpoint remote = remote_of(stream);
  const DeviceId id = DeviceId::of(peer_key(stream));
  try {
    Entrant entrant = co_await pass_gate(stream, false);
    if (entrant.port != 0) options_.on_met(id, {remote.address(), entrant.port});
    begin(std::move(stream), std::move(entrant), false);
  } catch (const Error& error) {
    // A peer that finds its dialing redundant just ends the connection.
    if (error.code() != ErrorCode::peer_gone) tell_refused(id, to_string(remote), error);
  }
  pass.reset();
}

asio::awaitable<Links::Entrant> Links::pass_gate(SecureStream& stream, bool dialed) {
  const SocketDeadline deadline(io_, stream.next_layer(), options_.session.timeouts.hello);
  Gate gate(group_, {peer_key(stream), exporter_of(stream, kGateLabel), own_port_, dialed});
  Entrant entrant;
  while (true) {
    std::string output = gate.take_output();
    if (!output.empty()) co_await send_all(stream, std::move(output));
    if (gate.open() || gate.error()) break;
    entrant.early = co_await receive_some(stream);
    std::string_view rest(entrant.early);
    gate.receive(rest);
    entrant.early.erase(0, entrant.early.size() - rest.size());
  }
  const std::optional<Error>& error = gate.error();
  if (error) throw Error(*error);
  const std::optional<Member>& member = gate.member();
  if (member) entrant.member = *member;
  entrant.port = gate.peer_port();
  co_return entrant;
}

void Links::tell_refused(const DeviceId& id, const std::string& address, const Error& error) {
  ReplicatorEvent event;
  event.kind = ReplicatorEvent::Kind::refused;
  event.peer = id;
  if (const std::optional<Member> member = group_.find(id)) event.name = member->name;
  event.address = address;
  event.error = error;
  feed_.tell(std::move(event));
}

// One connection for each member -----------------------------------------------------------------

bool Links::prefer_new(const DeviceId& id, bool dialed) {
  const auto found = links_.find(id);
  if (found == links_.end()) return true;
  const Link& old = found->second;
  const bool young = Clock::now() - old.since < kYoung;
  if (young && old.dialed != dialed) return dialed == (options_.own < id);
  if (!dialed) return true;
  if (!young) old.connection->probe(kProbePatience);
  return false;
}

void Links::begin(SecureStream stream, Entrant entrant, bool dialed) {
  const DeviceId id = entrant.member.id;
  if (closing_ || !prefer_new(id, dialed)) return;
  const std::uint64_t number = next_number_++;
  Connection::Options options;
  options.session = options_.session;
  options.session.group = &group_;
  options.session.send_changes = own_role_ != Role::reader;
  options.session.accept_changes = entrant.member.role != Role::reader;
  options.early = std::move(entrant.early);
  options.on_step = [this, id, number](const Session& session, std::uint64_t handled,
                                       const std::vector<SessionEvent>& events) {
    peers_.step(id, number, session, handled, events);
  };
  options.on_end = [this, id, number] { on_end(id, number); };
  // Where the peer listens, rather than where it dialed from.
  tcp::endpoint remote = remote_of(stream);
  if (!dialed && entrant.port != 0) remote.port(entrant.port);
  const auto connection =
      std::make_shared<Connection>(io_, workers_, std::move(stream), replica_, std::move(options));
  const auto old = links_.find(id);
  if (old != links_.end()) old->second.connection->close();
  links_.insert_or_assign(id, Link{connection, entrant.member, dialed, Clock::now(), number});
  all_.emplace(number, connection);
  peers_.online(entrant.member, to_string(remote), number, connection);
  connection->start();
}

void Links::on_end(const DeviceId& id, std::uint64_t number) {
  const auto link = links_.find(id);
  if (link != links_.end() && link->second.number == number) links_.erase(link);
  all_.erase(number);
  peers_.offline(id, number);
  if (!closing_ && !links_.contains(id)) options_.on_offline(id);
  if (closing_ && all_.empty()) options_.on_idle();
}

// All of them ------------------------------------------------------------------------------------

void Links::push() {
  for (const auto& [id, link] : links_) link.connection->note_change();
}

void Links::group_changed() {
  const std::optional<Role> role = group_.own_role();
  const bool own_changed = std::exchange(own_role_, role) != role;
  for (const auto& [id, link] : links_) {
    const std::optional<Member> member = group_.find(id);
    const bool same = member && !member->revoked && member->role == link.member.role;
    if (same && !own_changed) {
      link.connection->note_group_change();
    } else {
      link.connection->close();
    }
  }
}

void Links::probe() {
  for (const auto& [id, link] : links_) link.connection->probe(kProbePatience);
}

void Links::close() {
  closing_ = true;
  for (const auto& [number, connection] : all_) connection->close();
}

}  // namespace rill
