// Equal sets of records mean the same, however they came together.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "group/evaluation.hpp"
#include "group/group.hpp"
#include "support/group_devices.hpp"

namespace rill {
namespace {

using test::device_key;
using test::GroupDevice;

constexpr std::size_t kDevices = 5;

/// Several devices that admit, remove and tell each other at random. What fails with an `Error`,
/// as a removed admin's wish does, is left out.
class History {
 public:
  History() {
    for (std::size_t index = 0; index < kDevices; ++index) {
      devices_.push_back(std::make_unique<GroupDevice>(static_cast<char>('A' + index)));
    }
    devices_[0]->group.create("A");
    for (std::size_t index = 1; index < kDevices; ++index) {
      devices_[index]->pair_with(*devices_[0], index < 4 ? Role::admin : Role::writer);
    }
  }

  void step() {
    GroupDevice& device = any();
    try {
      switch (*rc::gen::inRange(0, 8)) {
        case 0:
          device.group.revoke(any().id());
          break;
        case 1:
        case 2:
          device.group.admit(any().id_key(), "again", any_role());
          break;
        case 3:
        case 4:
          device.group.admit(device_key(*rc::gen::inRange('a', 'f')).public_key(), "new",
                             any_role());
          break;
        case 5:
          device.group.merge({test::forged(
              device, Admit{device_key('z').public_key(), "forged", any_role(), 1, {}}, 1)});
          break;
        default:
          device.hear(any());
      }
    } catch (const Error&) {
      return;  // the device may not, or need not
    }
  }

  /// All records of all devices, in any order, some twice.
  [[nodiscard]] std::vector<std::string> all() const {
    std::vector<std::string> records;
    for (const auto& device : devices_) {
      const std::vector<std::string> own = device->group.records();
      records.insert(records.end(), own.begin(), own.end());
    }
    return records;
  }
  [[nodiscard]] std::vector<std::unique_ptr<GroupDevice>>& devices() { return devices_; }

 private:
  GroupDevice& any() { return *devices_[*rc::gen::inRange<std::size_t>(0, kDevices)]; }
  static Role any_role() { return static_cast<Role>(*rc::gen::inRange(0, 3)); }

  std::vector<std::unique_ptr<GroupDevice>> devices_;
};

void run(History& history) {
  const int steps = *rc::gen::inRange(1, 30);
  for (int step = 0; step < steps; ++step) history.step();
}

/// Some of `records`, in any order.
std::vector<std::string> some_of(const std::vector<std::string>& records) {
  std::vector<std::string> part;
  for (const std::string& record : records) {
    if (*rc::gen::inRange(0, 2) == 0) part.push_back(record);
  }
  for (std::size_t left = part.size(); left > 1; --left) {
    std::swap(part[left - 1], part[*rc::gen::inRange<std::size_t>(0, left)]);
  }
  return part;
}

RC_GTEST_PROP(GroupProperty, EqualSetsMeanTheSameInWhateverOrderTheyCame, ()) {
  History history;
  run(history);
  const std::vector<std::string> all = history.all();
  for (const auto& device : history.devices()) {
    for (int delivery = 0; delivery < 3; ++delivery) device->group.merge(some_of(all));
    device->group.merge(all);
  }
  const Group& first = history.devices().front()->group;
  for (const auto& device : history.devices()) {
    RC_ASSERT(device->group.digest() == first.digest());
    RC_ASSERT(device->group.members() == first.members());
    RC_ASSERT(device->group.keys() == first.keys());
    RC_ASSERT(device->group.records() == first.records());
  }
}

RC_GTEST_PROP(GroupProperty, MoreRecordsNeverUndoARemoval, ()) {
  History history;
  run(history);
  GroupDevice& device = *history.devices().front();
  std::vector<DeviceId> revoked;
  for (const auto& each : history.devices()) {
    if (device.group.revoked(each->id())) revoked.push_back(each->id());
  }
  device.group.merge(history.all());
  for (const DeviceId& id : revoked) RC_ASSERT(device.group.revoked(id));
}

/// The rules of `evaluate`, as plainly as they can be said, and as slowly.
class Naive {
 public:
  explicit Naive(const GroupRecords& records) : records_(records) {
    admins_ = ever_admins(records);
    for (bool grows = true; grows;) {
      grows = false;
      for (const auto& [name, each] : records_) {
        if (in_force_.contains(name) || !holds(each)) continue;
        in_force_.insert(name);
        grows = true;
      }
    }
  }
  [[nodiscard]] const std::set<RecordName>& in_force() const { return in_force_; }

 private:
  /// Whether the author was an admin in force when it said this, by what is in force so far.
  [[nodiscard]] bool holds(const SignedRecord& record) const {
    const PublicKey& author = record.record.author;
    if (std::holds_alternative<Genesis>(record.record.content)) return true;
    if (std::holds_alternative<Revoke>(record.record.content)) return admins_.contains(author);
    std::uint64_t power = 0;
    for (const RecordName& name : in_force_) {
      const GroupRecord& each = records_.at(name).record;
      if (std::holds_alternative<Genesis>(each.content) && each.author == author) {
        power = std::max<std::uint64_t>(power, 1);
      }
      const auto* admit = std::get_if<Admit>(&each.content);
      if (admit != nullptr && admit->key == author && admit->role == Role::admin) {
        power = std::max(power, admit->generation);
      }
    }
    return power > 0 && std::ranges::none_of(records_, [&](const auto& each) {
             return cuts(each.second.record, record, power);
           });
  }
  [[nodiscard]] bool cuts(const GroupRecord& by, const SignedRecord& record,
                          std::uint64_t power) const {
    if (!admins_.contains(by.author)) return false;
    const auto lacks = [&](const std::vector<RecordName>& seen) {
      return std::ranges::find(seen, record.name) == seen.end();
    };
    if (const auto* revoke = std::get_if<Revoke>(&by.content)) {
      return revoke->key == record.record.author && lacks(revoke->seen);
    }
    const auto* admit = std::get_if<Admit>(&by.content);
    return admit != nullptr && admit->key == record.record.author && admit->role != Role::admin &&
           admit->generation >= power && lacks(admit->seen);
  }

  const GroupRecords& records_;
  std::set<PublicKey> admins_;
  std::set<RecordName> in_force_;
};

RC_GTEST_PROP(GroupProperty, RecordsAreInForceAsTheRulesSay, ()) {
  History history;
  run(history);
  GroupDevice& device = *history.devices().front();
  device.group.merge(history.all());
  const GroupRecords records = device.opened();
  std::set<RecordName> expected;
  const Naive naive(records);
  for (const RecordName& name : naive.in_force()) {
    const std::size_t kind = records.at(name).record.content.index();
    if (kind == 1 || kind == 3) expected.insert(name);  // an Admit or a NewGroupKey
  }
  RC_ASSERT(evaluate(records).standing == expected);
}

}  // namespace
}  // namespace rill
