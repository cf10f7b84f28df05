#include "simulation/pairing.hpp"

#include <chrono>

#include "pairing/pairing_session.hpp"
#include "simulation/violation.hpp"
#include "support/pairing_pair.hpp"

namespace simulation {

void pair_by_code(rill::Group& inviting, const rill::DeviceKey& inviter, rill::Group& joining,
                  const rill::DeviceKey& joiner, const std::string& name) {
  using rill::pairing::PairingEvent;
  constexpr std::chrono::milliseconds kNow{1};
  rill::pairing::Invitations book;
  const auto random = rill::system_random();
  const rill::pairing::Invitation code = book.create_code(1, *random, kNow);

  rill::pairing::PairingOptions options = rill::testing::joiner_options();
  options.own_key = joiner.public_key();
  options.peer_key = inviter.public_key();
  options.device_name = name;
  rill::testing::Reporting<rill::pairing::Joiner> guest(code, options, kNow);
  std::swap(options.own_key, options.peer_key);
  rill::testing::Reporting<rill::pairing::Inviter> host(book, options, kNow);

  rill::testing::exchange(guest.side, host.side, kNow);
  const PairingEvent* request = host.find(PairingEvent::Kind::request);
  if (request == nullptr || request->id != joiner.id()) throw Violation("nobody asks to join");
  inviting.admit(joiner.public_key(), request->name, rill::Role::writer);
  host.side.confirm(inviting.records(), kNow);
  rill::testing::exchange(guest.side, host.side, kNow);
  const PairingEvent* records = guest.find(PairingEvent::Kind::records);
  if (records == nullptr) throw Violation("the joiner gets no records: " + guest.reason());
  joining.join(records->records);
  guest.side.stored();
  rill::testing::exchange(guest.side, host.side, kNow);
  if (guest.outcome() != "joined" || host.outcome() != "joined") {
    throw Violation("pairing ends with " + guest.outcome() + " and " + host.outcome());
  }
}

}  // namespace simulation
