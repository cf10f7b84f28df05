#include "network.hpp"

#include "failure.hpp"
#include "text.hpp"

namespace notes {

rill::ReplicatorOptions replicator_options(const NetworkOptions& options) {
  rill::ReplicatorOptions result;
  result.device_name = options.name;
  result.port = options.port;
  result.loopback_only = options.local;
  result.discovery_port = options.discovery_port;
  return result;
}

rill::Role role_named(std::string_view name) {
  for (const rill::Role role : {rill::Role::admin, rill::Role::writer, rill::Role::reader}) {
    if (rill::to_string(role) == name) return role;
  }
  throw Failure("'" + one_line(name) + "' is no role: choose admin, writer or reader", exit_usage);
}

std::string device_text(const std::string& name, const rill::DeviceId& id) {
  const std::string print = rill::fingerprint(id);
  return name.empty() ? print : one_line(name) + " (" + print + ")";
}

std::string ago(std::chrono::system_clock::time_point when,
                std::chrono::system_clock::time_point now) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - when).count();
  if (seconds < 60) return "just now";
  if (seconds < 3'600) return std::to_string(seconds / 60) + " min ago";
  if (seconds < 86'400) return std::to_string(seconds / 3'600) + " h ago";
  return counted(static_cast<std::uint64_t>(seconds / 86'400), "day", "days") + " ago";
}

}  // namespace notes
