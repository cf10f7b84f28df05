#include "transport/handshake.hpp"

#include <asio/buffer.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <utility>

#include "rill/error.hpp"
#include "transport/endpoint.hpp"

namespace rill {
namespace {

using asio::ip::tcp;
using std::chrono::milliseconds;

constexpr std::size_t kGreetingBytes = std::size_t{4} << 10U;

asio::awaitable<void> shake_hands(asio::io_context& io, SecureStream& stream,
                                  asio::ssl::stream_base::handshake_type end,
                                  milliseconds longest) {
  const SocketDeadline deadline(io, stream.next_layer(), longest);
  asio::error_code error;
  co_await stream.async_handshake(end, asio::redirect_error(asio::use_awaitable, error));
  if (error || !stream.next_layer().is_open()) {
    throw Error(ErrorCode::protocol, "the other end does not complete a TLS 1.3 handshake: " +
                                         (error ? error.message() : "it took too long"));
  }
  if (!purpose_of(stream)) {
    throw Error(ErrorCode::protocol, "the other end does not speak Rill's protocol");
  }
}

}  // namespace

SocketDeadline::SocketDeadline(asio::io_context& io, tcp::socket& socket, milliseconds longest)
    : timer_(io, longest) {
  timer_.async_wait([active = active_, &socket](const asio::error_code& cancelled) {
    if (cancelled || !*active) return;
    asio::error_code ignored;
    socket.close(ignored);
  });
}

SocketDeadline::~SocketDeadline() { *active_ = false; }

asio::awaitable<SecureStream> dial_secure(asio::io_context& io, asio::ssl::context& tls,
                                          tcp::endpoint endpoint, Purpose purpose,
                                          milliseconds longest) {
  SecureStream stream(io, tls);
  asio::error_code error;
  {
    const SocketDeadline deadline(io, stream.next_layer(), longest);
    co_await stream.next_layer().async_connect(endpoint,
                                               asio::redirect_error(asio::use_awaitable, error));
  }
  if (error || !stream.next_layer().is_open()) {
    throw Error(ErrorCode::unreachable, "nobody answers at " + to_string(endpoint) +
                                            ": is the other device on, and Rill running there?");
  }
  tune(stream.next_layer());
  set_purpose(stream, purpose);
  co_await shake_hands(io, stream, asio::ssl::stream_base::client, longest);
  co_return std::move(stream);
}

asio::awaitable<SecureStream> accept_secure(asio::io_context& io, asio::ssl::context& tls,
                                            tcp::socket socket, milliseconds longest) {
  tune(socket);
  SecureStream stream(std::move(socket), tls);
  co_await shake_hands(io, stream, asio::ssl::stream_base::server, longest);
  co_return std::move(stream);
}

asio::awaitable<void> send_all(SecureStream& stream, std::string bytes) {
  asio::error_code error;
  co_await asio::async_write(stream, asio::buffer(bytes),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) throw Error(ErrorCode::peer_gone, "the connection ended: " + error.message());
}

asio::awaitable<std::string> receive_some(SecureStream& stream) {
  std::string bytes(kGreetingBytes, '\0');
  asio::error_code error;
  const std::size_t size = co_await stream.async_read_some(
      asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  if (error) throw Error(ErrorCode::peer_gone, "the connection ended: " + error.message());
  bytes.resize(size);
  co_return bytes;
}

}  // namespace rill
