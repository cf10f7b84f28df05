#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "group/record.hpp"
#include "rill/device_key.hpp"
#include "rill/member.hpp"

namespace rill {

/// What the records of a group mean. Thread safety: a value.
struct GroupState {
  /// Those that were admitted by an admin, removed ones included.
  std::map<DeviceId, Member> members;
  /// Every key that was removed, whether or not it ever was a member.
  std::set<DeviceId> revoked;
  /// The group's keys, newest first, at most `kMaxGroupKeys`.
  std::vector<GroupSecret> keys;
  /// The largest generation among all group keys that are in force.
  std::uint64_t key_generation = 0;
  /// The `Admit` and `NewGroupKey` records that are in force.
  std::set<RecordName> standing;
  /// The `Admit` by which each member is what it is; none for the genesis's author.
  std::map<PublicKey, RecordName> admitted_by;
  /// The `Admit` by which each admin first became one, as reckoned from the genesis.
  std::map<PublicKey, RecordName> became_admin_by;
  /// The largest generation of the `Admit`s of each key, in force or not.
  std::map<PublicKey, std::uint64_t> generations;
  /// The largest sequence number of each author.
  std::map<PublicKey, std::uint64_t> sequences;
};

/// The keys that were ever admin: the genesis's author, and every key that one of them admitted as
/// admin, whatever was revoked. No record makes this set smaller.
std::set<PublicKey> ever_admins(const GroupRecords& records);

/// What `records`, all of one group, mean: the same for the same set, however it came together.
///
/// - Removal is sticky: a `Revoke` by a key that was ever admin counts, even if the key itself was
///   removed. So two admins that remove each other are both out, everywhere.
/// - Removing a device, or making it less than an admin, is a *cut*: of what it signed, only the
///   records that the cut lists stay in force. A cut of the second kind is lifted by a later
///   `Admit` that makes the device an admin again.
/// - Members are the least fixpoint: the genesis's author, and whom an admin's `Admit` that is in
///   force names. Of several, the largest generation counts, then the lesser role, then the lesser
///   name. One that is not in force still takes rights away that an older one gave.
///
/// Takes about O(n log n) for n records; at worst the product of the number of cuts of one key and
/// the number of its records, both below `kMaxGroupRecords`.
GroupState evaluate(const GroupRecords& records);

}  // namespace rill
