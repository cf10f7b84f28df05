#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/disk_device.hpp"
#include "unit/storage/file_invariants.hpp"

// Who a file is after the power failed, or after an old copy of it was put back.

namespace rill {
namespace {

using testing::Crash;
using testing::DiskDevice;
using testing::exchange;
using ::testing::IsEmpty;
using testing::kPowerCuts;
using testing::scaled;

void add(Database& db, const std::string& id) {
  db.execute("INSERT INTO notes(id, title) VALUES(?, 'new')", id);
}

void meet(Database& left, Database& right) {
  left.check_history(right.summary());
  right.check_history(left.summary());
  exchange(left, right);
}

struct Two {
  explicit Two(std::uint64_t seed) : a(seed), b(seed + 1'000'000) {
    a.open();
    b.open();
  }

  void expect_agreement() {
    meet(*a.db, *b.db);
    EXPECT_EQ(a.db->digest(), b.db->digest());
    EXPECT_EQ(a.db->vector(), b.db->vector());
    EXPECT_THAT(testing::broken_invariants(DiskDevice::kPath, a.disk.vfs()), IsEmpty());
  }

  DiskDevice a;
  DiskDevice b;
};

TEST(IdentityPower, WhatIsWrittenAfterAPowerCutIsNeverTakenForWhatWasLost) {
  for (std::uint64_t seed = 0; seed < scaled(20); ++seed) {
    for (const Crash how : kPowerCuts) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Two two(seed);
      add(*two.a.db, "shown");
      meet(*two.a.db, *two.b.db);
      for (std::uint64_t lost = 0; lost < seed % 4; ++lost) {
        add(*two.a.db, "lost " + std::to_string(lost));
      }
      two.a.crash(how);
      two.a.open();
      add(*two.a.db, "after");
      two.expect_agreement();
      const auto notes = two.b.db->query("SELECT id FROM notes WHERE id IN ('shown', 'after')");
      EXPECT_EQ(notes.size(), 2U);
    }
  }
}

TEST(IdentityPower, AnOldDiskPutBackTakesANewIdAndGetsBackWhatItLost) {
  Two two(1);
  add(*two.a.db, "early");
  meet(*two.a.db, *two.b.db);
  const ReplicaId id = two.a.db->id();
  two.a.close();
  const auto backup = two.a.disk.copy(DiskDevice::kPath);
  two.a.open();
  add(*two.a.db, "late");
  meet(*two.a.db, *two.b.db);
  two.a.close();
  two.a.disk.restore(DiskDevice::kPath, backup);
  two.a.open();
  EXPECT_NE(two.a.db->id(), id);
  add(*two.a.db, "after");
  two.expect_agreement();
  EXPECT_EQ(two.a.db->query("SELECT id FROM notes").size(), 3U);
}

TEST(IdentityPower, ThePowerMayFailWhileANewIdIsTaken) {
  for (std::uint64_t call = 0; call < 12; ++call) {
    for (const Crash how : kPowerCuts) {
      SCOPED_TRACE("call " + std::to_string(call));
      Two two(call);
      add(*two.a.db, "early");
      two.a.close();
      const auto backup = two.a.disk.copy(DiskDevice::kPath);
      two.a.open();
      add(*two.a.db, "late");
      meet(*two.a.db, *two.b.db);
      const ReplicaId id = two.a.db->id();
      two.a.close();
      two.a.disk.restore(DiskDevice::kPath, backup);
      two.a.disk.crash_after(call, how);
      try {
        two.a.open();
        add(*two.a.db, "not sure to stay");
      } catch (const Error& error) {
        EXPECT_TRUE(two.a.disk.is_down()) << error.what();
      }
      if (!two.a.disk.is_down()) two.a.disk.crash(how);
      two.a.restart();
      two.a.open();
      EXPECT_NE(two.a.db->id(), id);
      add(*two.a.db, "after");
      two.expect_agreement();
    }
  }
}

}  // namespace
}  // namespace rill
