#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <random>
#include <set>

#include "support/disk_device.hpp"
#include "support/expect_error.hpp"
#include "unit/storage/workload.hpp"

namespace rill {
namespace {

using testing::Crash;
using testing::DiskCall;
using testing::DiskDevice;
using testing::DiskFailure;
using testing::DiskFault;
using testing::kAllCalls;
using testing::kAllocatingCalls;
using testing::kMutatingCalls;
using testing::scaled;
using testing::value_of;
using testing::Workload;

/// Every so many calls.
constexpr std::uint64_t kStride = 100 / testing::kEffortPercent;

std::uint64_t calls_of_workload(testing::DiskCalls calls) {
  Workload whole;
  whole.run();
  EXPECT_TRUE(whole.errors.empty()) << whole.errors.front().what();
  const std::uint64_t count = whole.a.disk.count(calls);
  whole.check();
  return count;
}

void expect_typed(const std::vector<Error>& errors, std::initializer_list<ErrorCode> allowed) {
  for (const Error& error : errors) {
    EXPECT_TRUE(std::find(allowed.begin(), allowed.end(), error.code()) != allowed.end())
        << to_string(error.code()) << ": " << error.what();
  }
}

void fail_each_call(DiskFault fault, std::initializer_list<ErrorCode> allowed) {
  const std::uint64_t calls = calls_of_workload(fault.calls);
  ASSERT_GE(calls, 10U);
  // From then on: the calls before a lasting fault are those of its neighbour.
  const std::uint64_t usual = fault.lasting ? 2 * kStride : kStride;
  const std::uint64_t stride = std::min(usual, calls / 10);  // of few calls, most
  std::size_t reported = 0;
  for (std::uint64_t call = 0; call < calls; call += stride) {
    SCOPED_TRACE("call " + std::to_string(call) + " of " + std::to_string(calls));
    Workload workload(call);
    fault.after = call;
    workload.a.disk.inject(fault);
    workload.run();
    EXPECT_GT(workload.a.disk.failures(), 0U);
    expect_typed(workload.errors, allowed);
    reported += workload.errors.size();
    workload.a.disk.lift();
    workload.check();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(reported, 0U);
}

TEST(DiskFault, InAnyCallOnceIsATypedErrorThatHarmsNothing) {
  fail_each_call({DiskFailure::io_error, kAllCalls}, {ErrorCode::io, ErrorCode::cannot_open});
}

TEST(DiskFault, InAllCallsFromAnyOnIsATypedErrorThatHarmsNothing) {
  fail_each_call({DiskFailure::io_error, kAllCalls, 0, true},
                 {ErrorCode::io, ErrorCode::cannot_open});
}

TEST(DiskFault, OfSpaceOnceIsATypedErrorThatHarmsNothing) {
  fail_each_call({DiskFailure::disk_full, kAllocatingCalls},
                 {ErrorCode::disk_full, ErrorCode::io, ErrorCode::cannot_open});
}

TEST(DiskFault, OfSpaceFromAnyCallOnIsATypedErrorThatHarmsNothing) {
  fail_each_call({DiskFailure::disk_full, kAllocatingCalls, 0, true},
                 {ErrorCode::disk_full, ErrorCode::io, ErrorCode::cannot_open});
}

TEST(DiskFault, InAnyReadOfACheckIsAnErrorAndNoFinding) {
  DiskDevice device;
  device.open();
  for (int row = 0; row < 100; ++row) {
    device.db->execute("INSERT INTO notes(id, title, body) VALUES(?, 't', ?)", row,
                       std::string(row % 10 == 0 ? 9'000 : 100, 'b'));
  }
  device.close();
  for (const bool lasting : {false, true}) {
    std::uint64_t failed = 0;
    bool met = true;
    for (std::uint64_t call = 0; met; call += kStride) {
      SCOPED_TRACE("read " + std::to_string(call) + (lasting ? " and all that follow" : ""));
      device.open();
      device.disk.inject({DiskFailure::io_error, DiskCall::read, call, lasting});
      try {
        EXPECT_THAT(device.db->check(), ::testing::IsEmpty());
      } catch (const Error& error) {
        ++failed;
        EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
      }
      met = device.disk.failures() > 0;
      device.disk.lift();
      EXPECT_THAT(device.db->check(), ::testing::IsEmpty());
      device.close();
      if (HasFailure()) return;
    }
    EXPECT_GT(failed, 30 / kStride);
  }
}

TEST(DiskFault, OfAnFsyncThatForgetsHarmsNothing) {
  fail_each_call({DiskFailure::forgetful_sync, DiskCall::sync},
                 {ErrorCode::io, ErrorCode::cannot_open});
}

TEST(DiskFault, OfSpaceAtAnyFillHarmsNothing) {
  Workload whole;
  whole.run();
  const std::uint64_t most = whole.a.disk.used() + 100'000;
  std::set<std::size_t> outcomes;
  for (std::uint64_t bytes = 0; bytes < most; bytes += 4'096 * kStride) {
    SCOPED_TRACE("capacity " + std::to_string(bytes));
    Workload workload(bytes);
    workload.a.disk.set_capacity(bytes);
    workload.run();
    outcomes.insert(workload.errors.size());
    expect_typed(workload.errors, {ErrorCode::disk_full, ErrorCode::cannot_open});
    workload.a.disk.lift();
    workload.check();
    if (HasFailure()) return;
  }
  EXPECT_GT(outcomes.size(), 2U);
}

// A COMMIT that failed may yet be found in the log after a crash: its dot must not name anything
// else.
TEST(DiskFault, FollowedByACrashNeverUsesADotTwice) {
  std::mt19937_64 random(5);
  unsigned failed = 0;
  for (unsigned seed = 0; seed < scaled(150); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Durability durability = seed % 2 == 0 ? Durability::full : Durability::normal;
    Workload workload(seed, durability);
    workload.a.open();
    const DiskCall call = random() % 2 == 0 ? DiskCall::sync : DiskCall::write;
    workload.a.disk.inject({DiskFailure::io_error, call,
                            random() % (call == DiskCall::sync ? 8 : 40), random() % 4 == 0});
    workload.a.disk.crash_after(random() % 120, random() % 2 == 0 ? Crash::kill : Crash::keep_some);
    workload.run();
    failed += workload.a.disk.failures() > 0 ? 1U : 0U;
    workload.a.disk.crash(seed % 3 == 0 ? Crash::lose_unsynced : Crash::kill);
    workload.a.restart();
    workload.check(true);
    if (HasFailure()) return;
  }
  EXPECT_GT(failed, scaled(150) / 3);
}

/// A device whose disk fails at the moment of choice.
class DiskFaultInATransaction : public ::testing::Test {
 public:
  DiskFaultInATransaction() {
    device.open();
    for (int row = 0; row < 200; ++row) {
      device.db->execute("INSERT INTO notes(id, body) VALUES(?, ?)", row, std::string(500, 'b'));
    }
  }

  /// A statement that fails to read, upon which SQLite rolls all of the transaction back.
  void fail_a_read() {
    sqlite3_db_release_memory(device.db->handle());
    device.disk.inject({DiskFailure::io_error, DiskCall::read});
    EXPECT_ERROR(device.db->execute("UPDATE notes SET views = views + 1"), ErrorCode::io);
  }

  std::int64_t count(const char* title) {
    return value_of(*device.db, "SELECT count(*) FROM notes WHERE title = ?", title).integer();
  }

  DiskDevice device;
};

TEST_F(DiskFaultInATransaction, EndsItEvenIfTheErrorIsCaught) {
  EXPECT_ERROR(device.db->transaction([&] {
    device.db->execute("INSERT INTO notes(id, title) VALUES('x', 'half')");
    fail_a_read();
    EXPECT_FALSE(device.disk.is_down());
    EXPECT_ERROR(device.db->execute("INSERT INTO notes(id, title) VALUES('y', 'half')"),
                 ErrorCode::io);
    EXPECT_ERROR(device.db->query("SELECT * FROM notes"), ErrorCode::io);
  }),
               ErrorCode::io);
  EXPECT_EQ(count("half"), 0);
  device.db->transaction(
      [&] { device.db->execute("INSERT INTO notes(id, title) VALUES('y', 'whole')"); });
  EXPECT_EQ(count("whole"), 1);
}

TEST_F(DiskFaultInATransaction, EndsANestedOneAndTheOuterOne) {
  EXPECT_ERROR(device.db->transaction([&] {
    device.db->execute("INSERT INTO notes(id, title) VALUES('x', 'half')");
    EXPECT_ERROR(device.db->transaction([&] { fail_a_read(); }), ErrorCode::io);
    EXPECT_ERROR(device.db->transaction([&] {
      device.db->execute("INSERT INTO notes(id, title) VALUES('y', 'half')");
    }),
                 ErrorCode::io);
  }),
               ErrorCode::io);
  EXPECT_EQ(count("half"), 0);
}

}  // namespace
}  // namespace rill
