#include "group/group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/expect_error.hpp"
#include "support/group_devices.hpp"

namespace rill {
namespace {

using test::device_key;
using test::GroupDevice;

TEST(Group, DoesNotExistUntilOneIsCreated) {
  GroupDevice a('A');
  EXPECT_FALSE(a.group.exists());
  EXPECT_ERROR(a.group.id(), ErrorCode::not_a_member);
  EXPECT_EQ(a.group.own_role(), std::nullopt);
  EXPECT_TRUE(a.group.keys().empty());
  EXPECT_TRUE(a.group.credential().empty());
  EXPECT_ERROR(a.group.admit(device_key('B').public_key(), "B", Role::admin),
               ErrorCode::not_a_member);
  EXPECT_ERROR(a.group.revoke(a.id()), ErrorCode::not_a_member);
}

TEST(Group, MakesItsCreatorTheFirstAdmin) {
  GroupDevice a('A');
  a.group.create("Kitchen");
  EXPECT_TRUE(a.group.exists());
  EXPECT_THAT(a.group.members(),
              ::testing::ElementsAre(Member{a.id(), a.id_key(), "Kitchen", Role::admin, false}));
  EXPECT_EQ(a.group.own_role(), Role::admin);
  EXPECT_EQ(a.group.keys().size(), 1U);
  EXPECT_ERROR(a.group.create("again"), ErrorCode::already_in_group);
}

TEST(Group, IsUnlikeAnyOther) {
  GroupDevice a('A');
  GroupDevice also_a('A');
  a.group.create("A");
  also_a.group.create("A");
  EXPECT_NE(a.group.id(), also_a.group.id());
  EXPECT_NE(a.group.keys(), also_a.group.keys());
  EXPECT_NE(a.group.digest(), also_a.group.digest());
}

TEST(Group, TakesInWhomAnAdminAdmits) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::writer);
  EXPECT_EQ(b.group.id(), a.group.id());
  EXPECT_EQ(b.group.members(), a.group.members());
  EXPECT_EQ(b.group.keys(), a.group.keys());
  EXPECT_EQ(b.group.digest(), a.group.digest());
  EXPECT_EQ(b.group.own_role(), Role::writer);
  EXPECT_EQ(a.group.find(b.id())->name, "B");
  EXPECT_EQ(a.group.find(b.id_key()), a.group.find(b.id()));
}

TEST(Group, RefusesToAdmitOrRemoveForALesserMember) {
  GroupDevice a('A');
  a.group.create("A");
  for (const Role role : {Role::writer, Role::reader}) {
    GroupDevice b(role == Role::writer ? 'W' : 'R');
    b.pair_with(a, role);
    EXPECT_ERROR(b.group.admit(device_key('C').public_key(), "C", Role::reader),
                 ErrorCode::not_allowed);
    EXPECT_ERROR(b.group.revoke(a.id()), ErrorCode::not_allowed);
    try {
      b.group.revoke(a.id());
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(to_string(role)));
    }
  }
}

TEST(Group, RefusesNamesThatAreTooLong) {
  GroupDevice a('A');
  const std::string name(kMaxDeviceName + 1, 'n');
  EXPECT_ERROR(a.group.create(name), ErrorCode::invalid_argument);
  a.group.create("A");
  EXPECT_ERROR(a.group.admit(device_key('B').public_key(), name, Role::reader),
               ErrorCode::invalid_argument);
}

TEST(Group, IsJoinedOnlyByThoseItAdmits) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  EXPECT_ERROR(b.group.join(a.group.records()), ErrorCode::not_a_member);
  EXPECT_ERROR(b.group.join({}), ErrorCode::malformed);
  EXPECT_FALSE(b.group.exists());
  a.group.admit(b.id_key(), "B", Role::writer);
  std::vector<std::string> headless = a.group.records();
  headless.erase(headless.begin());
  EXPECT_ERROR(b.group.join(headless), ErrorCode::malformed);
  b.group.join(a.group.records());
  b.group.join(a.group.records());  // once more
  EXPECT_EQ(b.group.digest(), a.group.digest());
}

TEST(Group, IsNotLeftForAnotherByJoining) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.group.create("B");
  const GroupId before = b.group.id();
  EXPECT_ERROR(b.pair_with(a, Role::writer), ErrorCode::already_in_group);
  EXPECT_EQ(b.group.id(), before);
  b.group.leave();
  b.group.join(a.group.records());
  EXPECT_EQ(b.group.id(), a.group.id());
}

TEST(Group, RemovesADeviceForGoodAndTakesANewKey) {
  GroupDevice a('A');
  GroupDevice b('B');
  GroupDevice c('C');
  a.group.create("A");
  b.pair_with(a, Role::writer);
  c.pair_with(a, Role::writer);
  const std::vector<GroupSecret> before = a.group.keys();
  a.group.revoke(b.id());
  EXPECT_TRUE(a.group.revoked(b.id()));
  EXPECT_TRUE(a.group.find(b.id())->revoked);
  ASSERT_EQ(a.group.keys().size(), 2U);
  EXPECT_EQ(a.group.keys().back(), before.front());
  EXPECT_NE(a.group.keys().front(), before.front());
  c.hear(a);
  EXPECT_EQ(c.group.keys(), a.group.keys());
  EXPECT_TRUE(c.group.revoked(b.id()));

  EXPECT_ERROR(a.group.admit(b.id_key(), "B", Role::writer), ErrorCode::revoked);
  const GroupDigest digest = a.group.digest();
  a.group.revoke(b.id());
  EXPECT_EQ(a.group.digest(), digest) << "removed twice";
  EXPECT_ERROR(a.group.revoke(device_key('X').id()), ErrorCode::not_a_member);
  EXPECT_ERROR(a.group.revoke(a.id()), ErrorCode::invalid_argument);
}

TEST(Group, TellsTheRemovedDevice) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::admin);
  a.group.revoke(b.id());
  b.hear(a);
  EXPECT_EQ(b.group.own_role(), std::nullopt);
  EXPECT_TRUE(b.group.revoked(b.id()));
  EXPECT_ERROR(b.group.revoke(a.id()), ErrorCode::revoked);
  b.group.leave();
  EXPECT_ERROR(b.group.join(a.group.records()), ErrorCode::revoked);
}

TEST(Group, KeepsAtMostTheNewestKeys) {
  GroupDevice a('A');
  a.group.create("A");
  for (char letter = 'b'; letter < 'b' + 9; ++letter) {
    a.group.admit(device_key(letter).public_key(), "", Role::reader);
    a.group.revoke(device_key(letter).id());
  }
  EXPECT_EQ(a.group.keys().size(), kMaxGroupKeys);
  const GroupSecret newest = a.group.keys().front();
  a.group.admit(device_key('x').public_key(), "", Role::reader);
  a.group.revoke(device_key('x').id());
  EXPECT_EQ(a.group.keys().at(1), newest);
}

TEST(Group, GivesAMemberAnotherRoleAndName) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::reader);
  EXPECT_TRUE(b.store.reader());
  a.group.admit(b.id_key(), "Hall", Role::admin);
  b.hear(a);
  EXPECT_EQ(b.group.own_role(), Role::admin);
  EXPECT_FALSE(b.store.reader());
  EXPECT_EQ(a.group.find(b.id())->name, "Hall");
  b.group.admit(a.id_key(), "A", Role::reader);
  a.hear(b);
  EXPECT_EQ(a.group.own_role(), Role::reader);
  EXPECT_TRUE(a.store.reader());
  const GroupDigest digest = b.group.digest();
  b.group.admit(a.id_key(), "A", Role::reader);
  EXPECT_EQ(b.group.digest(), digest) << "nothing new was said";
}

TEST(Group, KeepsItsLastAdmin) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  EXPECT_ERROR(a.group.admit(a.id_key(), "A", Role::writer), ErrorCode::not_allowed);
  b.pair_with(a, Role::admin);
  a.group.admit(a.id_key(), "A", Role::writer);
  EXPECT_EQ(a.group.own_role(), Role::writer);
  b.hear(a);
  EXPECT_EQ(b.group.find(a.id())->role, Role::writer);
  EXPECT_EQ(b.group.own_role(), Role::admin) << "what a former admin said stays in force";
  EXPECT_ERROR(b.group.admit(b.id_key(), "B", Role::writer), ErrorCode::not_allowed);
}

TEST(Group, LetsAReaderWriteAgainOnceItIsNoneOrLeaves) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::reader);
  EXPECT_TRUE(b.store.reader());
  b.group.leave();
  EXPECT_FALSE(b.store.reader());
  EXPECT_FALSE(b.group.exists());
  b.group.create("B");
  EXPECT_EQ(b.group.own_role(), Role::admin);
  EXPECT_EQ(b.group.members().size(), 1U);
}

TEST(Group, StandsInTheStore) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::reader);
  b.store.set_reader(false);  // as if the device had stopped between its two steps
  const Group again(b.store, b.key);
  EXPECT_EQ(again.id(), a.group.id());
  EXPECT_EQ(again.members(), a.group.members());
  EXPECT_EQ(again.digest(), a.group.digest());
  EXPECT_TRUE(b.store.reader());
  b.group.leave();
  EXPECT_FALSE(Group(b.store, b.key).exists());
}

TEST(Group, TakesUpWhatAnotherProcessWrote) {
  GroupDevice a('A');
  a.group.create("A");
  Group other(a.store, a.key);
  other.admit(device_key('B').public_key(), "B", Role::writer);
  a.group.admit(device_key('C').public_key(), "C", Role::writer);
  EXPECT_EQ(a.group.members().size(), 3U);
  EXPECT_EQ(other.members().size(), 2U);
  other.reload();
  EXPECT_EQ(other.digest(), a.group.digest());
  other.leave();
  a.group.reload();
  EXPECT_FALSE(a.group.exists());
}

TEST(Group, IsUnchangedWhereTheStoreFails) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::writer);
  a.group.admit(device_key('C').public_key(), "C", Role::writer);
  const GroupDigest before = b.group.digest();
  b.store.fail(true);
  EXPECT_ERROR(b.hear(a), ErrorCode::disk_full);
  EXPECT_EQ(b.group.digest(), before);
  EXPECT_EQ(b.group.members().size(), 2U);
  b.store.fail(false);
  b.hear(a);
  EXPECT_EQ(b.group.digest(), a.group.digest());
}

TEST(Group, SaysThatItsRecordsAreDamaged) {
  GroupDevice a('A');
  a.group.create("A");
  std::string stored = a.store.load("group").value();
  stored.back() = static_cast<char>(stored.back() ^ 1);
  a.store.store("group", stored);
  EXPECT_ERROR(Group(a.store, a.key), ErrorCode::corrupt);
  EXPECT_ERROR(a.group.reload(), ErrorCode::corrupt);
  stored.front() = 2;
  a.store.store("group", stored);
  EXPECT_ERROR(Group(a.store, a.key), ErrorCode::newer_format);
  a.group.leave();
  a.group.create("A");
  EXPECT_TRUE(a.group.exists());
}

TEST(Group, TellsOfChangesAndOnlyOfThose) {
  GroupDevice a('A');
  GroupDevice b('B');
  int told = 0;
  Subscription watching = a.group.on_change([&] {
    ++told;
    static_cast<void>(a.group.members());  // under no lock
  });
  a.group.create("A");
  EXPECT_EQ(told, 1);
  b.pair_with(a, Role::admin);
  EXPECT_EQ(told, 2);
  a.hear(b);
  a.group.reload();
  EXPECT_EQ(told, 2);
  b.group.admit(device_key('C').public_key(), "C", Role::reader);
  a.hear(b);
  EXPECT_EQ(told, 3);
  watching.stop();
  a.group.leave();
  EXPECT_EQ(told, 3);
}

TEST(Group, LetsACallbackEndItsOwnSubscription) {
  GroupDevice a('A');
  int told = 0;
  Subscription watching;
  watching = a.group.on_change([&] {
    ++told;
    watching.stop();
  });
  a.group.create("A");
  a.group.leave();
  EXPECT_EQ(told, 1);
}

// Credentials ------------------------------------------------------------------------------------

TEST(GroupCredential, ShowsAMemberWhoIsAdmittedElsewhere) {
  GroupDevice a('A');
  GroupDevice b('B');
  GroupDevice c('C');
  GroupDevice d('D');
  a.group.create("A");
  d.pair_with(a, Role::writer);
  b.pair_with(a, Role::admin);
  c.pair_with(b, Role::reader);
  EXPECT_EQ(d.group.find(c.id()), std::nullopt);
  const std::optional<Member> shown = d.group.check_credential(c.group.credential(), c.id_key());
  EXPECT_EQ(shown, b.group.find(c.id()));
  EXPECT_EQ(d.group.find(c.id()), std::nullopt) << "checking changes nothing";
  d.group.merge(c.group.credential());
  EXPECT_EQ(d.group.find(c.id()), shown);
  EXPECT_EQ(d.group.check_credential({}, c.id_key()), shown);
  EXPECT_EQ(d.group.check_credential(c.group.credential(), device_key('X').public_key()),
            std::nullopt);
}

TEST(GroupCredential, KeepsTheGroupsSecret) {
  GroupDevice a('A');
  GroupDevice b('B');
  a.group.create("A");
  b.pair_with(a, Role::writer);
  EXPECT_TRUE(a.group.credential().empty());
  ASSERT_EQ(b.group.credential().size(), 1U);
  EXPECT_EQ(open_record(b.group.credential().front()).record.content.index(), 1U);
}

TEST(GroupCredential, OfALongChainFits) {
  std::vector<std::unique_ptr<GroupDevice>> chain;
  for (char letter = 'A'; letter <= 'I'; ++letter) {
    chain.push_back(std::make_unique<GroupDevice>(letter));
    chain.back()->name.assign(kMaxDeviceName, letter);
    if (letter == 'A') {
      chain.back()->group.create("A");
    } else {
      chain.back()->pair_with(**(chain.end() - 2), Role::admin);
    }
  }
  const GroupDevice& last = *chain.back();
  const std::vector<std::string> credential = last.group.credential();
  EXPECT_EQ(credential.size(), 8U);
  EXPECT_TRUE(chain.front()->group.check_credential(credential, last.id_key()).has_value());
  std::vector<std::string> gap = credential;
  gap.erase(gap.begin() + 3);
  EXPECT_EQ(chain.front()->group.check_credential(gap, last.id_key()), std::nullopt);
}

TEST(GroupCredential, IsVoidWhereAnAdminOfItWasRemoved) {
  GroupDevice a('A');
  GroupDevice b('B');
  GroupDevice c('C');
  a.group.create("A");
  b.pair_with(a, Role::admin);
  c.pair_with(b, Role::writer);  // which A does not hear of
  a.group.revoke(b.id());
  EXPECT_EQ(a.group.check_credential(c.group.credential(), c.id_key()), std::nullopt);
  EXPECT_EQ(a.group.check_credential(b.group.credential(), b.id_key()), std::nullopt);
}

TEST(GroupCredential, IsRefusedIfForeignBrokenOrTooLarge) {
  GroupDevice a('A');
  GroupDevice b('B');
  GroupDevice x('X');
  GroupDevice y('Y');
  a.group.create("A");
  b.pair_with(a, Role::writer);
  x.group.create("X");
  y.pair_with(x, Role::writer);
  EXPECT_ERROR(a.group.check_credential(y.group.credential(), y.id_key()), ErrorCode::not_a_member);
  EXPECT_ERROR(a.group.check_credential({"nonsense"}, y.id_key()), ErrorCode::malformed);
  EXPECT_ERROR(a.group.check_credential({std::string(kMaxCredentialBytes + 1, 'x')}, y.id_key()),
               ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
