#include "gate.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/memory_device_store.hpp"

namespace rill {
namespace {

/// A device with its group.
struct Device {
  test::MemoryDeviceStore store;
  DeviceKey key = DeviceKey::generate();
  Group group{store, key};
};

/// Two gates, joined by a connection that both know as `channel`.
class GatePair {
 public:
  GatePair(const Device& dialer, const Device& acceptor, const std::string& channel = "channel",
           const std::string& other_channel = "channel")
      : left(dialer.group, {acceptor.key.public_key(), channel, 4711, true}),
        right(acceptor.group, {dialer.key.public_key(), other_channel, 4712, false}) {}

  void run() {
    for (int round = 0; round < 10; ++round) {
      const std::string there = left.take_output();
      const std::string back = right.take_output();
      std::string_view rest = there;
      right.receive(rest);
      rest = back;
      left.receive(rest);
      if (there.empty() && back.empty()) return;
    }
  }

  Gate left;
  Gate right;
};

class GateTest : public ::testing::Test {
 public:
  GateTest() {
    a.group.create("A");
    a.group.admit(b.key.public_key(), "B", Role::writer);
    b.group.join(a.group.records());
  }

  Device a;
  Device b;
  Device c;
};

TEST_F(GateTest, OpensForMembersOfOneGroupAndTellsWhereTheyListen) {
  GatePair gates(a, b);
  gates.run();
  ASSERT_TRUE(gates.left.open());
  ASSERT_TRUE(gates.right.open());
  EXPECT_EQ(gates.left.member()->name, "B");
  EXPECT_EQ(gates.right.member()->name, "A");
  EXPECT_EQ(gates.left.peer_port(), 4712);
  EXPECT_EQ(gates.right.peer_port(), 4711);
}

TEST_F(GateTest, LeavesTheBytesBehindItAlone) {
  GatePair gates(a, b);
  std::string late;
  while (!gates.right.open()) {
    std::string there = gates.left.take_output();
    const std::string back = gates.right.take_output();
    if (gates.left.member()) there += "HELLO";
    std::string_view rest = there;
    gates.right.receive(rest);
    late = rest;
    rest = back;
    gates.left.receive(rest);
  }
  EXPECT_EQ(late, "HELLO");
}

TEST_F(GateTest, OpensForADeviceThatAnotherMemberAdmittedMeanwhile) {
  a.group.admit(c.key.public_key(), "C", Role::reader);
  c.group.join(a.group.records());
  ASSERT_FALSE(b.group.find(c.key.id()).has_value());
  GatePair gates(c, b);
  gates.run();
  ASSERT_TRUE(gates.right.open());
  EXPECT_EQ(gates.right.member()->role, Role::reader);
}

TEST_F(GateTest, StaysClosedForAnotherGroup) {
  c.group.create("C");
  GatePair gates(c, b);
  gates.run();
  EXPECT_FALSE(gates.left.open());
  EXPECT_FALSE(gates.right.open());
  EXPECT_EQ(gates.right.error()->code(), ErrorCode::not_a_member);
}

TEST_F(GateTest, StaysClosedForARemovedDeviceAndTellsIt) {
  a.group.admit(c.key.public_key(), "C", Role::writer);
  c.group.join(a.group.records());
  a.group.revoke(c.key.id());
  GatePair gates(c, a);
  gates.run();
  EXPECT_FALSE(gates.left.open());
  EXPECT_FALSE(gates.right.open());
  ASSERT_TRUE(gates.left.error().has_value());
  EXPECT_EQ(gates.left.error()->code(), ErrorCode::revoked);
}

TEST_F(GateTest, StaysClosedForAnotherKeyThanTheOneAdmitted) {
  // Whoever copied a member's file, and not its key, proves the group and no membership.
  Device thief;
  thief.group.create("thief");
  Gate gate(b.group, {thief.key.public_key(), "channel", 0, false});
  Gate copied(a.group, {b.key.public_key(), "channel", 0, true});
  std::string bytes = copied.take_output();
  std::string_view rest = bytes;
  gate.receive(rest);
  bytes = gate.take_output();
  rest = bytes;
  copied.receive(rest);
  bytes = copied.take_output();
  rest = bytes;
  gate.receive(rest);
  EXPECT_FALSE(gate.open());
  EXPECT_EQ(gate.error()->code(), ErrorCode::not_a_member);
}

TEST_F(GateTest, ProofsOfAnotherConnectionAreWorthless) {
  GatePair gates(a, b, "channel one", "channel two");
  gates.run();
  EXPECT_EQ(gates.left.error()->code(), ErrorCode::not_a_member);
  EXPECT_EQ(gates.right.error()->code(), ErrorCode::not_a_member);
}

TEST_F(GateTest, ItsOwnProofSentBackIsWorthless) {
  Gate gate(a.group, {b.key.public_key(), "channel", 0, true});
  const std::string own = gate.take_output();
  std::string_view rest = own;
  gate.receive(rest);
  ASSERT_TRUE(gate.error().has_value());
  EXPECT_EQ(gate.error()->code(), ErrorCode::not_a_member);
}

TEST_F(GateTest, EveryByteCountsAndNoneCrashes) {
  Gate reference(a.group, {b.key.public_key(), "channel", 0, true});
  const std::string proof = reference.take_output();
  for (std::size_t index = 0; index < proof.size(); ++index) {
    std::string bent = proof;
    bent[index] = static_cast<char>(bent[index] ^ 1);
    Gate gate(b.group, {a.key.public_key(), "channel", 0, false});
    std::string_view rest = bent;
    gate.receive(rest);
    EXPECT_FALSE(gate.open());
  }
}

}  // namespace
}  // namespace rill
