// Joining a group: finding the inviter, and pairing with it.

#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>
#include <utility>
#include <variant>

#include "replicator/node.hpp"
#include "replicator/search.hpp"
#include "transport/endpoint.hpp"

namespace rill {

Member Replicator::Implementation::join(std::string_view code_or_link, const std::string& address,
                                        std::chrono::milliseconds patience) {
  pairing::Invitation invitation = pairing::parse_invitation(code_or_link);
  if (!address.empty()) host_and_port(address);  // throws for what is none
  group_.reload();
  if (group_.exists()) {
    throw Error(ErrorCode::already_in_group,
                "this device belongs to a group already: it has to leave that first");
  }
  Joined joined =
      asio::co_spawn(io_, run_join(std::move(invitation), address, patience), asio::use_future)
          .get();
  if (!joined.member) throw Error(joined.code, joined.text);
  return *std::move(joined.member);
}

asio::awaitable<Replicator::Implementation::Joined> Replicator::Implementation::run_join(
    pairing::Invitation invitation, std::string address, std::chrono::milliseconds patience) {
  Joined joined;
  ++joins_;
  try {
    joined.member = co_await join_on_io(std::move(invitation), std::move(address), patience);
  } catch (const Error& error) {
    joined.code = error.code();
    joined.text = error.what();
  }
  --joins_;
  asio::post(io_, [this] { stop_if_idle(); });
  co_return joined;
}

asio::awaitable<Member> Replicator::Implementation::join_on_io(pairing::Invitation invitation,
                                                               std::string address,
                                                               std::chrono::milliseconds patience) {
  std::vector<HostAndPort> addresses;
  if (!address.empty()) {
    addresses.push_back(host_and_port(address));
    co_return co_await join_at(invitation, std::move(addresses));
  }
  if (const auto* code = std::get_if<pairing::PairingCode>(&invitation)) {
    co_return co_await join_found(*code, patience);
  }
  for (const std::string& text : std::get<pairing::PairingLink>(invitation).addresses) {
    addresses.push_back(host_and_port(text));
  }
  co_return co_await join_at(invitation, std::move(addresses));
}

asio::awaitable<Member> Replicator::Implementation::join_at(pairing::Invitation invitation,
                                                            std::vector<HostAndPort> addresses) {
  std::optional<Error> failure;
  for (const HostAndPort& address : addresses) {
    for (const auto& endpoint : co_await resolve(io_, address)) {
      try {
        Member inviter = co_await desk_.join(invitation, endpoint);
        dialer_->add(address, Dialer::Origin::discovered, inviter.id);
        co_return inviter;
      } catch (const Error& error) {
        // Anything else was said by the inviter itself.
        if (error.code() != ErrorCode::unreachable && error.code() != ErrorCode::protocol) throw;
        failure = error;
      }
    }
  }
  if (stopping_) throw Error(ErrorCode::interrupted, "the replicator was ended");
  if (failure) throw Error(*failure);
  throw Error(ErrorCode::unreachable,
              "the invitation names no address at which the other device could be reached: are "
              "both in the same network?");
}

asio::awaitable<Member> Replicator::Implementation::join_found(pairing::PairingCode code,
                                                               std::chrono::milliseconds patience) {
  const auto search = std::make_shared<Search>(io_, code.public_digits(), patience);
  if (stopping_) search->cancel();
  searches_.push_back(search);
  announce();
  std::exception_ptr failure;
  std::optional<Member> inviter;
  try {
    while (!inviter) {
      const Search::Found found = co_await search->next();
      std::vector<HostAndPort> addresses;
      addresses.push_back(found.address);
      try {
        inviter = co_await join_at(code, std::move(addresses));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::unreachable) throw;
        search->missed(found, error);
      }
    }
  } catch (const Error&) {
    failure = std::current_exception();
  }
  searches_.remove(search);
  announce();
  if (failure) std::rethrow_exception(failure);
  co_return *inviter;
}

}  // namespace rill
