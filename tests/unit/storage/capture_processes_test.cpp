#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "rill/bytes.hpp"
#include "rill/database.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::Device;

constexpr int kProcesses = 2;
constexpr int kThreads = 2;
constexpr int kTransactions = 120;

void migrate_rows(Database& db) {
  db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE rows(id TEXT PRIMARY KEY NOT NULL, tx TEXT, x CHECK(x <> 'bad'))");
    schema.replicate("rows");
  });
}

/// One transaction with savepoints, failures and aborts at random. Returns the keys of the rows
/// that are there if it commits; throws `std::runtime_error` to abort.
class Trial {
 public:
  Trial(Database& db, std::string name, std::mt19937& random)
      : db_(db), name_(std::move(name)), random_(random) {}

  std::vector<std::string> run() {
    for (int step = 0; step < 6; ++step) {
      switch (roll(6)) {
        case 0:
          run_savepoint();
          break;
        case 1:
          EXPECT_THROW(db_.execute("INSERT INTO rows(id, x) VALUES(?, 'good'), ('x', 'bad')",
                                   name_ + "-failed"),
                       Error);
          break;
        case 2:
          db_.execute("UPDATE rows SET x = 'seen' WHERE id = 'nobody'");
          break;
        default:
          insert();
      }
    }
    if (roll(5) == 0) throw std::runtime_error("aborted");
    return keys_;
  }

 private:
  int roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  void insert() {
    const std::string key = name_ + "-" + std::to_string(next_++);
    db_.execute("INSERT INTO rows(id, tx) VALUES(?, ?)", key, name_);
    keys_.push_back(key);
  }

  void run_savepoint() {
    const std::vector<std::string> before = keys_;
    db_.execute("SAVEPOINT trial");
    insert();
    insert();
    if (roll(2) == 0) {
      db_.execute("ROLLBACK TO trial");
      keys_ = before;
    }
    db_.execute("RELEASE trial");
  }

  Database& db_;
  std::string name_;
  std::mt19937& random_;
  std::vector<std::string> keys_;
  int next_ = 0;
};

/// The life of one thread; notes each committed transaction with its keys.
void work(Database& db, const std::string& name, std::ostream& committed) {
  std::mt19937 random(static_cast<unsigned>(std::hash<std::string>()(name)));
  for (int index = 0; index < kTransactions; ++index) {
    const std::string transaction = name + "." + std::to_string(index);
    std::vector<std::string> keys;
    try {
      db.transaction([&] { keys = Trial(db, transaction, random).run(); });
    } catch (const std::runtime_error& aborted) {
      if (std::string(aborted.what()) != "aborted") throw;
      continue;
    }
    for (const std::string& key : keys) committed << key << ' ' << transaction << '\n';
  }
}

/// The life of one process.
int live(const std::filesystem::path& file, const std::filesystem::path& folder,
         const std::string& name) try {
  DatabaseOptions options = testing::options_beside(file);
  options.busy_timeout = std::chrono::seconds(60);
  Database db(file, options);
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string own = name + std::to_string(thread);
      std::ofstream committed(folder / (own + ".log"));
      work(db, own, committed);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return ::testing::Test::HasFailure() ? 1 : 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s: %s\n", name.c_str(), error.what());
  return 2;
}

/// A dot by this file's number of its replica.
using NumberedDot = std::pair<std::uint64_t, std::uint64_t>;

/// The one event that inserted a row; see "_rill_meta" in storage/README.md.
NumberedDot dot_of(const Value& meta) {
  const auto& blob = meta.blob();
  ByteReader reader({reinterpret_cast<const char*>(blob.data()), blob.size()});
  EXPECT_EQ(reader.byte(), 1);
  const std::uint64_t replica = reader.varint(UINT32_MAX);
  return {replica, reader.varint(UINT64_MAX)};
}

TEST(CaptureProcessesThreads, UseNoDotTwiceAndLoseNoRow) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "a.db";
  std::vector<pid_t> children;
  {
    Device device{file};
    migrate_rows(device.db);
  }
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0)
      _exit(live(file, folder.path(), std::string(1, static_cast<char>('p' + process))));
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }

  std::map<std::string, std::string> expected;  // key -> transaction
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream log(entry.path());
    std::string key;
    std::string transaction;
    while (log >> key >> transaction) expected.emplace(key, transaction);
  }
  Device a{file};
  migrate_rows(a.db);
  std::map<std::string, std::string> found;
  std::map<NumberedDot, std::string> dots;
  std::map<std::string, NumberedDot> transactions;
  for (const Row& row : a.db.query("SELECT id, tx, _rill_meta FROM rows")) {
    const auto transaction = row.get<std::string>("tx");
    found.emplace(row.get<std::string>("id"), transaction);
    const NumberedDot dot = dot_of(row["_rill_meta"]);
    EXPECT_EQ(dots.emplace(dot, transaction).first->second, transaction) << dot.second;
    EXPECT_EQ(transactions.emplace(transaction, dot).first->second, dot) << transaction;
  }
  EXPECT_EQ(found, expected);
  EXPECT_GT(dots.size(), std::size_t{kProcesses * kThreads * kTransactions / 2});
  EXPECT_EQ(testing::findings(a.db), "");

  Device b{folder / "b.db"};
  migrate_rows(b.db);
  EXPECT_EQ(testing::pull(b.db, a.db), expected.size());
  EXPECT_EQ(testing::lines(b.db, "rows"), testing::lines(a.db, "rows"));
}

}  // namespace
}  // namespace rill
