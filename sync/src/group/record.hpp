#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto.hpp"
#include "group/group_key.hpp"
#include "rill/device_key.hpp"
#include "rill/member.hpp"

namespace rill {

/// SHA-256 of a record as it is encoded, signature included.
using RecordName = Sha256;
/// A group's name: that of its genesis record.
using GroupId = RecordName;

/// The longest record.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{48} << 10U;
/// How many records of a device one `Revoke` or `Admit` can leave in force.
inline constexpr std::size_t kMaxSeenRecords = 1'024;

/// The first record of a group: its author is the first admin.
struct Genesis {
  /// Makes the group's id unlike any other.
  std::array<std::uint8_t, 32> nonce{};
  /// The group key of generation 0.
  GroupSecret secret{};
  /// What the author's device is called.
  std::string name;
};

/// Makes a device a member, or gives a member another role or name.
struct Admit {
  PublicKey key{};
  std::string name;
  Role role = Role::reader;
  /// 1 + the largest that the author knew for this key; the largest wins.
  std::uint64_t generation = 1;
  /// Where `role` is no admin's: the records that the device signed as one and that stay in force.
  /// Ascending.
  std::vector<RecordName> seen;
};

/// Removes a device for good.
struct Revoke {
  PublicKey key{};
  /// The records of the device that stay in force, ascending: those that the author knew. All
  /// others are void, whatever number they carry: who holds a stolen key can date records back.
  std::vector<RecordName> seen;
};

/// A new key of the group, after a device was removed that knows the old one.
struct NewGroupKey {
  std::uint64_t generation = 1;
  GroupSecret secret{};
};

/// One statement about a group.
struct GroupRecord {
  std::variant<Genesis, Admit, Revoke, NewGroupKey> content;
  /// The group it belongs to; not used in a genesis.
  GroupId group{};
  /// The key that signs.
  PublicKey author{};
  /// The author's own count of its records in this group, from 1. Two of one number, as a device
  /// makes that lost its latest records, are two records.
  std::uint64_t sequence = 1;
};

/// A record with its signature, as it is kept and sent:
///
///     kind | group (absent in a genesis) | author | sequence | content | signature
///
/// The signature (Ed25519) is over "rill group record 1" and all that stands before it.
/// Thread safety: a value.
struct SignedRecord {
  GroupRecord record;
  std::string encoded;
  RecordName name{};

  /// The group it belongs to.
  [[nodiscard]] const GroupId& group() const noexcept {
    return std::holds_alternative<Genesis>(record.content) ? name : record.group;
  }
};

/// Records by their names.
using GroupRecords = std::map<RecordName, SignedRecord>;

/// `record` in the name of `key`, which becomes its author.
/// Throws `Error{limit_exceeded}` for one that `open_record` would refuse.
SignedRecord sign_record(GroupRecord record, const DeviceKey& key);

/// The record that `encoded` holds, if its author signed it. Whether the author may say such a
/// thing is another question. Throws `Error`: malformed (not signed included), limit_exceeded.
SignedRecord open_record(std::string_view encoded);

}  // namespace rill
