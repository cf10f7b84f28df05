// What groups make of records that met late, crossed, or were signed to do harm.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "group/group.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "support/expect_error.hpp"
#include "support/group_devices.hpp"

namespace rill {
namespace {

using test::device_key;
using test::forged;
using test::GroupDevice;

/// A founded the group and admitted B as admin and C as writer; all have heard of each other.
class GroupMerge : public ::testing::Test {
 public:
  GroupMerge() {
    a.group.create("A");
    b.pair_with(a, Role::admin);
    c.pair_with(a, Role::writer);
    b.hear(a);
  }
  /// A and B tell each other and C all they know.
  void meet() {
    a.hear(b);
    b.hear(a);
    c.hear(a);
    EXPECT_EQ(a.group.digest(), b.group.digest());
    EXPECT_EQ(a.group.members(), b.group.members());
    EXPECT_EQ(a.group.keys(), b.group.keys());
    EXPECT_EQ(a.group.members(), c.group.members());
  }
  [[nodiscard]] static Admit admit(char letter, Role role = Role::writer) {
    return {device_key(letter).public_key(), std::string(1, letter), role, 1, {}};
  }
  [[nodiscard]] bool is_member(char letter) const {
    const std::optional<Member> member = a.group.find(device_key(letter).id());
    return member && !member->revoked;
  }

  GroupDevice a{'A'};
  GroupDevice b{'B'};
  GroupDevice c{'C'};
};

TEST_F(GroupMerge, PutsBothOutWhoRemoveEachOther) {
  a.group.revoke(b.id());
  b.group.revoke(a.id());
  meet();
  EXPECT_EQ(a.group.own_role(), std::nullopt);
  EXPECT_EQ(b.group.own_role(), std::nullopt);
  EXPECT_EQ(c.group.own_role(), Role::writer);
}

TEST_F(GroupMerge, KeepsWhomARemovedAdminAdmittedBefore) {
  b.group.admit(device_key('D').public_key(), "D", Role::writer);
  meet();
  a.group.revoke(b.id());
  meet();
  EXPECT_TRUE(is_member('D'));
}

TEST_F(GroupMerge, DropsWhomARemovedAdminAdmittedUnseen) {
  b.group.admit(device_key('D').public_key(), "D", Role::writer);
  a.group.revoke(b.id());
  meet();
  EXPECT_FALSE(is_member('D'));
  a.group.admit(device_key('D').public_key(), "D", Role::writer);
  meet();
  EXPECT_TRUE(is_member('D')) << "an admin that stands may admit it anew";
}

TEST_F(GroupMerge, GivesNothingForDatingARecordBack) {
  b.group.admit(device_key('D').public_key(), "D", Role::writer);
  meet();
  a.group.revoke(b.id());
  // As one does who holds the removed admin's key: the number is that of a record A has seen.
  a.group.merge({forged(b, admit('E', Role::admin), 1)});
  a.group.merge({forged(b, NewGroupKey{kMaxCounter, {}}, 1)});
  EXPECT_FALSE(is_member('E'));
  EXPECT_NE(a.group.keys().front(), GroupSecret{});
  EXPECT_TRUE(is_member('D'));
}

TEST_F(GroupMerge, AllowsOnlyWhatEveryRemovalHasSeen) {
  GroupDevice d('D');
  d.pair_with(a, Role::admin);
  meet();
  b.group.admit(device_key('E').public_key(), "E", Role::writer);
  d.group.revoke(b.id());  // has not heard of E
  a.hear(b);
  a.group.revoke(b.id());  // has
  EXPECT_TRUE(is_member('E'));
  a.hear(d);
  EXPECT_FALSE(is_member('E'));
}

TEST_F(GroupMerge, HonoursTheRemovalsOfARemovedAdmin) {
  b.group.revoke(c.id());
  a.group.revoke(b.id());
  meet();
  EXPECT_TRUE(a.group.revoked(c.id()));
  EXPECT_TRUE(a.group.revoked(b.id()));
}

TEST_F(GroupMerge, LetsTheLesserRoleWinARace) {
  a.group.admit(c.id_key(), "C", Role::admin);
  b.group.admit(c.id_key(), "C", Role::reader);
  meet();
  EXPECT_EQ(a.group.find(c.id())->role, Role::reader);
  EXPECT_TRUE(c.store.reader());
  a.group.admit(c.id_key(), "C", Role::writer);
  meet();
  EXPECT_EQ(b.group.find(c.id())->role, Role::writer) << "a later word settles it";
}

TEST_F(GroupMerge, TakesThePowerToAdmitFromAnAdminThatIsNoneAnyMore) {
  b.group.admit(device_key('D').public_key(), "D", Role::writer);
  meet();
  a.group.admit(b.id_key(), "B", Role::writer);
  a.group.merge({forged(b, admit('E'), 1), forged(b, admit('F'), 7)});
  EXPECT_TRUE(is_member('D'));
  EXPECT_FALSE(is_member('E'));
  EXPECT_FALSE(is_member('F'));
  EXPECT_EQ(a.group.find(b.id())->role, Role::writer);
  meet();
  a.group.admit(b.id_key(), "B", Role::admin);
  meet();
  b.group.admit(device_key('G').public_key(), "G", Role::writer);
  meet();
  EXPECT_TRUE(is_member('G'));
}

TEST_F(GroupMerge, LetsTwoAdminsTakeEachOthersRole) {
  a.group.admit(b.id_key(), "B", Role::reader);
  b.group.admit(a.id_key(), "A", Role::writer);
  meet();
  EXPECT_EQ(a.group.own_role(), Role::writer);
  EXPECT_EQ(b.group.own_role(), Role::reader);
}

TEST_F(GroupMerge, KeepsBothRecordsOfOneNumber) {
  a.group.merge({forged(b, admit('D'), 1), forged(b, admit('E'), 1)});
  EXPECT_TRUE(is_member('D'));
  EXPECT_TRUE(is_member('E'));
  b.hear(a);
  EXPECT_EQ(a.group.members(), b.group.members());
}

TEST_F(GroupMerge, IgnoresWhatAWriterAReaderOrAStrangerSigns) {
  GroupDevice r('R');
  r.pair_with(a, Role::reader);
  const GroupDigest before = a.group.digest();
  GroupDevice stranger('X');
  stranger.group.create("X");
  GroupRecord record;
  record.content = Revoke{a.id_key(), {}};
  record.group = a.group.id();
  const std::string strange = sign_record(record, stranger.key).encoded;
  a.group.merge({forged(c, admit('D'), 1), forged(c, Revoke{a.id_key(), {}}, 2),
                 forged(r, admit('R', Role::admin), 1), forged(c, admit('C', Role::admin), 3),
                 forged(c, NewGroupKey{9, {}}, 4), strange});
  EXPECT_EQ(a.group.digest(), before);
  EXPECT_FALSE(is_member('D'));
  EXPECT_TRUE(is_member('A'));
}

TEST_F(GroupMerge, RefusesAWholeBatchForOneBadRecord) {
  GroupDevice other('O');
  other.group.create("O");
  b.group.admit(device_key('D').public_key(), "D", Role::writer);
  const GroupDigest before = a.group.digest();
  std::vector<std::string> records = b.group.records();
  records.push_back(other.group.records().front());
  EXPECT_ERROR(a.group.merge(records), ErrorCode::not_a_member);
  records.back() = records.front();
  records.back().back() = static_cast<char>(records.back().back() ^ 1);
  EXPECT_ERROR(a.group.merge(records), ErrorCode::malformed);
  EXPECT_EQ(a.group.digest(), before);
  records.pop_back();
  a.group.merge(records);
  EXPECT_EQ(a.group.digest(), b.group.digest());
}

TEST_F(GroupMerge, RefusesRecordsWithoutAGroup) {
  GroupDevice x('X');
  EXPECT_ERROR(x.hear(a), ErrorCode::not_a_member);
  x.group.merge({});
  EXPECT_FALSE(x.group.exists());
}

TEST_F(GroupMerge, RefusesMoreRecordsThanAGroupMayHave) {
  EXPECT_ERROR(a.group.merge(std::vector<std::string>(kMaxGroupRecords + 1, "x")),
               ErrorCode::limit_exceeded);
  EXPECT_ERROR(a.group.merge({std::string(kMaxGroupBytes + 1, 'x')}), ErrorCode::limit_exceeded);
  // Together with what is there already.
  std::vector<std::string> many;
  many.reserve(32);
  std::vector<RecordName> seen;
  seen.reserve(1'000);
  for (int index = 0; index < 1'000; ++index) seen.push_back(sha256(std::to_string(index)));
  std::ranges::sort(seen);
  for (std::uint64_t sequence = 1; sequence <= 32; ++sequence) {
    many.push_back(forged(b, Revoke{device_key('X').public_key(), seen}, sequence));
  }
  a.group.merge(many);
  const GroupDigest before = a.group.digest();
  many.clear();
  many.push_back(forged(b, Revoke{device_key('X').public_key(), seen}, 33));
  EXPECT_ERROR(a.group.merge(many), ErrorCode::limit_exceeded);
  EXPECT_EQ(a.group.digest(), before);
}

TEST_F(GroupMerge, GivesRecordsInAnOrderInWhichEachPartStandsByItself) {
  GroupDevice d('D');
  d.pair_with(b, Role::admin);
  d.group.admit(device_key('E').public_key(), "E", Role::reader);
  c.group.leave();
  std::vector<std::string> records = d.group.records();
  c.group.join(std::vector<std::string>(records.begin(), records.begin() + 3));
  for (std::size_t index = 3; index < records.size(); ++index) c.group.merge({records[index]});
  EXPECT_EQ(c.group.digest(), d.group.digest());
}

}  // namespace
}  // namespace rill
