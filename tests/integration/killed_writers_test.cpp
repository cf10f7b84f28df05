// Processes that write and sync, killed at any moment: what they acknowledged is there, whole.

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "rill/rill.hpp"
#include "support/database_fixture.hpp"
#include "support/effort.hpp"
#include "support/pairs_app.hpp"
#include "support/process.hpp"

namespace rill {
namespace {

using testing::half_pairs;
using testing::migrate_pairs;
using testing::Process;

constexpr unsigned kCycles = 500;
/// Every so many cycles the files are looked through row by row.
constexpr unsigned kCheckEvery = 50;

class KilledWriters : public ::testing::Test {
 public:
  /// Lets a process write for a random while, kills it, and returns what it had acknowledged.
  std::vector<std::string> write_until_killed(const std::string& name) {
    Process writer(folder, testing::beside_tests("database_worker"),
                   {"acknowledge", (folder / "a.db").string(), (folder / "b.db").string(), name});
    EXPECT_TRUE(writer.wait_for_output(name)) << writer.wait().errors;
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 20'000));
    writer.send_signal(SIGKILL);
    std::vector<std::string> acknowledged;
    std::istringstream lines(writer.wait().output);
    // A line that was cut off is no acknowledgement.
    for (std::string line; std::getline(lines, line) && !lines.eof();) acknowledged.push_back(line);
    return acknowledged;
  }

  testing::TemporaryFolder folder;

 private:
  std::mt19937 random_{7};
};

class OpenPairs {
 public:
  explicit OpenPairs(const std::filesystem::path& path)
      : db(path, testing::options_beside(path.string())) {
    migrate_pairs(db);
  }

  [[nodiscard]] bool holds(const std::string& pair) {
    return db.query("SELECT count(*) FROM pairs WHERE id = ? OR other = ?", pair, pair)
               .front()
               .get<std::int64_t>(0) == 2;
  }

  Database db;
};

TEST_F(KilledWriters, LoseNothingAcknowledgedAndReuseNoDot) {
  std::set<std::string> acknowledged;
  for (unsigned cycle = 0; cycle < testing::scaled(kCycles); ++cycle) {
    SCOPED_TRACE("cycle " + std::to_string(cycle));
    const std::vector<std::string> fresh = write_until_killed("w" + std::to_string(cycle));
    OpenPairs a(folder / "a.db");
    OpenPairs b(folder / "b.db");
    ASSERT_EQ(half_pairs(a.db), 0);
    ASSERT_EQ(half_pairs(b.db), 0);
    for (const std::string& pair : fresh) ASSERT_TRUE(a.holds(pair)) << pair;
    sync(a.db, b.db);  // throws where two events have one name
    ASSERT_EQ(a.db.digest(), b.db.digest());
    acknowledged.insert(fresh.begin(), fresh.end());
    if (cycle % kCheckEvery == 0) {
      ASSERT_TRUE(a.db.check().empty());
      ASSERT_TRUE(b.db.check().empty());
    }
  }
  OpenPairs b(folder / "b.db");
  for (const std::string& pair : acknowledged) ASSERT_TRUE(b.holds(pair)) << pair;
}

}  // namespace
}  // namespace rill
