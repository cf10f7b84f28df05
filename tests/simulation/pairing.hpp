#pragma once

#include <string>

#include "group/group.hpp"
#include "rill/device_key.hpp"

namespace simulation {

/// Brings a device into the group of another by a code, as two people would who sit side by side.
/// Throws `Violation` if that fails.
void pair_by_code(rill::Group& inviting, const rill::DeviceKey& inviter, rill::Group& joining,
                  const rill::DeviceKey& joiner, const std::string& name);

}  // namespace simulation
