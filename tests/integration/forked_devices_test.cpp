#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "support/database_device.hpp"

// Devices that find out while they replicate that one of them was put back.

namespace rill {
namespace {

namespace fs = std::filesystem;
using test::agree;
using test::DatabaseDevice;

class ForkedDevices : public ::testing::Test {
 protected:
  static ReplicatorOptions options() { return test::hasty(DatabaseDevice::quiet()); }

  ForkedDevices() {
    fs::create_directory(folder_ / "a");
    turn_on();
    a_->add("shared");
    test::pair(*a_, b_);
    test::pair(*a_, c_);
    EXPECT_TRUE(agree(*a_, b_) && agree(*a_, c_));
  }

  void turn_on() { a_ = std::make_unique<DatabaseDevice>(folder_ / "a" / "a.db", options()); }
  /// Copies A's file and witness, into the same inodes, as `cp` does.
  void copy(const std::string& from, const std::string& to) {
    fs::copy(folder_ / from, folder_ / to,
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  /// A writes while nobody hears of it.
  void write_alone(const std::string& note) {
    Database db(folder_ / "a" / "a.db", testing::options_beside(folder_ / "a" / "a.db"));
    testing::migrate_notes(db);
    db.execute("INSERT INTO notes(id, title) VALUES(?, 'alone')", note);
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<DatabaseDevice> a_;
  DatabaseDevice b_{folder_ / "b.db", options()};
  DatabaseDevice c_{folder_ / "c.db", options()};
};

TEST_F(ForkedDevices, ReplicateOnUnderNewNames) {
  const ReplicaId id = a_->db.id();
  a_.reset();
  copy("a", "backup");
  turn_on();
  a_->add("forgotten");
  ASSERT_TRUE(agree(*a_, b_) && agree(*a_, c_));
  a_.reset();
  copy("backup", "a");
  write_alone("other");
  turn_on();
  EXPECT_TRUE(agree(*a_, b_) && agree(*a_, c_));
  EXPECT_NE(a_->db.id(), id);
  EXPECT_EQ(a_->notes(), 3);
  a_->add("later");
  EXPECT_TRUE(agree(*a_, b_) && agree(*a_, c_));
  EXPECT_EQ(c_.notes(), 4);
}

}  // namespace
}  // namespace rill
