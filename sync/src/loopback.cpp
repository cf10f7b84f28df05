#include "loopback.hpp"

#include <asio/ip/address.hpp>

#include "rill/error.hpp"

namespace rill {

std::vector<asio::ip::tcp::endpoint> loopback_endpoints(const std::string& host,
                                                        std::uint16_t port) {
  const asio::ip::tcp::endpoint v4(asio::ip::address_v4::loopback(), port);
  const asio::ip::tcp::endpoint v6(asio::ip::address_v6::loopback(), port);
  if (host == "localhost") return {v4, v6};
  if (host == "127.0.0.1") return {v4};
  if (host == "::1") return {v6};
  throw Error(ErrorCode::refused_address,
              "\"" + host +
                  "\" is not a loopback address: until the transport is encrypted, only "
                  "127.0.0.1, ::1 and localhost are allowed");
}

std::string to_string(const asio::ip::tcp::endpoint& endpoint) {
  const std::string port = ":" + std::to_string(endpoint.port());
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

}  // namespace rill
