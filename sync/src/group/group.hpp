#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "group/evaluation.hpp"
#include "group/listeners.hpp"
#include "group/record.hpp"
#include "rill/device_key.hpp"
#include "rill/device_store.hpp"
#include "rill/group_log.hpp"
#include "rill/member.hpp"
#include "rill/subscription.hpp"

namespace rill {

/// How many bytes the records of a credential may take together.
inline constexpr std::size_t kMaxCredentialBytes = std::size_t{3} << 10U;

/// The group that this device belongs to, if any: its signed records, kept in the device's store,
/// and what they mean.
///
/// Several processes may have one file open, each with a `Group` of its own: every call that
/// writes reads the store first and unites. Between this and its write another process may write,
/// too, and its new records are then lost here; those that reached another device come back from
/// there. `reload` takes up what another process wrote.
///
/// Errors of all calls that write: those of the store, having changed nothing; `corrupt` and
/// `newer_format` where the store holds what this build cannot read. Thread safety: all calls may
/// come from any thread.
class Group final : public GroupLog {
 public:
  /// Loads the group. `store` must outlive it.
  Group(DeviceStore& store, DeviceKey key);

  /// Whether the device has the records of a group; it may have been removed from it.
  [[nodiscard]] bool exists() const;
  /// Throws `Error{not_a_member}` if there is none.
  [[nodiscard]] GroupId id() const;

  /// Makes a new group of this device alone, its admin, called `device_name`.
  /// Throws `Error`: already_in_group, invalid_argument (a name above `kMaxDeviceName`).
  void create(const std::string& device_name);
  /// Takes up the group that another device's `records` tell of. If it is the device's own already,
  /// they are merged.
  /// Throws `Error`: already_in_group (another one), not_a_member (the records do not admit this
  /// device), revoked, malformed, limit_exceeded.
  void join(const std::vector<std::string>& records);
  /// Forgets the group. Nothing is signed: the other devices go on counting this one as a member
  /// until an admin removes it, and if it was the last admin the group has none any more.
  void leave();
  /// Takes up what another process wrote to the store.
  void reload();

  /// Makes the device with this key a member, or gives a member another name or role.
  /// Throws `Error`: not_a_member (no group), not_allowed (this device is no admin; or the group
  /// would have none any more), revoked (the key, or this device), invalid_argument (the name),
  /// limit_exceeded.
  void admit(const PublicKey& key, const std::string& name, Role role);
  /// Removes a device for good and gives the group a new key. Nothing happens if it was removed
  /// before. Throws `Error`: not_a_member (it is none), not_allowed (this device is no admin),
  /// revoked (this device), invalid_argument (this device itself: see `leave`), limit_exceeded.
  void revoke(const DeviceId& id);

  /// SHA-256 over the names of all records, ascending.
  [[nodiscard]] GroupDigest digest() const override;
  /// In an order in which the records before each show that its author was once an admin.
  [[nodiscard]] std::vector<std::string> records() const override;
  /// Of those, the ones by devices that never were admins by any record are left out.
  /// Throws `Error`: malformed (not signed included), not_a_member (of another group, or there is
  /// none here), limit_exceeded; then none was added.
  void merge(const std::vector<std::string>& records) override;

  /// All that were ever admitted, by id, removed ones included.
  [[nodiscard]] std::vector<Member> members() const;
  [[nodiscard]] std::optional<Member> find(const DeviceId& id) const;
  [[nodiscard]] std::optional<Member> find(const PublicKey& key) const;
  /// Empty if the device is in no group, or was removed.
  [[nodiscard]] std::optional<Role> own_role() const;
  /// Whether a device was removed, whether or not it ever was a member.
  [[nodiscard]] bool revoked(const DeviceId& id) const;
  /// Newest first, at most `kMaxGroupKeys`; those of earlier generations serve members that have
  /// not heard of the newest.
  [[nodiscard]] std::vector<GroupSecret> keys() const;

  /// The records that show a member who has not heard of it yet that this device was admitted: the
  /// `Admit` of each admin between the genesis and this device, and its own. The genesis is left
  /// out: a member has it, and nobody else is to see the secret in it. Empty for the genesis's
  /// author and where the device is no member; also if it would take more than
  /// `kMaxCredentialBytes`: then a member has to hear of the device from another one.
  [[nodiscard]] std::vector<std::string> credential() const;
  /// The member that `key` is, by what is known here and these records together: what is known of
  /// removals counts. Empty if that is none. Changes nothing; `merge` may take the records then.
  /// Throws `Error`: malformed, not_a_member (of another group), limit_exceeded.
  [[nodiscard]] std::optional<Member> check_credential(const std::vector<std::string>& records,
                                                       const PublicKey& key) const;

  /// Calls `changed` after every change of the records, in the thread that made it, under no lock.
  /// It must not throw.
  Subscription on_change(std::function<void()> changed);

 private:
  [[nodiscard]] std::string load() const;
  bool reload_locked();
  void save(GroupRecords records);
  void adopt(GroupRecords records, std::string stored);
  void tell_reader();
  template <typename Work>
  void change(Work work);

  [[nodiscard]] std::optional<GroupId> id_locked() const;
  [[nodiscard]] std::vector<SignedRecord> open_unknown(
      const std::vector<std::string>& encoded) const;
  [[nodiscard]] std::optional<Role> own_role_locked() const;
  void require_admin(const char* action) const;
  void require_other_admin(const DeviceId& id, Role role) const;
  /// Signs `content` as this device's next record, and adds it.
  template <typename Content>
  void sign_into(GroupRecords& records, Content content) const;
  /// What `key` signed so far and is in force.
  [[nodiscard]] std::vector<RecordName> seen_of(const PublicKey& key) const;

  DeviceStore& store_;
  const DeviceKey key_;
  Listeners listeners_;

  mutable std::mutex mutex_;
  GroupRecords records_;
  GroupState state_;
  /// What the store held when it was last read or written.
  std::string stored_;
  /// What the store was last told.
  std::optional<bool> reader_;
};

}  // namespace rill
