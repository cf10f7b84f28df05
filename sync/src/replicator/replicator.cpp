#include "rill/replicator.hpp"

#include <utility>

#include "replicator/node.hpp"

namespace rill {

std::string_view to_string(ReplicatorEvent::Kind kind) noexcept {
  using Kind = ReplicatorEvent::Kind;
  switch (kind) {
    case Kind::peer_online:
      return "peer_online";
    case Kind::peer_offline:
      return "peer_offline";
    case Kind::received:
      return "received";
    case Kind::in_sync:
      return "in_sync";
    case Kind::rules_differ:
      return "rules_differ";
    case Kind::diverged:
      return "diverged";
    case Kind::group_changed:
      return "group_changed";
    case Kind::removed:
      return "removed";
    case Kind::pairing_request:
      return "pairing_request";
    case Kind::paired:
      return "paired";
    case Kind::pairing_failed:
      return "pairing_failed";
    case Kind::refused:
      return "refused";
    case Kind::trouble:
      return "trouble";
  }
  return "unknown";
}

Replicator::Replicator(Replica& replica, DeviceStore& store, ReplicatorOptions options)
    : implementation_(std::make_unique<Implementation>(replica, store, std::move(options))) {}
Replicator::~Replicator() = default;

void Replicator::start() { implementation_->start(); }
void Replicator::pause() { implementation_->pause(); }
void Replicator::resume() { implementation_->start(); }
std::string Replicator::invite(Role role) { return implementation_->invite(role); }
std::string Replicator::invite_link(Role role) { return implementation_->invite_link(role); }
void Replicator::confirm(std::uint64_t request) { implementation_->confirm(request); }
void Replicator::decline(std::uint64_t request) { implementation_->decline(request); }
Member Replicator::join(std::string_view code_or_link, const std::string& address,
                        std::chrono::milliseconds patience) {
  return implementation_->join(code_or_link, address, patience);
}
void Replicator::revoke(const DeviceId& member) { implementation_->revoke(member); }
void Replicator::set_role(const DeviceId& member, Role role) {
  implementation_->set_role(member, role);
}
void Replicator::leave() { implementation_->leave(); }
void Replicator::connect(const std::string& address) {
  implementation_->dial(address, Dialer::Origin::given);
}
void Replicator::report_peer(const std::string& address) {
  implementation_->dial(address, Dialer::Origin::discovered);
}
bool Replicator::wait_in_sync(std::chrono::milliseconds timeout) {
  return implementation_->wait_in_sync(timeout);
}
std::vector<PeerStatus> Replicator::peers() const { return implementation_->peers(); }
std::vector<Member> Replicator::members() const { return implementation_->members(); }
ReplicatorStatus Replicator::status() const { return implementation_->status(); }
Subscription Replicator::on_event(ReplicatorCallback callback) {
  return implementation_->on_event(std::move(callback));
}

}  // namespace rill
