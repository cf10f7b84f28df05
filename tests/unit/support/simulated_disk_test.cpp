#include "support/simulated_disk.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rill {
namespace {

using testing::Crash;
using testing::DiskCall;
using testing::DiskFailure;
using testing::DiskFault;
using testing::kAllCalls;
using testing::kMutatingCalls;
using testing::kPowerCuts;
using testing::SimulatedDisk;

constexpr const char* kPath = "/a.db";

/// A bare SQLite connection in WAL mode.
class Connection {
 public:
  explicit Connection(const SimulatedDisk& disk, const char* path = kPath) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
    sqlite3* db = nullptr;
    opened = sqlite3_open_v2(path, &db, flags, disk.vfs().c_str());
    db_.reset(db);
    run("PRAGMA journal_mode = WAL");
  }

  /// Returns SQLite's result code.
  int run(const std::string& sql) {
    return sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  }

  /// The first column of all rows, joined by commas; what went wrong, if something did.
  std::string query(const std::string& sql) {
    std::string text;
    const auto add = [](void* result, int /*columns*/, char** values, char** /*names*/) {
      auto& line = *static_cast<std::string*>(result);
      if (!line.empty()) line += ",";
      line += values[0] != nullptr ? values[0] : "NULL";
      return 0;
    };
    const int result_code = sqlite3_exec(db_.get(), sql.c_str(), add, &text, nullptr);
    return result_code == SQLITE_OK ? text : std::string(sqlite3_errstr(result_code));
  }

  std::string journal() { return query("PRAGMA journal_mode"); }

  int opened = SQLITE_OK;

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

std::string insert(int number) { return "INSERT INTO t VALUES(" + std::to_string(number) + ")"; }

/// Numbers 1 to 20, one transaction each, of which the first `durable` are followed by a sync.
void write_numbers(Connection& connection, const char* synchronous, int checkpoint_after = 0) {
  ASSERT_EQ(connection.run("CREATE TABLE IF NOT EXISTS t(n)"), SQLITE_OK);
  connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
  connection.run(std::string("PRAGMA synchronous = ") + synchronous);
  for (int number = 1; number <= 20; ++number) {
    ASSERT_EQ(connection.run(insert(number)), SQLITE_OK);
    if (number == checkpoint_after) connection.run("PRAGMA wal_checkpoint(FULL)");
  }
}

std::string numbers_to(int last) {
  std::string text;
  for (int number = 1; number <= last; ++number) {
    text += (number > 1 ? "," : "") + std::to_string(number);
  }
  return text;
}

TEST(SimulatedDisk, IsADiskLikeAnyOtherToSqlite) {
  SimulatedDisk disk;
  {
    Connection writer(disk);
    EXPECT_EQ(writer.journal(), "wal");
    write_numbers(writer, "NORMAL");
    Connection reader(disk);
    EXPECT_EQ(reader.query("SELECT n FROM t"), numbers_to(20));
    EXPECT_TRUE(disk.contains("/a.db-wal"));
  }
  EXPECT_EQ(disk.files(), std::vector<std::string>{kPath});
  EXPECT_EQ(Connection(disk).query("PRAGMA integrity_check"), "ok");
}

TEST(SimulatedDisk, CarriesARollbackJournalToo) {
  SimulatedDisk disk;
  {
    Connection writer(disk);
    EXPECT_EQ(writer.query("PRAGMA journal_mode = DELETE"), "delete");
    write_numbers(writer, "FULL");
    Connection other(disk);
    other.run("PRAGMA journal_mode = DELETE");
    EXPECT_EQ(other.query("SELECT count(*) FROM t"), "20");
    writer.run("BEGIN IMMEDIATE; " + insert(21));
    EXPECT_EQ(other.run(insert(22)), SQLITE_BUSY);
    disk.crash(Crash::keep_some);
  }
  disk.start();
  Connection after(disk);
  EXPECT_EQ(after.query("SELECT n FROM t"), numbers_to(20));
  EXPECT_EQ(after.query("PRAGMA integrity_check"), "ok");
}

TEST(SimulatedDisk, LocksOneWriterAtATime) {
  SimulatedDisk disk;
  Connection first(disk);
  Connection second(disk);
  write_numbers(first, "NORMAL");
  first.run("BEGIN IMMEDIATE; " + insert(21));
  EXPECT_EQ(second.run("BEGIN IMMEDIATE"), SQLITE_BUSY);
  EXPECT_EQ(second.query("SELECT max(n) FROM t"), "20");
  EXPECT_EQ(first.run("COMMIT"), SQLITE_OK);
  EXPECT_EQ(second.run("BEGIN IMMEDIATE"), SQLITE_OK);
}

TEST(SimulatedDisk, LosesExactlyTheUnsyncedTransactionsUnderNormal) {
  for (const Crash how : kPowerCuts) {
    for (unsigned seed = 0; seed < 40; ++seed) {
      SimulatedDisk disk(seed);
      const int synced = static_cast<int>(seed % 20) + 1;
      {
        Connection writer(disk);
        write_numbers(writer, "NORMAL", synced);
        disk.crash(how);
      }
      disk.start();
      Connection after(disk);
      const std::string left = after.query("SELECT n FROM t");
      const std::string count = after.query("SELECT count(*) FROM t");
      if (how == Crash::lose_unsynced) {
        EXPECT_EQ(left, numbers_to(synced)) << seed;
      } else {
        EXPECT_GE(std::stoi(count), synced) << seed;
        EXPECT_EQ(left, numbers_to(std::stoi(count))) << "not the first ones, seed " << seed;
      }
      EXPECT_EQ(after.query("PRAGMA integrity_check"), "ok") << seed;
    }
  }
}

TEST(SimulatedDisk, LosesNothingUnderFull) {
  for (const Crash how : kPowerCuts) {
    for (unsigned seed = 0; seed < 20; ++seed) {
      SimulatedDisk disk(seed);
      {
        Connection writer(disk);
        write_numbers(writer, "FULL");
        disk.crash(how);
      }
      disk.start();
      EXPECT_EQ(Connection(disk).query("SELECT n FROM t"), numbers_to(20)) << seed;
    }
  }
}

TEST(SimulatedDisk, KeepsWhatAKilledProcessWrote) {
  SimulatedDisk disk;
  {
    Connection writer(disk);
    write_numbers(writer, "NORMAL");
    writer.run("BEGIN; " + insert(21));
    disk.crash(Crash::kill);
  }
  disk.start();
  Connection after(disk);
  EXPECT_EQ(after.query("SELECT n FROM t"), numbers_to(20));
  EXPECT_EQ(after.run("BEGIN IMMEDIATE"), SQLITE_OK) << "the killed writer's lock stands";
}

TEST(SimulatedDisk, FailsOldConnectionsAfterACrashUntilTheyAreClosed) {
  SimulatedDisk disk;
  auto old = std::make_unique<Connection>(disk);
  write_numbers(*old, "NORMAL");
  disk.crash(Crash::kill);
  EXPECT_TRUE(disk.is_down());
  EXPECT_NE(old->run(insert(21)), SQLITE_OK);
  EXPECT_NE(Connection(disk).opened, SQLITE_OK) << "opened while the disk was down";
  disk.start();
  Connection fresh(disk);
  EXPECT_EQ(fresh.run(insert(22)), SQLITE_OK);
  EXPECT_NE(old->run(insert(23)), SQLITE_OK);
  EXPECT_NE(old->query("SELECT count(*) FROM t"), "21");
  old.reset();
  EXPECT_EQ(fresh.query("SELECT max(n) FROM t"), "22");
}

TEST(SimulatedDisk, SurvivesACrashInEveryMutatingCall) {
  const auto work = [](SimulatedDisk& disk) {
    Connection writer(disk);
    writer.run("CREATE TABLE t(n)");
    for (int number = 1; number <= 5; ++number) writer.run(insert(number));
    writer.run("PRAGMA wal_checkpoint(RESTART)");
    for (int number = 6; number <= 9; ++number) writer.run(insert(number));
  };
  SimulatedDisk whole;
  work(whole);
  const std::uint64_t calls = whole.count(kMutatingCalls);
  ASSERT_GT(calls, 30U);
  for (std::uint64_t call = 0; call < calls; ++call) {
    for (const Crash how :
         {Crash::kill, Crash::lose_unsynced, Crash::keep_some, Crash::keep_beginning}) {
      SimulatedDisk disk(call);
      disk.crash_after(call, how);
      work(disk);
      ASSERT_TRUE(disk.is_down());
      disk.start();
      Connection after(disk);
      EXPECT_EQ(after.query("PRAGMA integrity_check"), "ok") << "call " << call;
      if (after.query("SELECT count(*) FROM sqlite_schema") == "0") continue;
      const int count = std::stoi(after.query("SELECT count(*) FROM t"));
      EXPECT_EQ(after.query("SELECT n FROM t"), numbers_to(count));
    }
  }
}

TEST(SimulatedDisk, FailsTheCallsItIsTold) {
  SimulatedDisk disk;
  Connection writer(disk);
  write_numbers(writer, "FULL");
  disk.inject({DiskFailure::io_error, DiskCall::write});
  EXPECT_EQ(writer.run(insert(21)), SQLITE_IOERR_WRITE);
  EXPECT_EQ(disk.failures(), 1U);
  EXPECT_EQ(writer.run(insert(21)), SQLITE_OK);
  disk.inject({DiskFailure::io_error, DiskCall::sync, 1, true});
  EXPECT_EQ(writer.run(insert(22)), SQLITE_OK);
  EXPECT_EQ(writer.run(insert(23)), SQLITE_IOERR_FSYNC);
  EXPECT_EQ(writer.run(insert(23)), SQLITE_IOERR_FSYNC);
  disk.inject({DiskFailure::disk_full, kAllCalls});
  EXPECT_EQ(writer.run(insert(23)), SQLITE_FULL);
  disk.lift();
  EXPECT_EQ(writer.query("SELECT n FROM t"), numbers_to(22));
  EXPECT_EQ(writer.query("PRAGMA integrity_check"), "ok");
}

TEST(SimulatedDisk, GivesShortReads) {
  SimulatedDisk disk;
  {
    write_numbers(*std::make_unique<Connection>(disk), "FULL");
  }
  disk.inject({DiskFailure::short_read, DiskCall::read, 0, true});
  EXPECT_NE(Connection(disk).query("SELECT n FROM t"), numbers_to(20));
  disk.lift();
  EXPECT_EQ(Connection(disk).query("SELECT n FROM t"), numbers_to(20));
}

TEST(SimulatedDisk, ForgetsWhatAFailedSyncDidNotWrite) {
  SimulatedDisk disk;
  {
    Connection writer(disk);
    write_numbers(writer, "NORMAL");
    disk.inject({DiskFailure::forgetful_sync, DiskCall::sync});
    writer.run("PRAGMA synchronous = FULL");
    EXPECT_EQ(writer.run(insert(21)), SQLITE_IOERR_FSYNC);
    EXPECT_EQ(writer.run(insert(21)), SQLITE_OK);
    EXPECT_EQ(writer.query("SELECT n FROM t"), numbers_to(21));
    disk.crash(Crash::lose_unsynced);
  }
  disk.start();
  EXPECT_EQ(Connection(disk).query("SELECT count(*) FROM t"), "0");
}

TEST(SimulatedDisk, IsFullAtItsCapacity) {
  SimulatedDisk disk;
  Connection writer(disk);
  write_numbers(writer, "NORMAL");
  disk.set_capacity(disk.used() + 20'000);
  const std::string big = "INSERT INTO t VALUES(zeroblob(3000))";
  int written = 0;
  while (writer.run(big) == SQLITE_OK) ++written;
  EXPECT_GT(written, 0);
  EXPECT_LT(written, 7);
  EXPECT_EQ(writer.run(big), SQLITE_FULL);
  EXPECT_LE(disk.used(), 20'000U + disk.read(kPath).size() + disk.read("/a.db-wal").size());
  disk.lift();
  EXPECT_EQ(writer.run(big), SQLITE_OK);
  EXPECT_EQ(writer.query("SELECT count(*) FROM t"), std::to_string(20 + written + 1));
}

TEST(SimulatedDisk, PutsAnOldCopyBack) {
  SimulatedDisk disk;
  SimulatedDisk::Copy copy;
  {
    Connection writer(disk);
    write_numbers(writer, "NORMAL");
    copy = disk.copy(kPath);
    EXPECT_TRUE(copy.contains("-wal"));
    writer.run("DELETE FROM t WHERE n > 5");
  }
  disk.restore(kPath, copy);
  EXPECT_EQ(Connection(disk).query("SELECT n FROM t"), numbers_to(20));
  disk.restore("/b.db", copy);
  EXPECT_EQ(Connection(disk, "/b.db").query("SELECT n FROM t"), numbers_to(20));
}

TEST(SimulatedDisk, TellsWhatACrashWouldLeaveAndGoesOn) {
  SimulatedDisk disk;
  Connection connection(disk);
  connection.run("CREATE TABLE t(n)");
  connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
  connection.run("PRAGMA synchronous = NORMAL");
  connection.run(insert(1));
  for (const auto& [how, rows] : {std::pair{Crash::kill, "1"}, {Crash::lose_unsynced, ""}}) {
    SimulatedDisk other;
    other.restore(kPath, disk.left_by(kPath, how, 7));
    EXPECT_EQ(Connection(other).query("SELECT n FROM t"), rows);
  }
  EXPECT_EQ(connection.query("SELECT n FROM t"), "1");
  EXPECT_FALSE(disk.is_down());
}

TEST(SimulatedDisk, LosesWhatADriveLiedAbout) {
  SimulatedDisk disk;
  {
    Connection connection(disk);
    connection.run("PRAGMA synchronous = FULL");
    connection.run("CREATE TABLE t(n)");
    disk.lie(true);
    EXPECT_EQ(connection.run(insert(1)), SQLITE_OK);
    disk.crash(Crash::lose_unsynced);
  }
  disk.start();
  EXPECT_EQ(Connection(disk).query("SELECT count(*) FROM t"), "0");
}

TEST(SimulatedDisk, LetsAWatcherLookBeforeEachChange) {
  SimulatedDisk disk;
  Connection connection(disk);
  std::uint64_t looked = 0;
  const std::uint64_t before = disk.count(kMutatingCalls);
  disk.observe([&] {
    ++looked;
    EXPECT_GE(disk.used(), 0U) << "the disk can be asked";
  });
  connection.run("CREATE TABLE t(n)");
  disk.observe({});
  EXPECT_EQ(looked, disk.count(kMutatingCalls) - before);
  EXPECT_GT(looked, 0U);
}

TEST(SimulatedDisk, LetsAReplacedFileLiveForThoseWhoHaveItOpen) {
  SimulatedDisk disk;
  Connection writer(disk);
  write_numbers(writer, "NORMAL");
  writer.run("PRAGMA wal_checkpoint(TRUNCATE)");
  disk.put("/b.db", disk.read(kPath));
  disk.remove(kPath);
  EXPECT_EQ(writer.query("SELECT n FROM t"), numbers_to(20));
  EXPECT_EQ(Connection(disk, "/b.db").query("SELECT n FROM t"), numbers_to(20));
}

TEST(SimulatedDisk, FlipsBits) {
  SimulatedDisk disk;
  disk.put("/f", "abc");
  disk.flip("/f", 1, 0x03);
  EXPECT_EQ(disk.read("/f"), "aac");
}

TEST(SimulatedDisk, MeetsTheSameFateWithTheSameSeed) {
  const auto run = [](unsigned seed) {
    SimulatedDisk disk(seed);
    for (unsigned round = 0; round < 5; ++round) {
      disk.crash_after(20 + 7 * round, Crash::keep_some);
      {
        Connection writer(disk);
        writer.run("PRAGMA synchronous = NORMAL; CREATE TABLE IF NOT EXISTS t(n)");
        for (int number = 1; number <= 20; ++number) writer.run(insert(number));
      }
      disk.start();
    }
    return std::pair(disk.trace(), Connection(disk).query("SELECT n FROM t"));
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3).first, run(4).first);
}

TEST(SimulatedDisk, DisksOfOneProcessAreStrangers) {
  SimulatedDisk one;
  SimulatedDisk other;
  Connection writer(one);
  write_numbers(writer, "NORMAL");
  EXPECT_TRUE(other.files().empty());
  other.crash(Crash::kill);
  EXPECT_EQ(writer.run(insert(21)), SQLITE_OK);
}

TEST(SimulatedDisk, IsUnknownToSqliteOnceItIsGone) {
  std::string name;
  {
    SimulatedDisk disk;
    name = disk.vfs();
    EXPECT_NE(sqlite3_vfs_find(name.c_str()), nullptr);
  }
  EXPECT_EQ(sqlite3_vfs_find(name.c_str()), nullptr);
}

}  // namespace
}  // namespace rill
