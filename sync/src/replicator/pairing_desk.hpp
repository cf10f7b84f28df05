#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "group/group.hpp"
#include "pairing/invitations.hpp"
#include "pairing/pairing_session.hpp"
#include "replicator/event_feed.hpp"
#include "replicator/pairing_run.hpp"
#include "rill/environment.hpp"
#include "rill/member.hpp"
#include "transport/listener.hpp"
#include "transport/tls.hpp"

namespace rill {

/// Both sides of pairing over real connections. Thread safety: the I/O thread's.
class PairingDesk {
 public:
  struct Options {
    std::string device_name;
    std::chrono::milliseconds handshake_timeout{};
  };

  PairingDesk(asio::io_context& io, asio::ssl::context& tls, const DeviceKey& key, Group& group,
              EventFeed& feed, Options options);

  // The inviter's side.
  std::string invite(Role role);
  std::string invite_link(Role role, std::vector<std::string> addresses);
  /// The public digits of the open code; empty without one.
  [[nodiscard]] std::optional<std::string> public_digits() const;
  /// Whether an invitation is open.
  [[nodiscard]] bool open() const;
  /// Whether there ever was one, so that who comes too late can be told why.
  [[nodiscard]] bool invited() const noexcept { return invited_; }
  /// Carries a run on a connection whose handshake is done.
  asio::awaitable<void> serve(SecureStream stream, Doorkeeper::Pass pass);
  /// Throws `Error{not_found}` if the request no longer waits.
  void confirm(std::uint64_t request);
  void decline(std::uint64_t request);

  // The joiner's side.
  /// Runs a pairing with the inviter at `endpoint`, and joins its group. Returns who the inviter
  /// is. Throws `Error`.
  asio::awaitable<Member> join(pairing::Invitation invitation, asio::ip::tcp::endpoint endpoint);

  /// Ends all runs.
  void close();

 private:
  using InviterRun = PairingRun<pairing::Inviter>;
  using JoinerRun = PairingRun<pairing::Joiner>;
  struct Request {
    std::weak_ptr<InviterRun> run;
    PairingRequest asked;
    PublicKey key{};
  };

  [[nodiscard]] pairing::PairingOptions options_for(SecureStream& stream) const;
  void on_inviter_event(const std::shared_ptr<InviterRun>& run, const PublicKey& key,
                        const pairing::PairingEvent& event);
  void ask(const std::shared_ptr<InviterRun>& run, const PublicKey& key,
           const pairing::PairingEvent& event);
  std::shared_ptr<InviterRun> take(std::uint64_t request, Request& found);

  asio::io_context& io_;
  asio::ssl::context& tls_;
  const DeviceKey key_;
  Group& group_;
  EventFeed& feed_;
  const Options options_;
  std::shared_ptr<RandomSource> random_ = system_random();
  pairing::Invitations book_;
  std::map<std::uint64_t, Request> requests_;
  std::vector<std::weak_ptr<InviterRun>> serving_;
  std::vector<std::weak_ptr<JoinerRun>> joining_;
  std::uint64_t next_request_ = 1;
  bool invited_ = false;
};

}  // namespace rill
