// Processes whose disk has no more room: a typed error, nothing lost, and on it goes with room.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include "rill/rill.hpp"
#include "support/database_fixture.hpp"
#include "support/pairs_app.hpp"
#include "support/process.hpp"

namespace rill {
namespace {

using testing::half_pairs;
using testing::migrate_pairs;
using testing::Process;

/// A small disk in memory, for as long as it lives.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path at) : at_(std::move(at)) {
    std::filesystem::create_directories(at_);
    mounted_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(at_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  [[nodiscard]] bool mounted() const noexcept { return mounted_; }
  /// Gives it more room.
  [[nodiscard]] bool grow() const {
    return ::mount("tmpfs", at_.c_str(), "tmpfs", MS_REMOUNT, "size=64m") == 0;
  }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

class FullDisk : public ::testing::Test {
 public:
  /// Writes to `small` until there is no room; returns what was acknowledged before. Its
  /// error has to say `told`.
  std::set<std::string> write_until_full(const std::filesystem::path& small,
                                         const std::string& limit, const std::string& told) {
    Process writer(
        folder, "/bin/sh",
        {"-c", limit + R"(exec "$0" acknowledge "$1" "$2" pair)",
         testing::beside_tests("database_worker"), small.string(), (folder / "b.db").string()});
    const Process::Result result = writer.wait();
    EXPECT_EQ(result.exit_code, 1) << result.errors;
    EXPECT_THAT(result.errors, ::testing::HasSubstr(told));
    std::set<std::string> acknowledged;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) acknowledged.insert(line);
    EXPECT_GT(acknowledged.size(), 5U);
    return acknowledged;
  }

  /// With room again, all that was acknowledged is there, and two files still come to agree.
  void expect_to_go_on(const std::filesystem::path& small,
                       const std::set<std::string>& acknowledged) {
    Database a(small, testing::options_beside(small.string()));
    migrate_pairs(a);
    Database b(folder / "b.db", testing::options_beside((folder / "b.db").string()));
    migrate_pairs(b);
    EXPECT_EQ(half_pairs(a), 0);
    for (const std::string& pair : acknowledged) {
      EXPECT_EQ(a.query("SELECT 1 FROM pairs WHERE id = ?", pair).size(), 1U) << pair;
    }
    testing::write_pair(a, "more");
    sync(a, b);
    EXPECT_EQ(a.digest(), b.digest());
    EXPECT_TRUE(a.check().empty());
  }

  testing::TemporaryFolder folder;
};

TEST_F(FullDisk, ADiskWithoutRoomLosesNothing) {
  const std::filesystem::path at = folder / "small";
  const SmallDisk disk(at);
  if (!disk.mounted()) GTEST_SKIP() << "only root may mount a disk in memory";
  const std::set<std::string> acknowledged = write_until_full(at / "a.db", "", "full");
  ASSERT_TRUE(disk.grow());
  expect_to_go_on(at / "a.db", acknowledged);
}

TEST_F(FullDisk, AFileThatMayNotGrowLosesNothing) {
  // 512 KiB, in units of 512 bytes; without the trap, the signal would end the process.
  const auto acknowledged = write_until_full(folder / "a.db", "trap '' XFSZ; ulimit -f 1024; ",
                                             "check the disk and its limits");
  expect_to_go_on(folder / "a.db", acknowledged);
}

}  // namespace
}  // namespace rill
