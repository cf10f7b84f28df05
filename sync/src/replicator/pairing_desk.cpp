#include "replicator/pairing_desk.hpp"

#include <algorithm>
#include <utility>

namespace rill {
namespace {

using pairing::PairingEvent;

constexpr std::string_view kPairingLabel = "EXPORTER-rill-pairing";

}  // namespace

PairingDesk::PairingDesk(asio::io_context& io, asio::ssl::context& tls, const DeviceKey& key,
                         Group& group, EventFeed& feed, Options options)
    : io_(io), tls_(tls), key_(key), group_(group), feed_(feed), options_(std::move(options)) {}

pairing::PairingOptions PairingDesk::options_for(SecureStream& stream) const {
  pairing::PairingOptions options;
  options.own_key = key_.public_key();
  options.peer_key = peer_key(stream);
  options.exporter = exporter_of(stream, kPairingLabel);
  options.device_name = options_.device_name;
  if (group_.exists()) {
    const GroupId id = group_.id();
    options.group.assign(id.begin(), id.end());
  }
  return options;
}

// The inviter's side -----------------------------------------------------------------------------

std::string PairingDesk::invite(Role role) {
  invited_ = true;
  return to_string(book_.create_code(static_cast<std::uint8_t>(role), *random_, pairing_time()));
}

std::string PairingDesk::invite_link(Role role, std::vector<std::string> addresses) {
  invited_ = true;
  return to_string(book_.create_link(static_cast<std::uint8_t>(role), key_.id(),
                                     std::move(addresses), *random_, pairing_time()));
}

std::optional<std::string> PairingDesk::public_digits() const {
  return book_.public_digits(pairing_time());
}

bool PairingDesk::open() const { return book_.open(pairing_time()); }

asio::awaitable<void> PairingDesk::serve(SecureStream stream, Doorkeeper::Pass pass) {
  const PublicKey key = peer_key(stream);
  auto machine = std::make_unique<pairing::Inviter>(book_, options_for(stream), pairing_time());
  const auto run = std::make_shared<InviterRun>(io_, std::move(stream), std::move(machine));
  std::erase_if(serving_, [](const auto& old) { return old.expired(); });
  serving_.push_back(run);
  co_await run->run([&](const PairingEvent& event) { on_inviter_event(run, key, event); });
  std::erase_if(requests_, [&](const auto& item) { return item.second.run.lock() == run; });
  pass.reset();
}

void PairingDesk::on_inviter_event(const std::shared_ptr<InviterRun>& run, const PublicKey& key,
                                   const PairingEvent& event) {
  if (event.kind == PairingEvent::Kind::request) return ask(run, key, event);
  if (event.kind != PairingEvent::Kind::closed) return;
  ReplicatorEvent told;
  told.kind = event.error ? ReplicatorEvent::Kind::pairing_failed : ReplicatorEvent::Kind::paired;
  told.peer = DeviceId::of(key);
  told.name = event.name;
  if (const std::optional<Member> member = group_.find(DeviceId::of(key))) told.name = member->name;
  told.error = event.error;
  feed_.tell(std::move(told));
}

void PairingDesk::ask(const std::shared_ptr<InviterRun>& run, const PublicKey& key,
                      const PairingEvent& event) {
  const PairingRequest asked{next_request_++, event.id, event.name, static_cast<Role>(event.role)};
  requests_[asked.number] = {run, asked, key};
  ReplicatorEvent told;
  told.kind = ReplicatorEvent::Kind::pairing_request;
  told.peer = event.id;
  told.name = event.name;
  told.request = asked;
  feed_.tell(std::move(told));
}

std::shared_ptr<PairingDesk::InviterRun> PairingDesk::take(std::uint64_t request, Request& found) {
  const auto entry = requests_.find(request);
  std::shared_ptr<InviterRun> run;
  if (entry != requests_.end()) {
    found = entry->second;
    run = found.run.lock();
    requests_.erase(entry);
  }
  if (!run || !run->machine().pending()) {
    throw Error(ErrorCode::not_found, "no device waits for this answer any more");
  }
  return run;
}

void PairingDesk::confirm(std::uint64_t request) {
  Request found;
  const std::shared_ptr<InviterRun> run = take(request, found);
  try {
    group_.admit(found.key, found.asked.name, found.asked.role);
    run->machine().confirm(group_.records(), pairing_time());
  } catch (const Error&) {
    run->machine().decline();
    run->wake();
    throw;
  }
  run->wake();
}

void PairingDesk::decline(std::uint64_t request) {
  Request found;
  const std::shared_ptr<InviterRun> run = take(request, found);
  run->machine().decline();
  run->wake();
}

// The joiner's side ------------------------------------------------------------------------------

asio::awaitable<Member> PairingDesk::join(pairing::Invitation invitation,
                                          asio::ip::tcp::endpoint endpoint) {
  SecureStream stream =
      co_await dial_secure(io_, tls_, endpoint, Purpose::pairing, options_.handshake_timeout);
  const DeviceId inviter = DeviceId::of(peer_key(stream));
  auto machine = std::make_unique<pairing::Joiner>(invitation, options_for(stream), pairing_time());
  const auto run = std::make_shared<JoinerRun>(io_, std::move(stream), std::move(machine));
  joining_.push_back(run);
  std::optional<Error> failure;
  co_await run->run([&](const PairingEvent& event) {
    if (event.kind == PairingEvent::Kind::records) {
      try {
        group_.join(event.records);
        run->machine().stored();
      } catch (const Error& error) {
        run->machine().fail(error);
      }
      run->wake();
    }
    if (event.kind == PairingEvent::Kind::closed) failure = event.error;
  });
  if (failure) throw Error(*failure);
  const std::optional<Member> member = group_.find(inviter);
  if (!member) {
    throw Error(ErrorCode::protocol, "the group's records do not name the device that sent them");
  }
  co_return *member;
}

void PairingDesk::close() {
  book_.withdraw();
  for (const auto& weak : serving_) {
    if (const auto run = weak.lock()) run->abort();
  }
  for (const auto& weak : joining_) {
    if (const auto run = weak.lock()) run->abort();
  }
}

}  // namespace rill
