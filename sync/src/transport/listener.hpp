#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace rill {

/// Connections at a time whose other end has not shown who it is.
inline constexpr std::size_t kMaxStrangers = 64;
/// The same of one address.
inline constexpr std::size_t kMaxStrangersPerAddress = 8;
/// New connections of one address: so many per second for long, and so many at once.
inline constexpr double kAcceptsPerSecond = 5;
inline constexpr double kAcceptBurst = 40;
/// Addresses whose rate is remembered.
inline constexpr std::size_t kMaxRatedAddresses = 1'024;

/// Decides which of those who knock may stay. Thread safety: one user at a time.
class Doorkeeper {
 public:
  using Clock = std::chrono::steady_clock;
  /// Held for as long as a connection's other end is a stranger.
  using Pass = std::shared_ptr<void>;

  /// A pass, or nothing for one too many.
  Pass admit(const asio::ip::address& address, Clock::time_point now);
  /// Connections whose pass is held.
  [[nodiscard]] std::size_t strangers() const noexcept { return book_->strangers; }

 private:
  struct Book {
    std::size_t strangers = 0;
    std::map<asio::ip::address, std::size_t> per_address;
  };
  /// A token bucket.
  struct Rate {
    double tokens = kAcceptBurst;
    Clock::time_point filled;
  };

  bool take_token(const asio::ip::address& address, Clock::time_point now);

  std::shared_ptr<Book> book_ = std::make_shared<Book>();  ///< Passes may outlive the doorkeeper.
  std::map<asio::ip::address, Rate> rates_;
};

/// Accepts TCP connections on one port of several addresses. Thread safety: the I/O thread's.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  using OnSocket = std::function<void(asio::ip::tcp::socket, Doorkeeper::Pass)>;

  Listener(asio::io_context& io, OnSocket on_socket);
  /// Listens on `port`, or on any that is free at all addresses. Throws `Error`: address_in_use,
  /// io. An address family that the system lacks is passed over, unless it is the only one.
  void listen(const std::vector<asio::ip::address>& addresses, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  void close();

 private:
  asio::awaitable<void> accept_loop(std::shared_ptr<Listener> self, std::size_t index);

  asio::io_context& io_;
  OnSocket on_socket_;
  std::vector<asio::ip::tcp::acceptor> acceptors_;
  std::uint16_t port_ = 0;
  Doorkeeper doorkeeper_;
};

}  // namespace rill
