#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "support/database_fixture.hpp"
#include "support/disk_device.hpp"
#include "unit/storage/workload.hpp"

namespace rill {
namespace {

using testing::Crash;
using testing::DiskDevice;
using testing::kMutatingCalls;
using testing::kPowerCuts;
using testing::scaled;
using testing::value_of;
using testing::Workload;

/// Crashes a day's work in each call that changes the disk, and goes on afterwards.
void crash_in_each_call(const std::function<Crash(std::uint64_t)>& how, Durability durability) {
  Workload whole(0, durability);
  whole.run();
  const std::uint64_t calls = whole.a.disk.count(kMutatingCalls);
  ASSERT_GT(calls, 100U);
  for (std::uint64_t call = 0; call < calls; call += 100 / testing::kEffortPercent) {
    const Crash crash = how(call);
    SCOPED_TRACE("call " + std::to_string(call) + ", crash " +
                 std::to_string(static_cast<int>(crash)));
    Workload workload(call, durability);
    workload.a.disk.crash_after(call, crash);
    workload.run();
    ASSERT_TRUE(workload.a.disk.is_down());
    workload.a.restart();
    workload.check(crash != Crash::kill && durability == Durability::normal);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Crash, InAnyMutatingCallLosesNoCommit) {
  crash_in_each_call([](std::uint64_t /*call*/) { return Crash::kill; }, Durability::normal);
}

TEST(Crash, OfThePowerInAnyMutatingCallLosesNothingThatWasShown) {
  crash_in_each_call([](std::uint64_t call) { return kPowerCuts[call % 3]; }, Durability::normal);
}

TEST(Crash, OfThePowerInAnyMutatingCallLosesNoCommitUnderFull) {
  crash_in_each_call([](std::uint64_t call) { return kPowerCuts[(call + 1) % 3]; },
                     Durability::full);
}

/// Sends what `to` lacks in small chunks, as a session would begin or go on, until either ends.
void send_in_chunks(Database& from, Database& to) {
  std::optional<InboxSummary> held;
  for (const InboxSummary& inbox : to.summary().inboxes) {
    if (inbox.opening == from.summary().opening) held = inbox;
  }
  const auto changes = from.changes_since(to.vector(), kMainSpace, held);
  while (const auto chunk = changes->next(500)) to.receive(*chunk);
}

/// Kills the receiver's process in the mutating call after the next `calls`, unless it comes
/// through before, and starts the device again. Returns whether it was killed.
bool kill_while_receiving(Database& from, DiskDevice& to, std::uint64_t calls) {
  to.open();
  to.disk.crash_after(calls, Crash::kill);
  bool killed = false;
  try {
    send_in_chunks(from, *to.db);
  } catch (const Error&) {
    killed = true;
    EXPECT_TRUE(to.disk.is_down());
  }
  to.restart();
  return killed;
}

TEST(Crash, InAnyMutatingCallOfATransferLeavesAllOrNothingAndItGoesOn) {
  constexpr std::int64_t kNotes = 20;
  DiskDevice from(1);
  for (std::int64_t note = 0; note < kNotes; ++note) {
    from.open().execute("INSERT INTO notes(id, body) VALUES(?, ?)", from.db->new_id(),
                        std::string(200, 'x'));
  }
  bool cut = true;
  for (std::uint64_t call = 0; cut; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    DiskDevice to(2);
    cut = kill_while_receiving(*from.db, to, call);
    const std::int64_t count = value_of(to.open(), "SELECT count(*) FROM notes").integer();
    ASSERT_TRUE(count == 0 || count == kNotes) << count;
    send_in_chunks(*from.db, *to.db);
    ASSERT_EQ(to.db->digest(), from.db->digest());
    ASSERT_TRUE(to.db->summary().inboxes.empty());
  }
}

TEST(Crash, OfAProcessThatHadReceivedIsNoReasonToTellWhatThePowerMayUndo) {
  DiskDevice from(1);
  from.open().execute("INSERT INTO notes(id) VALUES('note')");
  bool cut = true;
  for (std::uint64_t call = 0; cut; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    DiskDevice to(2);
    cut = kill_while_receiving(*from.db, to, call);
    const VersionVector told = to.open().summary().vector;
    to.crash(Crash::lose_unsynced);
    ASSERT_TRUE(told <= to.open().vector()) << told.to_string();
  }
}

TEST(Crash, AfterAnotherProcessReceivedFindsWhatThisOneTold) {
  DiskDevice from(1);
  from.open().execute("INSERT INTO notes(id) VALUES('note')");
  DiskDevice to(2);
  static_cast<void>(to.open().summary());
  auto other = std::make_unique<Database>(DiskDevice::kPath, to.options);
  testing::migrate_notes(*other);
  static_cast<void>(other->summary());
  // It is in the log when the fsync fails, and the other process has not tried again.
  to.disk.inject({testing::DiskFailure::io_error, testing::DiskCall::sync, 0, false});
  EXPECT_THROW(send_in_chunks(*from.db, *other), Error);
  const VersionVector told = to.db->summary().vector;
  EXPECT_EQ(told, from.db->vector());
  to.disk.crash(Crash::lose_unsynced);
  other.reset();
  to.restart();
  EXPECT_TRUE(told <= to.open().vector());
}

TEST(Crash, AgainAndAgainLosesNothingThatWasShown) {
  // Each day ends in a crash at some later call than the one before; the file lives on.
  for (unsigned seed = 0; seed < scaled(12); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Workload workload(seed);
    workload.b.open();
    for (unsigned day = 0; day < 8; ++day) {
      workload.a.disk.crash_after(9 + 13 * day + seed, kPowerCuts[(seed + day) % 3]);
      workload.live(static_cast<int>(day));
      workload.a.restart();
    }
    workload.check(true);
  }
}

}  // namespace
}  // namespace rill
