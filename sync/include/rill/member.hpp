#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rill/device_key.hpp"

namespace rill {

/// What a device may do in its group, from most to least.
enum class Role : std::uint8_t {
  admin,   ///< Writes, and admits and removes devices.
  writer,  ///< Writes.
  reader,  ///< Follows: its own writes of replicated tables fail, and nobody takes any from it.
};

/// "admin", "writer", "reader".
std::string_view to_string(Role role) noexcept;

/// A device of a group, as the group's records tell. Thread safety: a value.
struct Member {
  /// What it is told from others by.
  DeviceId id;
  /// What it signs with, and proves itself by.
  PublicKey key{};
  /// What the admin that admitted the device calls it, fit to be shown: control characters, and
  /// bytes that are not UTF-8, are replaced. Names need not differ.
  std::string name;
  /// What it may do.
  Role role = Role::reader;
  /// It was removed, for good: it may return only under a new key.
  bool revoked = false;

  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace rill
