// A transfer that is cut again and again, at any byte, takes the same chunks as one that is not.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rill/session.hpp"
#include "support/database_fixture.hpp"
#include "support/noise.hpp"

namespace rill {
namespace {

constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

/// A database that notes which chunks it is given.
class NotingReplica final : public Replica {
 public:
  explicit NotingReplica(Database& database) : database_(database) {}

  [[nodiscard]] ReplicaSummary summary() override { return database_.summary(); }
  std::optional<ReplicaId> check_history(const ReplicaSummary& peer) override {
    return database_.check_history(peer);
  }
  [[nodiscard]] ReplicaHistory history(const ReplicaId& replica) override {
    return database_.history(replica);
  }
  void settle_fork(const ReplicaHistory& peer) override { database_.settle_fork(peer); }
  std::unique_ptr<ChangeStream> changes_since(
      const VersionVector& known, SpaceId space,
      const std::optional<InboxSummary>& received) override {
    return database_.changes_since(known, space, received);
  }
  ReceiveResult receive(std::string_view chunk) override {
    ++count;
    distinct.insert(std::hash<std::string_view>{}(chunk));
    return database_.receive(chunk);
  }
  std::unique_ptr<DigestScan> digest_scan(const std::vector<std::uint32_t>& listed) override {
    return database_.digest_scan(listed);
  }
  Subscription on_vector_change(std::function<void()> changed) override {
    return database_.on_vector_change(std::move(changed));
  }

  std::size_t count = 0;
  std::set<std::size_t> distinct;

 private:
  Database& database_;
};

/// Lets two sessions talk until `budget` bytes have come from `from`; returns how many have.
std::uint64_t talk(Replica& from, Replica& to, std::uint64_t budget) {
  Session left(from);
  Session right(to);
  left.start();
  right.start();
  std::uint64_t passed = 0;
  while (passed < budget) {
    std::string there = left.take_output();
    there.resize(std::min<std::uint64_t>(there.size(), budget - passed));
    right.receive(there);
    passed += there.size();
    const std::string back = right.take_output();
    left.receive(back);
    if (there.empty() && back.empty()) break;
  }
  EXPECT_FALSE(right.error()) << right.error()->what();
  left.disconnected();
  right.disconnected();
  return passed;
}

class ResumedTransfers : public ::testing::Test {
 public:
  static constexpr int kRows = 500;
  /// The largest frame, and the greetings of a session.
  static constexpr std::uint64_t kPerCut = 80'000;

  /// A database to which everything is to go.
  struct Receiver {
    explicit Receiver(const std::filesystem::path& path)
        : db(path, testing::options_beside(path)), noting(db) {
      testing::migrate_notes(db);
    }
    Database db;
    NotingReplica noting;
  };

  ResumedTransfers() {
    testing::migrate_notes(from);
    from.transaction([this] {
      for (int row = 0; row < kRows; ++row) write(row);
    });
  }
  void write(int row) {
    from.execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(row),
                 test::noise(8'000, static_cast<unsigned>(row)));
  }

  testing::TemporaryFolder folder;
  Database from{folder / "from.db", testing::options_beside(folder / "from.db")};
  Receiver uncut{folder / "uncut.db"};
  Receiver cut{folder / "cut.db"};
};

TEST_F(ResumedTransfers, NoChunkIsSentTwice) {
  const std::uint64_t whole = talk(from, uncut.noting, kEverything);
  ASSERT_EQ(uncut.db.digest(), from.digest());
  std::mt19937_64 random(3);
  std::uint64_t sent = 0;
  std::uint64_t cuts = 0;
  while (cut.db.vector() != from.vector()) {
    sent += talk(from, cut.noting, 1 + random() % (whole / 10));
    ++cuts;
    const Value rows = testing::value_of(cut.db, "SELECT count(*) FROM notes");
    ASSERT_TRUE(rows == Value(0) || rows == Value(kRows)) << to_display(rows);
    ASSERT_LT(cuts, 500U);
  }
  EXPECT_GT(cuts, 15U);
  EXPECT_EQ(cut.db.digest(), from.digest());
  EXPECT_EQ(cut.noting.count, uncut.noting.count);
  EXPECT_EQ(cut.noting.distinct.size(), cut.noting.count);
  EXPECT_LT(sent, whole + cuts * kPerCut) << "what a cut fell into is sent again, and no more";
  RecordProperty("cuts", std::to_string(cuts));
}

TEST_F(ResumedTransfers, WhatIsWrittenMeanwhileIsAllThatIsAdded) {
  const std::uint64_t whole = talk(from, uncut.noting, kEverything);
  std::uint64_t cuts = 0;
  for (; cuts < 5; ++cuts) {
    talk(from, cut.noting, whole / 8);
    write(kRows + static_cast<int>(cuts));
    EXPECT_EQ(testing::value_of(cut.db, "SELECT count(*) FROM notes"), Value(0));
  }
  talk(from, cut.noting, kEverything);
  EXPECT_EQ(cut.db.digest(), from.digest());
  EXPECT_EQ(cut.noting.distinct.size(), cut.noting.count);
  EXPECT_LE(cut.noting.count, uncut.noting.count + cuts);
}

}  // namespace
}  // namespace rill
