#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rill/replicator.hpp"

namespace notes {

/// How a command takes part in the network.
struct NetworkOptions {
  /// What other devices call this one; empty: the machine's name.
  std::string name;
  /// The port to listen on; 0 takes a free one.
  std::uint16_t port = 0;
  /// Neither listen nor look beyond this machine.
  bool local = false;
  /// The UDP port on which devices look for each other.
  std::uint16_t discovery_port = rill::kDiscoveryPort;
};

rill::ReplicatorOptions replicator_options(const NetworkOptions& options);

/// The role of that name: admin, writer, reader.
rill::Role role_named(std::string_view name);

/// "B (3f2a-91c0-77be-04d1)".
std::string device_text(const std::string& name, const rill::DeviceId& id);

/// How long ago that was, for people: "just now", "5 min ago", "3 days ago".
std::string ago(std::chrono::system_clock::time_point when,
                std::chrono::system_clock::time_point now);

}  // namespace notes
