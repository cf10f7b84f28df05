#pragma once

#include <string>
#include <utility>
#include <vector>

#include "group/group.hpp"
#include "support/memory_device_store.hpp"

namespace rill::test {

/// The same key for the same letter.
inline DeviceKey device_key(char letter) { return DeviceKey::from_secret(std::string(32, letter)); }

/// A device with a group, or without one yet.
struct GroupDevice {
  explicit GroupDevice(char letter) : key(device_key(letter)), name(1, letter) {}

  /// Pairs with `inviter`, which admits this device and hands its records over.
  void pair_with(GroupDevice& inviter, Role role) {
    inviter.group.admit(key.public_key(), name, role);
    group.join(inviter.group.records());
  }
  /// Takes up all that `other` knows.
  void hear(const GroupDevice& other) { group.merge(other.group.records()); }
  [[nodiscard]] const PublicKey& id_key() const { return key.public_key(); }
  [[nodiscard]] const DeviceId& id() const { return key.id(); }
  /// The records of this device's group, opened.
  [[nodiscard]] GroupRecords opened() const {
    GroupRecords records;
    for (const std::string& encoded : group.records()) {
      SignedRecord record = open_record(encoded);
      const RecordName record_name = record.name;
      records.emplace(record_name, std::move(record));
    }
    return records;
  }

  DeviceKey key;
  std::string name;
  MemoryDeviceStore store;
  Group group{store, key};
};

/// A record as a device may sign it that runs a program of its own.
template <typename Content>
std::string forged(const GroupDevice& device, Content content, std::uint64_t sequence) {
  GroupRecord record;
  record.content = std::move(content);
  record.group = device.group.id();
  record.sequence = sequence;
  return sign_record(std::move(record), device.key).encoded;
}

}  // namespace rill::test
