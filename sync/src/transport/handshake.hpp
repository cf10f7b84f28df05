#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "transport/tls.hpp"

namespace rill {

/// Closes a socket when the time is up, unless it is dropped before. The socket must stay where it
/// is for as long. Thread safety: the I/O thread's.
class SocketDeadline {
 public:
  SocketDeadline(asio::io_context& io, asio::ip::tcp::socket& socket,
                 std::chrono::milliseconds longest);
  ~SocketDeadline();
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;

 private:
  std::shared_ptr<bool> active_ = std::make_shared<bool>(true);
  asio::steady_timer timer_;
};

/// Connects and shakes hands, for at most `longest` each. Throws `Error`: unreachable, or protocol
/// for a peer that does not speak Rill for this purpose.
asio::awaitable<SecureStream> dial_secure(asio::io_context& io, asio::ssl::context& tls,
                                          asio::ip::tcp::endpoint endpoint, Purpose purpose,
                                          std::chrono::milliseconds longest);

/// The same at the other end, for any purpose. Throws `Error{protocol}`.
asio::awaitable<SecureStream> accept_secure(asio::io_context& io, asio::ssl::context& tls,
                                            asio::ip::tcp::socket socket,
                                            std::chrono::milliseconds longest);

/// Sends all of `bytes`. Throws `Error{peer_gone}`.
asio::awaitable<void> send_all(SecureStream& stream, std::string bytes);
/// What came next, at least a byte. Throws `Error{peer_gone}`.
asio::awaitable<std::string> receive_some(SecureStream& stream);

}  // namespace rill
