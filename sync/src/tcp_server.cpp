#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "connection.hpp"
#include "loopback.hpp"
#include "rill/tcp.hpp"

namespace rill {
namespace {

using asio::ip::tcp;

/// Replicas write one at a time, so more threads would only wait. Fewer connections than threads
/// may be at work while the others' sockets are still served.
constexpr std::size_t kWorkers = 4;
/// After a failed accept, such as for want of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

[[noreturn]] void throw_listen_error(const asio::error_code& error, const tcp::endpoint& endpoint) {
  if (error == asio::error::address_in_use) {
    throw Error(ErrorCode::address_in_use, "port " + std::to_string(endpoint.port()) +
                                               " is taken on " + endpoint.address().to_string() +
                                               ": choose another, or 0 for any");
  }
  throw Error(ErrorCode::io, "cannot listen on " + to_string(endpoint) + ": " + error.message());
}

}  // namespace

class TcpServer::Implementation {
 public:
  Implementation(Replica& replica, TcpServerOptions options);
  ~Implementation() { stop(); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::size_t connections() const noexcept { return count_; }
  void stop();

 private:
  void listen();
  asio::awaitable<void> accept_loop();
  void admit(tcp::socket socket);
  void push();
  void push_to_all();

  Replica& replica_;
  const TcpServerOptions options_;
  asio::thread_pool workers_{kWorkers};  ///< Outlives the I/O context: connections end with that.
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::uint16_t port_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Connection>> connections_;  ///< The I/O thread's.
  std::uint64_t next_number_ = 1;
  std::atomic<std::size_t> count_ = 0;
  std::atomic<bool> push_posted_ = false;
  std::once_flag stopped_;
  Subscription changes_;
  std::thread thread_;
};

TcpServer::Implementation::Implementation(Replica& replica, TcpServerOptions options)
    : replica_(replica), options_(std::move(options)) {
  listen();
  asio::co_spawn(io_, accept_loop(), asio::detached);
  changes_ = replica_.on_vector_change([this] { push(); });
  thread_ = std::thread([this] { io_.run(); });
}

void TcpServer::Implementation::listen() {
  const tcp::endpoint endpoint = loopback_endpoints(options_.address, options_.port).front();
  asio::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw_listen_error(error, endpoint);
  port_ = acceptor_.local_endpoint().port();
}

asio::awaitable<void> TcpServer::Implementation::accept_loop() {
  asio::steady_timer pause(io_);
  while (acceptor_.is_open()) {
    asio::error_code error;
    tcp::socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (!acceptor_.is_open()) break;
    if (!error) {
      admit(std::move(socket));
    } else {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void TcpServer::Implementation::admit(tcp::socket socket) {
  asio::error_code error;
  const tcp::endpoint remote = socket.remote_endpoint(error);
  const auto greeting = std::ranges::count_if(connections_, [&](const auto& item) {
    return !item.second->greeted() && item.second->remote().address() == remote.address();
  });
  const bool room = connections_.size() < options_.max_connections &&
                    static_cast<std::size_t>(greeting) < options_.max_greeting_per_address;
  if (error || !room) return;  // which closes it

  const std::uint64_t number = next_number_++;
  Connection::Options options;
  options.number = number;
  options.session.name = options_.name;
  options.session.timeouts = options_.timeouts;
  options.on_event = options_.on_event;
  options.on_end = [this, number] {
    connections_.erase(number);
    count_ = connections_.size();
  };
  auto connection =
      std::make_shared<Connection>(io_, workers_, std::move(socket), replica_, std::move(options));
  connections_.emplace(number, connection);
  count_ = connections_.size();
  connection->start();
}

void TcpServer::Implementation::push() {
  if (push_posted_.exchange(true)) return;
  asio::post(io_, [this] { push_to_all(); });
}

void TcpServer::Implementation::push_to_all() {
  push_posted_ = false;
  for (const auto& [number, connection] : connections_) connection->note_change();
}

void TcpServer::Implementation::stop() {
  std::call_once(stopped_, [this] {
    changes_.stop();
    asio::post(io_, [this] {
      asio::error_code ignored;
      acceptor_.close(ignored);
      for (const auto& [number, connection] : connections_) connection->close();
    });
    if (thread_.joinable()) thread_.join();  // ends with the last connection
    workers_.join();
  });
}

TcpServer::TcpServer(Replica& replica, TcpServerOptions options)
    : implementation_(std::make_unique<Implementation>(replica, std::move(options))) {}
TcpServer::~TcpServer() = default;

std::uint16_t TcpServer::port() const noexcept { return implementation_->port(); }
std::size_t TcpServer::connections() const { return implementation_->connections(); }
void TcpServer::stop() { implementation_->stop(); }

}  // namespace rill
