#include "transport/listener.hpp"

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "rill/error.hpp"
#include "transport/endpoint.hpp"

namespace rill {
namespace {

using asio::ip::tcp;

/// After a failed accept, such as for want of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};
/// How many ports are tried that are free at the first address, and perhaps not at the next.
constexpr int kPortTrials = 16;

[[noreturn]] void throw_listen_error(const asio::error_code& error, const tcp::endpoint& endpoint) {
  if (error == asio::error::address_in_use) {
    throw Error(ErrorCode::address_in_use, "port " + std::to_string(endpoint.port()) +
                                               " is taken on " + endpoint.address().to_string() +
                                               ": choose another, or 0 for any");
  }
  throw Error(ErrorCode::io, "cannot listen on " + to_string(endpoint) + ": " + error.message());
}

asio::error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(true), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

bool family_is_missing(const asio::error_code& error) {
  return error == asio::error::address_family_not_supported ||
         error == asio::error_code(EADDRNOTAVAIL, asio::system_category());
}

}  // namespace

// Doorkeeper -------------------------------------------------------------------------------------

bool Doorkeeper::take_token(const asio::ip::address& address, Clock::time_point now) {
  if (rates_.size() >= kMaxRatedAddresses && !rates_.contains(address)) {
    std::erase_if(rates_, [&](const auto& item) {
      return now - item.second.filled >
             std::chrono::duration<double>(kAcceptBurst / kAcceptsPerSecond);
    });
    if (rates_.size() >= kMaxRatedAddresses) return false;
  }
  Rate& rate = rates_.try_emplace(address, Rate{kAcceptBurst, now}).first->second;
  const double passed = std::chrono::duration<double>(now - rate.filled).count();
  rate = {std::min(kAcceptBurst, rate.tokens + passed * kAcceptsPerSecond), now};
  if (rate.tokens < 1) return false;
  rate.tokens -= 1;
  return true;
}

Doorkeeper::Pass Doorkeeper::admit(const asio::ip::address& address, Clock::time_point now) {
  if (book_->strangers >= kMaxStrangers) return nullptr;
  if (book_->per_address[address] >= kMaxStrangersPerAddress) return nullptr;
  if (!take_token(address, now)) return nullptr;
  ++book_->strangers;
  ++book_->per_address[address];
  return {book_.get(), [book = book_, address](void* /*unused*/) {
            --book->strangers;
            if (--book->per_address[address] == 0) book->per_address.erase(address);
          }};
}

// Listener ---------------------------------------------------------------------------------------

Listener::Listener(asio::io_context& io, OnSocket on_socket)
    : io_(io), on_socket_(std::move(on_socket)) {}

void Listener::listen(const std::vector<asio::ip::address>& addresses, std::uint16_t port) {
  for (int trial = 0;; ++trial) {
    acceptors_.clear();
    port_ = port;
    asio::error_code error;
    tcp::endpoint endpoint;
    for (const asio::ip::address& address : addresses) {
      endpoint = {address, port_};
      acceptors_.emplace_back(io_);
      error = open(acceptors_.back(), endpoint);
      if (error) acceptors_.pop_back();
      if (error && !family_is_missing(error)) break;
      if (!error) port_ = acceptors_.back().local_endpoint().port();
    }
    const bool usable = !acceptors_.empty() && (!error || family_is_missing(error));
    if (usable) break;
    const bool again = port == 0 && error == asio::error::address_in_use && trial < kPortTrials;
    acceptors_.clear();
    if (!again) throw_listen_error(error, endpoint);
  }
  for (std::size_t index = 0; index < acceptors_.size(); ++index) {
    asio::co_spawn(io_, accept_loop(shared_from_this(), index), asio::detached);
  }
}

asio::awaitable<void> Listener::accept_loop(std::shared_ptr<Listener> self, std::size_t index) {
  tcp::acceptor& acceptor = acceptors_[index];
  asio::steady_timer pause(io_);
  while (acceptor.is_open()) {
    asio::error_code error;
    tcp::socket socket =
        co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor.is_open()) break;
    if (error) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    const tcp::endpoint remote = socket.remote_endpoint(error);
    if (error) continue;
    // Without a pass, the socket is closed here.
    auto pass = doorkeeper_.admit(remote.address(), Doorkeeper::Clock::now());
    if (pass) on_socket_(std::move(socket), std::move(pass));
  }
  self.reset();
}

void Listener::close() {
  asio::error_code ignored;
  for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
}

}  // namespace rill
