#include "identity.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"
#include "support/pasts.hpp"

namespace rill {
namespace {

namespace fs = std::filesystem;
using testing::Device;
using testing::exchange;
using testing::migrate_notes;
using testing::pull;
using testing::settle_pasts;
using testing::TemporaryFolder;
using testing::value_of;

/// A device that is closed and opened again, as an app is.
class IdentityTest : public ::testing::Test {
 protected:
  Device& open(const std::string& name = "a.db") {
    device_.reset();
    device_.emplace(folder_ / name);
    migrate_notes(device_->db);
    return *device_;
  }
  void close() { device_.reset(); }

  /// Keeps a copy of the closed file.
  void back_up() {
    close();
    fs::copy_file(folder_ / "a.db", folder_ / "backup", fs::copy_options::overwrite_existing);
  }
  /// Writes the copy over the closed file: into the same inode, as `cp` does.
  void put_back() {
    close();
    fs::copy_file(folder_ / "backup", folder_ / "a.db", fs::copy_options::overwrite_existing);
  }

  static void add(Database& db, const std::string& id) {
    db.execute("INSERT INTO notes(id, title) VALUES(?, ?)", id, "title of " + id);
  }
  static std::int64_t epochs_in(Database& db) {
    return value_of(db, "SELECT count(*) FROM rill_epoch").integer();
  }

  TemporaryFolder folder_;
  std::optional<Device> device_;
};

TEST_F(IdentityTest, FileThatIsClosedAndOpenedKeepsItsId) {
  Device& first = open();
  add(first.db, "1");
  static_cast<void>(first.db.summary());
  const ReplicaId id = first.db.id();
  for (int again = 0; again < 3; ++again) {
    EXPECT_EQ(open().db.id(), id);
    add(device_->db, "again " + std::to_string(again));
  }
  EXPECT_EQ(open().db.id(), id);
  EXPECT_EQ(device_->db.vector()[id], 4U);
}

TEST_F(IdentityTest, CopyInAnotherPlaceTakesANewIdAndKeepsItsRows) {
  add(open().db, "1");
  const ReplicaId id = device_->db.id();
  close();
  fs::copy_file(folder_ / "a.db", folder_ / "copy.db");
  Database& copy = open("copy.db").db;
  EXPECT_NE(copy.id(), id);
  EXPECT_EQ(copy.vector()[id], 1U);
  add(copy, "2");
  EXPECT_EQ(copy.vector()[copy.id()], 1U);

  Device original(folder_ / "a.db");
  EXPECT_EQ(original.db.id(), id);
  original.db.check_history(copy.summary());
  copy.check_history(original.db.summary());
  exchange(original.db, copy);
  EXPECT_EQ(original.db.digest(), copy.digest());
  EXPECT_EQ(original.db.id(), id);
}

TEST_F(IdentityTest, FileWithoutAWitnessTakesANewIdOnce) {
  add(open().db, "1");
  const ReplicaId id = device_->db.id();
  close();
  fs::remove_all(folder_ / "witness");
  const ReplicaId renewed = open().db.id();
  EXPECT_NE(renewed, id);
  EXPECT_EQ(open().db.id(), renewed);
}

TEST_F(IdentityTest, BackupPutBackTakesANewIdAndGetsBackWhatItLost) {
  add(open().db, "1");
  const ReplicaId id = device_->db.id();
  back_up();
  add(open().db, "2");
  Device peer(folder_ / "peer.db");
  migrate_notes(peer.db);
  exchange(device_->db, peer.db);
  put_back();

  Database& restored = open().db;
  EXPECT_NE(restored.id(), id);
  EXPECT_EQ(restored.query("SELECT id FROM notes").size(), 1U);
  add(restored, "3");
  restored.check_history(peer.db.summary());
  exchange(restored, peer.db);
  EXPECT_EQ(restored.query("SELECT id FROM notes").size(), 3U);
  EXPECT_EQ(restored.digest(), peer.db.digest());
}

TEST_F(IdentityTest, BackupOfTheSameOpeningTakesANewIdOnceMoreWasShown) {
  add(open().db, "1");
  const ReplicaId id = device_->db.id();
  device_->db.query("PRAGMA wal_checkpoint(TRUNCATE)");
  fs::copy_file(folder_ / "a.db", folder_ / "backup");
  add(device_->db, "2");
  static_cast<void>(device_->db.summary());
  put_back();
  EXPECT_NE(open().db.id(), id);
}

TEST_F(IdentityTest, CopyThatTakesItsPlaceTakesANewId) {
  add(open().db, "1");
  const ReplicaId id = device_->db.id();
  back_up();
  fs::rename(folder_ / "backup", folder_ / "a.db");
  EXPECT_NE(open().db.id(), id);
}

TEST_F(IdentityTest, BackupOfWhatNeverLeftTheFileMayGoOnUnderItsId) {
  // Nothing of the second opening was seen by anybody, but the file cannot prove that.
  add(open().db, "1");
  back_up();
  put_back();
  const ReplicaId id = open().db.id();
  add(device_->db, "2");
  EXPECT_EQ(open().db.id(), id);
}

/// The worst case: file and witness are put back together, as by restoring a whole machine.
class UnwitnessedRestoreTest : public IdentityTest {
 protected:
  UnwitnessedRestoreTest() : peer_(folder_ / "peer.db") { migrate_notes(peer_.db); }

  void back_up_all() {
    back_up();
    fs::copy(folder_ / "witness", folder_ / "witness backup", fs::copy_options::recursive);
  }
  void put_back_all() {
    put_back();
    fs::copy(folder_ / "witness backup", folder_ / "witness",
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  /// The device as it was with note 1, while the peer has note 2 of it as well.
  Database& open_restored() {
    add(open().db, "1");
    id_ = device_->db.id();
    back_up_all();
    add(open().db, "2");
    exchange(device_->db, peer_.db);
    put_back_all();
    Database& restored = open().db;
    EXPECT_EQ(restored.id(), id_);
    return restored;
  }

  ReplicaId id_;
  Device peer_;
};

TEST_F(UnwitnessedRestoreTest, ForgottenEventsMakeItTakeANewIdWhenAPeerKnowsThem) {
  Database& restored = open_restored();
  bool told = false;
  const Subscription events = restored.on_event(
      [&](const DatabaseEvent& event) { told |= event.kind == DatabaseEvent::Kind::new_replica; });
  restored.check_history(peer_.db.summary());
  EXPECT_NE(restored.id(), id_);
  add(restored, "3");
  exchange(restored, peer_.db);
  EXPECT_EQ(restored.digest(), peer_.db.digest());
  EXPECT_EQ(restored.query("SELECT id FROM notes").size(), 3U);
}

TEST_F(UnwitnessedRestoreTest, ForgottenEventsMayComeInADelta) {
  Database& restored = open_restored();
  pull(restored, peer_.db);
  EXPECT_NE(restored.id(), id_);
  EXPECT_EQ(restored.digest(), peer_.db.digest());
  add(restored, "3");
  pull(peer_.db, restored);
  EXPECT_EQ(restored.digest(), peer_.db.digest());
}

TEST_F(UnwitnessedRestoreTest, DotsUsedTwiceAreToldApartAndNothingIsLost) {
  Database& restored = open_restored();
  add(restored, "other");
  EXPECT_EQ(restored.check_history(peer_.db.summary()), id_);
  EXPECT_EQ(peer_.db.check_history(restored.summary()), id_);
  settle_pasts(restored, peer_.db);
  EXPECT_NE(restored.id(), id_);
  exchange(restored, peer_.db);
  EXPECT_EQ(restored.digest(), peer_.db.digest());
  EXPECT_EQ(restored.query("SELECT id FROM notes").size(), 3U);
}

TEST_F(UnwitnessedRestoreTest, ForkThatArrivesThroughAThirdDeviceIsRefusedAsADelta) {
  add(open().db, "1");
  Device third(folder_ / "third.db");
  migrate_notes(third.db);
  exchange(device_->db, peer_.db);
  exchange(device_->db, third.db);
  back_up_all();
  add(open().db, "2");
  exchange(device_->db, peer_.db);
  put_back_all();
  add(open().db, "other");
  add(device_->db, "more");
  exchange(device_->db, third.db);
  const std::string theirs = peer_.db.digest();
  EXPECT_ERROR(pull(peer_.db, third.db), ErrorCode::renamed);
  EXPECT_EQ(peer_.db.digest(), theirs);
  settle_pasts(peer_.db, third.db);
  exchange(peer_.db, third.db);
  EXPECT_EQ(peer_.db.digest(), third.db.digest());
}

TEST_F(IdentityTest, OnlyOpeningsThatWriteStartAnEpoch) {
  Database& db = open().db;
  EXPECT_EQ(epochs_in(db), 0);
  EXPECT_THROW(db.transaction([&] {
    add(db, "1");
    throw Error(ErrorCode::invalid_argument, "changed my mind");
  }),
               Error);
  EXPECT_EQ(epochs_in(db), 0);
  add(db, "1");
  add(db, "2");
  EXPECT_EQ(epochs_in(db), 1);
  EXPECT_EQ(epochs_in(open().db), 1);
  add(device_->db, "3");
  EXPECT_EQ(epochs_in(device_->db), 2);
}

TEST_F(IdentityTest, EpochsTravelWithTheEventsAndBeyond) {
  add(open().db, "1");
  add(open().db, "2");
  Device second(folder_ / "second.db");
  Device third(folder_ / "third.db");
  migrate_notes(second.db);
  migrate_notes(third.db);
  pull(second.db, device_->db);
  pull(third.db, second.db);
  EXPECT_EQ(third.db.summary().epochs, device_->db.summary().epochs);
  EXPECT_EQ(epochs_in(third.db), 2);
}

TEST_F(IdentityTest, WhatCannotBeToldFromAnUntouchedCopyTakesANewId) {
  Device& one = open();
  add(one.db, "1");
  const ReplicaId id = one.db.id();
  EXPECT_ERROR(one.db.check_history(one.db.summary()), ErrorCode::forked);
  EXPECT_EQ(one.db.id(), id);
  Device other(folder_ / "a.db");
  one.db.check_history(other.db.summary());
  EXPECT_NE(one.db.id(), id);
  add(other.db, "2");
  add(one.db, "3");
  EXPECT_EQ(one.db.vector()[id], 1U);
  EXPECT_EQ(one.db.vector()[one.db.id()], 2U);
}

TEST_F(IdentityTest, SeveralOpeningsOfOneFileDoNotDisturbItsIdentity) {
  Device& one = open();
  const ReplicaId id = one.db.id();
  {
    Device other(folder_ / "a.db");
    for (int round = 0; round < 5; ++round) {
      add(one.db, "one " + std::to_string(round));
      add(other.db, "other " + std::to_string(round));
      static_cast<void>(one.db.summary());
      static_cast<void>(other.db.summary());
      EXPECT_EQ(Device(folder_ / "a.db").db.id(), id);
    }
  }
  EXPECT_EQ(open().db.id(), id);
  EXPECT_EQ(device_->db.vector()[id], 10U);
}

TEST_F(IdentityTest, WitnessThatCannotBeWrittenCostsAnIdAndNothingElse) {
  class Broken final : public WitnessStore {
   public:
    std::string read(const fs::path& /*path*/) override { return {}; }
    bool write(const fs::path& /*path*/, std::string_view /*record*/) override { return false; }
  };
  DatabaseOptions options;
  options.witness = std::make_shared<Broken>();
  ReplicaId before;
  {
    Database db(folder_ / "a.db", options);
    migrate_notes(db);
    add(db, "1");
    static_cast<void>(db.summary());
    before = db.id();
  }
  Database db(folder_ / "a.db", options);
  EXPECT_NE(db.id(), before);
  EXPECT_EQ(db.query("SELECT id FROM notes").size(), 1U);
}

TEST_F(IdentityTest, BackupWrittenOverTheOpenFileMeansANewId) {
  Device& device = open();
  add(device.db, "1");
  const ReplicaId id = device.db.id();
  sqlite3* copy = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &copy), SQLITE_OK);
  const auto copy_all = [](sqlite3* to, sqlite3* from) {
    sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
    ASSERT_NE(backup, nullptr) << sqlite3_errmsg(to);
    EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  };
  copy_all(copy, device.db.handle());
  add(device.db, "2");
  Device peer(folder_ / "peer.db");
  migrate_notes(peer.db);
  exchange(device.db, peer.db);
  copy_all(device.db.handle(), copy);
  sqlite3_close(copy);

  add(device.db, "3");
  EXPECT_NE(device.db.id(), id);
  EXPECT_EQ(device.db.vector()[id], 1U);
  device.db.check_history(peer.db.summary());
  exchange(device.db, peer.db);
  EXPECT_EQ(device.db.digest(), peer.db.digest());
  EXPECT_EQ(device.db.query("SELECT id FROM notes").size(), 3U);
  EXPECT_EQ(value_of(device.db, "PRAGMA integrity_check"), Value("ok"));
}

}  // namespace
}  // namespace rill
