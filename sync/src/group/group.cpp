#include "group/group.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "group/stored_group.hpp"
#include "readable_text.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"

namespace rill {
namespace {

constexpr std::string_view kValueName = "group";

GroupSecret random_secret() {
  GroupSecret secret{};
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) {
    throw Error(ErrorCode::internal, "OpenSSL has no random bytes for a group's key");
  }
  return secret;
}

[[noreturn]] void refuse_other_group() {
  throw Error(ErrorCode::already_in_group,
              "this device belongs to a group already: leave that first");
}

[[noreturn]] void refuse_without_group() {
  throw Error(ErrorCode::not_a_member, "this device belongs to no group: invite, or join one");
}

void check_name(const std::string& name) {
  if (name.size() <= kMaxDeviceName) return;
  throw Error(ErrorCode::invalid_argument, "a device's name takes at most " +
                                               std::to_string(kMaxDeviceName) + " bytes, not " +
                                               std::to_string(name.size()));
}

void check_group(const std::vector<SignedRecord>& records, const GroupId& group) {
  if (std::ranges::all_of(records, [&](const auto& each) { return each.group() == group; })) return;
  throw Error(ErrorCode::not_a_member, "a record is that of another group");
}

std::uint64_t after(std::uint64_t number) { return std::min(number + 1, kMaxCounter); }

/// Adds `fresh`, but for what is said by those who never had a say: a device that fills the log
/// must have been an admin.
GroupRecords united(GroupRecords records, std::vector<SignedRecord> fresh) {
  std::vector<RecordName> added;
  added.reserve(fresh.size());
  for (SignedRecord& record : fresh) {
    const RecordName name = record.name;
    if (records.emplace(name, std::move(record)).second) added.push_back(name);
  }
  const std::set<PublicKey> admins = ever_admins(records);
  for (const RecordName& name : added) {
    if (!admins.contains(records.at(name).record.author)) records.erase(name);
  }
  return records;
}

/// The group that a whole set of records tells of.
GroupId group_of(const std::vector<SignedRecord>& records) {
  for (const SignedRecord& each : records) {
    if (std::holds_alternative<Genesis>(each.record.content)) return each.name;
  }
  throw Error(ErrorCode::malformed, "the records of the group lack the first one");
}

std::optional<Member> member_in(const GroupState& state, const DeviceId& id) {
  const auto found = state.members.find(id);
  return found == state.members.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

// Keeping ----------------------------------------------------------------------------------------

Group::Group(DeviceStore& store, DeviceKey key) : store_(store), key_(std::move(key)) {
  reload_locked();
  tell_reader();
}

std::string Group::load() const { return store_.load(kValueName).value_or(std::string()); }

bool Group::reload_locked() {
  std::string stored = load();
  if (stored == stored_) return false;
  GroupRecords records = decode_stored(stored);
  adopt(std::move(records), std::move(stored));
  return true;
}

void Group::adopt(GroupRecords records, std::string stored) {
  state_ = evaluate(records);
  records_ = std::move(records);
  stored_ = std::move(stored);
}

void Group::save(GroupRecords records) {
  check_limits(records);
  std::string stored = encode_stored(records);
  store_.store(kValueName, stored);
  adopt(std::move(records), std::move(stored));
}

void Group::tell_reader() {
  const bool reader = own_role_locked() == Role::reader;
  if (reader_ == reader) return;
  store_.set_reader(reader);
  reader_ = reader;
}

/// Runs `work`, which may `save`, on what the store holds now.
template <typename Work>
void Group::change(Work work) {
  bool changed = false;
  const auto locked = [&] {
    const std::lock_guard lock(mutex_);
    changed = reload_locked();
    const std::string before = stored_;
    work();
    changed = changed || stored_ != before;
    tell_reader();
  };
  try {
    locked();
  } catch (...) {
    if (changed) listeners_.notify();
    throw;
  }
  if (changed) listeners_.notify();
}

void Group::reload() {
  change([] {});
}

void Group::create(const std::string& device_name) {
  check_name(device_name);
  change([&] {
    if (!records_.empty()) refuse_other_group();
    GroupRecords records;
    sign_into(records, Genesis{random_secret(), random_secret(), device_name});
    save(std::move(records));
  });
}

void Group::join(const std::vector<std::string>& records) {
  std::vector<SignedRecord> opened = open_records(records);
  const GroupId group = group_of(opened);
  check_group(opened, group);
  change([&] {
    const std::optional<GroupId> own = id_locked();
    if (own && *own != group) refuse_other_group();
    GroupRecords all = united(records_, std::move(opened));
    const GroupState state = evaluate(all);
    if (state.revoked.contains(key_.id())) {
      throw Error(ErrorCode::revoked,
                  "this device was removed from the group: it may join under a new key");
    }
    if (!member_in(state, key_.id())) {
      throw Error(ErrorCode::not_a_member, "the group's records do not admit this device");
    }
    if (all.size() != records_.size()) save(std::move(all));
  });
}

void Group::leave() {
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    // Also where the records cannot be read, so that leaving is a way out of that.
    changed = store_.load(kValueName).has_value() || !records_.empty();
    if (changed) store_.store(kValueName, std::nullopt);
    adopt({}, {});
    tell_reader();
  }
  if (changed) listeners_.notify();
}

// Deciding ---------------------------------------------------------------------------------------

template <typename Content>
void Group::sign_into(GroupRecords& records, Content content) const {
  GroupRecord record;
  record.content = std::move(content);
  record.group = id_locked().value_or(GroupId{});
  std::uint64_t latest = 0;
  for (const auto& [name, each] : records) {
    if (each.record.author == key_.public_key()) latest = std::max(latest, each.record.sequence);
  }
  record.sequence = after(latest);
  SignedRecord made = sign_record(std::move(record), key_);
  const RecordName name = made.name;
  records.emplace(name, std::move(made));
}

std::vector<RecordName> Group::seen_of(const PublicKey& key) const {
  std::vector<std::pair<std::uint64_t, RecordName>> numbered;
  for (const RecordName& name : state_.standing) {
    const GroupRecord& record = records_.at(name).record;
    if (record.author == key) numbered.emplace_back(record.sequence, name);
  }
  std::ranges::sort(numbered);
  if (numbered.size() > kMaxSeenRecords) numbered.resize(kMaxSeenRecords);
  std::vector<RecordName> seen;
  seen.reserve(numbered.size());
  for (const auto& [sequence, name] : numbered) seen.push_back(name);
  std::ranges::sort(seen);
  return seen;
}

void Group::require_admin(const char* action) const {
  if (records_.empty()) refuse_without_group();
  if (state_.revoked.contains(key_.id())) {
    throw Error(ErrorCode::revoked, "this device was removed from its group");
  }
  const std::optional<Role> role = own_role_locked();
  if (role == Role::admin) return;
  throw Error(ErrorCode::not_allowed,
              "this device is " + (role ? "a " + std::string(to_string(*role)) : "no member") +
                  " of its group; only an admin " + action);
}

void Group::require_other_admin(const DeviceId& id, Role role) const {
  if (role == Role::admin) return;
  const auto stands = [](const Member& each) { return each.role == Role::admin && !each.revoked; };
  const auto own = state_.members.find(id);
  if (own == state_.members.end() || !stands(own->second)) return;
  for (const auto& [other, member] : state_.members) {
    if (other != id && stands(member)) return;
  }
  throw Error(ErrorCode::not_allowed,
              "the group would have no admin any more: make another device an admin first");
}

void Group::admit(const PublicKey& key, const std::string& name, Role role) {
  check_name(name);
  const DeviceId id = DeviceId::of(key);
  change([&] {
    require_admin("admits devices");
    if (state_.revoked.contains(id)) {
      throw Error(ErrorCode::revoked,
                  "the device was removed from the group: it may return under a new key only");
    }
    const std::optional<Member> known = member_in(state_, id);
    if (known && known->role == role && known->name == readable_text(name)) return;
    require_other_admin(id, role);
    const auto latest = state_.generations.find(key);
    Admit admit{key, name, role, 1, {}};
    if (latest != state_.generations.end()) admit.generation = after(latest->second);
    if (role != Role::admin) admit.seen = seen_of(key);
    GroupRecords records = records_;
    sign_into(records, std::move(admit));
    save(std::move(records));
  });
}

void Group::revoke(const DeviceId& id) {
  change([&] {
    require_admin("removes devices");
    const std::optional<Member> member = member_in(state_, id);
    if (!member) {
      throw Error(ErrorCode::not_a_member, "no member of the group has the id " + to_string(id));
    }
    if (id == key_.id()) {
      throw Error(ErrorCode::invalid_argument,
                  "a device does not remove itself: leave the group, or use another admin");
    }
    if (member->revoked) return;
    GroupRecords records = records_;
    sign_into(records, Revoke{member->key, seen_of(member->key)});
    sign_into(records, NewGroupKey{after(state_.key_generation), random_secret()});
    save(std::move(records));
  });
}

// Uniting ----------------------------------------------------------------------------------------

std::vector<SignedRecord> Group::open_unknown(const std::vector<std::string>& encoded) const {
  check_limits(encoded);
  std::optional<GroupId> group;
  std::vector<std::string> unknown;
  {
    const std::lock_guard lock(mutex_);
    group = id_locked();
    for (const std::string& record : encoded) {
      if (!records_.contains(sha256(record))) unknown.push_back(record);
    }
  }
  if (!group) refuse_without_group();
  std::vector<SignedRecord> opened = open_records(unknown);
  check_group(opened, *group);
  return opened;
}

void Group::merge(const std::vector<std::string>& records) {
  if (records.empty()) return;
  // The signatures are verified without the lock: a full log takes half a second.
  std::vector<SignedRecord> opened = open_unknown(records);
  if (opened.empty()) return;
  change([&] {
    const std::optional<GroupId> group = id_locked();
    if (!group) refuse_without_group();
    check_group(opened, *group);
    GroupRecords all = united(records_, std::move(opened));
    if (all.size() != records_.size()) save(std::move(all));
  });
}

// Reading ----------------------------------------------------------------------------------------

bool Group::exists() const {
  const std::lock_guard lock(mutex_);
  return !records_.empty();
}

std::optional<GroupId> Group::id_locked() const {
  if (records_.empty()) return std::nullopt;
  return records_.begin()->second.group();
}

GroupId Group::id() const {
  const std::lock_guard lock(mutex_);
  const std::optional<GroupId> group = id_locked();
  if (!group) refuse_without_group();
  return *group;
}

GroupDigest Group::digest() const {
  const std::lock_guard lock(mutex_);
  std::string names;
  names.reserve(records_.size() * std::tuple_size_v<RecordName>);
  for (const auto& [name, record] : records_) names.append(name.begin(), name.end());
  return sha256(names);
}

std::vector<std::string> Group::records() const {
  const std::lock_guard lock(mutex_);
  return in_order(records_);
}

std::vector<Member> Group::members() const {
  const std::lock_guard lock(mutex_);
  std::vector<Member> members;
  members.reserve(state_.members.size());
  for (const auto& [id, member] : state_.members) members.push_back(member);
  return members;
}

std::optional<Member> Group::find(const DeviceId& id) const {
  const std::lock_guard lock(mutex_);
  return member_in(state_, id);
}

std::optional<Member> Group::find(const PublicKey& key) const { return find(DeviceId::of(key)); }

std::optional<Role> Group::own_role_locked() const {
  const std::optional<Member> member = member_in(state_, key_.id());
  if (!member || member->revoked) return std::nullopt;
  return member->role;
}

std::optional<Role> Group::own_role() const {
  const std::lock_guard lock(mutex_);
  return own_role_locked();
}

bool Group::revoked(const DeviceId& id) const {
  const std::lock_guard lock(mutex_);
  return state_.revoked.contains(id);
}

std::vector<GroupSecret> Group::keys() const {
  const std::lock_guard lock(mutex_);
  return state_.keys;
}

std::vector<std::string> Group::credential() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> chain;
  std::size_t bytes = 0;
  auto admitted = state_.admitted_by.find(key_.public_key());
  if (admitted == state_.admitted_by.end()) return chain;
  // Who first made an admin was one before: this ends at the genesis.
  for (;;) {
    const SignedRecord& record = records_.at(admitted->second);
    bytes += record.encoded.size();
    if (bytes > kMaxCredentialBytes) return {};
    chain.push_back(record.encoded);
    admitted = state_.became_admin_by.find(record.record.author);
    if (admitted == state_.became_admin_by.end()) break;
  }
  std::ranges::reverse(chain);
  return chain;
}

std::optional<Member> Group::check_credential(const std::vector<std::string>& records,
                                              const PublicKey& key) const {
  std::size_t bytes = 0;
  for (const std::string& record : records) bytes += record.size();
  if (bytes > kMaxCredentialBytes) {
    throw Error(ErrorCode::limit_exceeded, "the peer sent more than " +
                                               std::to_string(kMaxCredentialBytes) +
                                               " bytes to show that it was admitted");
  }
  std::vector<SignedRecord> opened = open_unknown(records);
  const std::lock_guard lock(mutex_);
  const DeviceId id = DeviceId::of(key);
  std::optional<Member> member;
  if (opened.empty()) {
    member = member_in(state_, id);
  } else {
    member = member_in(evaluate(united(records_, std::move(opened))), id);
  }
  return member && !member->revoked ? member : std::nullopt;
}

Subscription Group::on_change(std::function<void()> changed) {
  return listeners_.add(std::move(changed));
}

}  // namespace rill
