#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"

// Devices that are closed, copied, put back and robbed of their witness, at random.

namespace rill {
namespace {

namespace fs = std::filesystem;
using testing::Device;
using testing::exchange;
using testing::migrate_notes;
using testing::TemporaryFolder;

using Keys = std::set<std::string>;

/// A database, what its rows ought to be, and a backup of both.
class Machine {
 public:
  explicit Machine(fs::path folder) : folder_(std::move(folder)) {
    fs::create_directory(folder_);
    open();
  }

  void open() {
    device_.reset();
    device_.emplace(folder_ / "a.db");
    migrate_notes(device_->db);
  }
  void back_up() {
    device_.reset();
    copy("a.db", "backup");
    backup_keys_ = keys_;
    open();
  }
  /// Over the file in place, or as a new one.
  void put_back(bool in_place) {
    if (!backup_keys_) return;
    device_.reset();
    if (!in_place) fs::remove(folder_ / "a.db");
    copy("backup", "a.db");
    keys_ = *backup_keys_;
    open();
  }
  void lose_witness() {
    device_.reset();
    fs::remove_all(folder_ / "witness");
    open();
  }
  void insert() {
    const std::string key = db().new_id();
    db().execute("INSERT INTO notes(id, title) VALUES(?, 'new')", key);
    keys_.insert(key);
  }
  void update() { db().execute("UPDATE notes SET views = views + 1, title = ?", db().new_id()); }

  void sync(Machine& other) {
    db().check_history(other.db().summary());
    other.db().check_history(db().summary());
    exchange(db(), other.db());
    keys_.insert(other.keys_.begin(), other.keys_.end());
    other.keys_ = keys_;
  }

  Database& db() { return device_->db; }
  [[nodiscard]] const Keys& keys() const { return keys_; }
  Keys rows() {
    Keys rows;
    for (const Row& row : db().query("SELECT id FROM notes")) {
      rows.insert(row.get<std::string>("id"));
    }
    return rows;
  }

 private:
  void copy(const char* from, const char* to) {
    fs::copy_file(folder_ / from, folder_ / to, fs::copy_options::overwrite_existing);
  }

  fs::path folder_;
  std::optional<Device> device_;
  Keys keys_;
  std::optional<Keys> backup_keys_;
};

void play(unsigned seed, std::array<Machine, 3>& machines) {
  std::minstd_rand random(seed);
  const auto draw = [&](unsigned below) { return static_cast<unsigned>(random() >> 8U) % below; };
  for (int step = 0; step < 40; ++step) {
    const unsigned place = draw(3);
    Machine& machine = machines[place];
    switch (draw(12)) {
      case 0:
        machine.back_up();
        break;
      case 1:
        machine.put_back(draw(2) == 0);
        break;
      case 2:
        machine.lose_witness();
        break;
      case 3:
        machine.open();
        break;
      case 4:
      case 5:
        machine.update();
        break;
      case 6:
      case 7:
      case 8:
        machine.insert();
        break;
      default:
        machine.sync(machines[(place + 1 + draw(2)) % 3]);
    }
  }
}

TEST(IdentityHistories, DevicesThatAreRestoredAtRandomAgreeAndLoseNothingThatWasSynced) {
  for (unsigned seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const TemporaryFolder folder;
    std::array machines{Machine(folder / "0"), Machine(folder / "1"), Machine(folder / "2")};
    play(seed, machines);
    for (const auto& [left, right] : {std::pair{0, 1}, {1, 2}, {0, 1}, {0, 2}}) {
      machines[static_cast<std::size_t>(left)].sync(machines[static_cast<std::size_t>(right)]);
    }
    for (Machine& machine : machines) {
      ASSERT_EQ(machine.rows(), machine.keys());
      ASSERT_EQ(machine.db().digest(), machines[0].db().digest());
      ASSERT_EQ(machine.db().vector(), machines[0].db().vector());
    }
  }
}

}  // namespace
}  // namespace rill
