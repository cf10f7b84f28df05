#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// A host, by name or address, and a port.
struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;

  friend auto operator<=>(const HostAndPort&, const HostAndPort&) = default;
};

/// Reads "host:port", "192.168.1.7:4711", "[fe80::1%eth0]:4711". Throws `Error{invalid_argument}`.
HostAndPort host_and_port(std::string_view text);

/// The endpoints that the address stands for; none if its name is not known.
asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(asio::io_context& io,
                                                              HostAndPort address);

/// "127.0.0.1:4711", "[::1]:4711", "[fe80::1%eth0]:4711".
std::string to_string(const asio::ip::tcp::endpoint& endpoint);
std::string to_string(const HostAndPort& address);

}  // namespace rill
