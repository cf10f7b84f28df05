#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace notes {

/// Where a peer listens.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads "HOST:PORT", "[::1]:PORT", or ":PORT" and "PORT" on this machine.
/// Throws `Failure` with `exit_usage` for anything else.
Endpoint endpoint_from(std::string_view text);

/// The name of this machine, as a device is called that has no other name.
std::string host_name();

}  // namespace notes
