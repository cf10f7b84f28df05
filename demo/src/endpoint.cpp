#include "endpoint.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <system_error>

#include "failure.hpp"
#include "text.hpp"

namespace notes {

Endpoint endpoint_from(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host =
      colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);

  Endpoint endpoint{.host = std::string(host.empty() ? "127.0.0.1" : host)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0) {
    throw Failure(
        "'" + one_line(text) + "' is no address: give HOST:PORT, with a port from 1 to 65535",
        exit_usage);
  }
  return endpoint;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "notes";
  return name.data();
}

}  // namespace notes
