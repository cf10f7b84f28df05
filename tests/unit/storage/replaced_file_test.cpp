#include <gtest/gtest.h>

#include <filesystem>

#include "support/disk_device.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::DiskDevice;
using testing::pull;
using testing::SimulatedDisk;
using testing::value_of;

void write(Database& db, const char* id) { db.execute("INSERT INTO notes(id) VALUES(?)", id); }

void expect_refused(Database& db, Database& peer) {
  EXPECT_ERROR(db.summary(), ErrorCode::file_replaced);
  EXPECT_ERROR(db.changes_since({}), ErrorCode::file_replaced);
  EXPECT_ERROR(db.receive(*peer.changes_since({})->next(100'000)), ErrorCode::file_replaced);
  EXPECT_ERROR(db.query("SELECT count(*) FROM notes"), ErrorCode::file_replaced);
  EXPECT_ERROR(db.vector(), ErrorCode::file_replaced);
}

/// A database whose file the operating system holds, and a peer.
class ReplacedFile : public ::testing::TestWithParam<bool> {
 public:
  ReplacedFile() {
    testing::migrate_notes(peer.db);
    write(peer.db, "of the peer");
    db = std::make_unique<Device>(path);
    testing::migrate_notes(db->db);
    write(db->db, "a");
    // Sync may have begun before the file goes, or not.
    if (GetParam()) static_cast<void>(db->db.summary());
  }

  testing::TemporaryFolder folder;
  std::filesystem::path path = folder / "a.db";
  Device peer{folder / "peer.db"};
  std::unique_ptr<Device> db;
};

TEST_P(ReplacedFile, ByAnotherIsNoticedAndNeitherIsHarmed) {
  {
    Device other{folder / "b.db"};
    testing::migrate_notes(other.db);
    write(other.db, "of the other");
  }
  for (const char* suffix : {"-wal", "-shm"}) {
    std::filesystem::remove(path.string() + suffix);
  }
  std::filesystem::rename(folder / "b.db", path);
  expect_refused(db->db, peer.db);
  db.reset();
  Device again{path};
  EXPECT_EQ(value_of(again.db, "SELECT group_concat(id) FROM notes"), Value("of the other"));
  EXPECT_EQ(value_of(again.db, "PRAGMA integrity_check"), Value("ok"));
  pull(peer.db, again.db);
}

TEST_P(ReplacedFile, ThatWasDeletedIsNoticed) {
  std::filesystem::remove(path);
  expect_refused(db->db, peer.db);
}

TEST_P(ReplacedFile, ThatWasMovedIsNoticedAndGoesOnAtItsNewPlace) {
  for (const char* suffix : {"", "-wal"}) {
    std::filesystem::rename(path.string() + suffix, (folder / "moved.db").string() + suffix);
  }
  expect_refused(db->db, peer.db);
  db.reset();
  Device again{folder / "moved.db"};
  EXPECT_EQ(value_of(again.db, "SELECT id FROM notes"), Value("a"));
}

INSTANTIATE_TEST_SUITE_P(BeforeSyncAndAfter, ReplacedFile, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "After" : "Before"; });

TEST(ReplacedFileOnASimulatedDisk, IsNoticedUntilItIsOpenedAgain) {
  DiskDevice device{1};
  DiskDevice peer{2};
  write(peer.open(), "of the peer");
  write(device.open(), "a");
  const SimulatedDisk::Copy copy = device.disk.copy(DiskDevice::kPath);
  write(device.open(), "b");
  device.disk.restore(DiskDevice::kPath, copy);
  expect_refused(*device.db, *peer.db);
  device.close();
  EXPECT_EQ(value_of(device.open(), "SELECT group_concat(id) FROM notes"), Value("a"));
  testing::exchange(*device.db, *peer.db);
  EXPECT_EQ(device.db->digest(), peer.db->digest());
}

}  // namespace
}  // namespace rill
