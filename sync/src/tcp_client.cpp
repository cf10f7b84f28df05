#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "connection.hpp"
#include "loopback.hpp"
#include "rill/tcp.hpp"

namespace rill {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;

/// One connection to a server, with threads of its own.
class Client {
 public:
  /// What the strand and the I/O thread tell the threads that wait.
  struct Status {
    bool connected = false;
    bool exchanged = false;
    bool in_sync = false;
    bool ended = false;
    std::uint64_t handled = 0;
    std::optional<Error> error;
    SessionProgress progress;
  };

  Client(Replica& replica, const std::string& host, std::uint16_t port, TcpClientOptions options,
         bool live);
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Waits for the peer's HELLO. Throws if the connection ended before it.
  void wait_connected();
  /// Waits for the end. Throws unless both sides had what they should by then.
  SyncReport wait_exchanged();
  bool wait_in_sync(milliseconds timeout);
  void close();

  [[nodiscard]] Status status() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  template <typename Change>
  void update(const Change& change) {
    const std::lock_guard lock(mutex_);
    change(status_);
    changed_.notify_all();
  }

  asio::awaitable<void> dial();
  asio::awaitable<bool> connect(std::shared_ptr<tcp::socket> socket, tcp::endpoint endpoint);
  void begin(tcp::socket socket);
  void on_step(Session& session, std::uint64_t handled);
  std::uint64_t note_change();

  Replica& replica_;
  const std::string address_;
  const std::vector<tcp::endpoint> endpoints_;
  const TcpClientOptions options_;
  const bool live_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Status status_;
  std::shared_ptr<Connection> connection_;  ///< Guarded by `mutex_`.
  bool closing_ = false;                    ///< Guarded by `mutex_`.

  asio::thread_pool workers_{1};  ///< Outlives the I/O context: connections end with that.
  asio::io_context io_{1};
  std::once_flag closed_;
  Subscription changes_;
  std::thread thread_;
};

Client::Client(Replica& replica, const std::string& host, std::uint16_t port,
               TcpClientOptions options, bool live)
    : replica_(replica),
      address_(host + ":" + std::to_string(port)),
      endpoints_(loopback_endpoints(host, port)),
      options_(std::move(options)),
      live_(live) {
  asio::co_spawn(io_, dial(), asio::detached);
  if (live_) changes_ = replica_.on_vector_change([this] { note_change(); });
  thread_ = std::thread([this] { io_.run(); });
}

asio::awaitable<bool> Client::connect(std::shared_ptr<tcp::socket> socket, tcp::endpoint endpoint) {
  asio::steady_timer deadline(io_, options_.connect_timeout);
  deadline.async_wait([socket](const asio::error_code& cancelled) {
    asio::error_code ignored;
    if (!cancelled) socket->close(ignored);
  });
  asio::error_code error;
  co_await socket->async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  deadline.cancel();
  co_return !error && socket->is_open();
}

asio::awaitable<void> Client::dial() {
  for (const tcp::endpoint& endpoint : endpoints_) {
    const auto socket = std::make_shared<tcp::socket>(io_);
    if (co_await connect(socket, endpoint)) {
      begin(std::move(*socket));
      co_return;
    }
  }
  update([this](Status& status) {
    status.error = Error(ErrorCode::unreachable,
                         "nobody answers at " + address_ + ": is the other side listening there?");
    status.ended = true;
  });
}

void Client::begin(tcp::socket socket) {
  Connection::Options options;
  options.session = {options_.name, live_, options_.timeouts};
  options.on_event = options_.on_event;
  options.on_step = [this](Session& session, std::uint64_t handled) { on_step(session, handled); };
  options.on_end = [this] { update([](Status& status) { status.ended = true; }); };
  auto connection =
      std::make_shared<Connection>(io_, workers_, std::move(socket), replica_, std::move(options));
  bool close_at_once = false;
  {
    const std::lock_guard lock(mutex_);
    connection_ = connection;
    close_at_once = closing_;
  }
  connection->start();
  if (close_at_once) connection->close();
}

void Client::on_step(Session& session, std::uint64_t handled) {
  if (!live_ && session.exchanged()) session.close();
  update([&](Status& status) {
    status.connected = session.peer().has_value();
    status.exchanged = session.exchanged();
    status.in_sync = session.in_sync();
    status.handled = handled;
    status.error = session.error();
    status.progress = session.progress();
  });
}

std::uint64_t Client::note_change() {
  const std::lock_guard lock(mutex_);
  return connection_ ? connection_->note_change() : 0;
}

void Client::wait_connected() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return status_.connected || status_.ended; });
  if (status_.connected && !status_.error) return;
  if (status_.error) throw Error(*status_.error);
  throw Error(ErrorCode::peer_gone, address_ + " said goodbye before the exchange began");
}

SyncReport Client::wait_exchanged() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return status_.ended; });
  if (!status_.exchanged) {
    if (status_.error) throw Error(*status_.error);
    throw Error(ErrorCode::peer_gone, address_ + " said goodbye before the exchange was over");
  }
  const SessionProgress& moved = status_.progress;
  return {moved.rows_sent, moved.rows_received, moved.bytes_sent, moved.bytes_received};
}

bool Client::wait_in_sync(milliseconds timeout) {
  const std::uint64_t change = note_change();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] {
    return status_.ended || (status_.in_sync && status_.handled >= change);
  });
  return !status_.ended && status_.in_sync && status_.handled >= change;
}

void Client::close() {
  std::call_once(closed_, [this] {
    changes_.stop();
    asio::post(io_, [this] {
      std::shared_ptr<Connection> connection;
      {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        connection = connection_;
      }
      if (connection) connection->close();
    });
    if (thread_.joinable()) thread_.join();  // ends with the connection
    workers_.join();
    const std::lock_guard lock(mutex_);
    connection_.reset();
  });
}

}  // namespace

SyncReport sync_with(Replica& replica, const std::string& host, std::uint16_t port,
                     TcpClientOptions options) {
  Client client(replica, host, port, std::move(options), false);
  return client.wait_exchanged();
}

class TcpConnection::Implementation : public Client {
  using Client::Client;
};

TcpConnection::TcpConnection(Replica& replica, const std::string& host, std::uint16_t port,
                             TcpClientOptions options)
    : implementation_(
          std::make_unique<Implementation>(replica, host, port, std::move(options), true)) {
  implementation_->wait_connected();
}
TcpConnection::~TcpConnection() = default;

bool TcpConnection::wait_in_sync(std::chrono::milliseconds timeout) {
  return implementation_->wait_in_sync(timeout);
}
bool TcpConnection::open() const { return !implementation_->status().ended; }
std::optional<Error> TcpConnection::error() const { return implementation_->status().error; }
SessionProgress TcpConnection::progress() const { return implementation_->status().progress; }
void TcpConnection::close() { implementation_->close(); }

}  // namespace rill
