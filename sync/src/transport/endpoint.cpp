#include "transport/endpoint.hpp"

#include <asio/ip/address.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <charconv>

#include "rill/error.hpp"

namespace rill {
namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw Error(ErrorCode::invalid_argument,
              "\"" + std::string(text.substr(0, 128)) +
                  "\" is not an address: write host:port, such as 192.168.1.7:4711 or "
                  "[fe80::1]:4711");
}

}  // namespace

HostAndPort host_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) refuse(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    refuse(text);
  }
  HostAndPort address;
  address.host = host;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size();
  if (host.empty() || !whole || address.port == 0) refuse(text);
  return address;
}

asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(asio::io_context& io,
                                                              HostAndPort address) {
  using asio::ip::tcp;
  std::vector<tcp::endpoint> endpoints;
  asio::error_code error;
  const asio::ip::address literal = asio::ip::make_address(address.host, error);
  if (!error) {
    endpoints.emplace_back(literal, address.port);
    co_return endpoints;
  }
  tcp::resolver resolver(io);
  const auto found = co_await resolver.async_resolve(
      address.host, std::to_string(address.port), asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  co_return endpoints;
}

std::string to_string(const HostAndPort& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string to_string(const asio::ip::tcp::endpoint& endpoint) {
  return to_string(HostAndPort{endpoint.address().to_string(), endpoint.port()});
}

}  // namespace rill
