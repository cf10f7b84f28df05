#pragma once

#include <asio/ip/tcp.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace rill {

/// The endpoints that `host` and `port` stand for: "127.0.0.1", "::1", or both for "localhost".
/// Throws `Error{refused_address}` for any other host: the transport is not encrypted yet, so
/// nothing may leave this machine.
std::vector<asio::ip::tcp::endpoint> loopback_endpoints(const std::string& host,
                                                        std::uint16_t port);

/// "127.0.0.1:4711", "[::1]:4711".
std::string to_string(const asio::ip::tcp::endpoint& endpoint);

}  // namespace rill
