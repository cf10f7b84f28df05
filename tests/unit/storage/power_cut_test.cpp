#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "support/disk_device.hpp"
#include "support/expect_error.hpp"
#include "unit/storage/file_invariants.hpp"

namespace rill {
namespace {

using testing::Crash;
using testing::DiskCall;
using testing::DiskDevice;
using testing::DiskFailure;
using ::testing::IsEmpty;
using testing::kPowerCuts;
using testing::scaled;
using testing::value_of;

/// A device that writes, shows what it has to a peer, and loses power.
class Story {
 public:
  explicit Story(std::uint64_t seed, Durability durability = Durability::normal)
      : a(seed, durability), b(seed + 1'000'000), random_(seed) {
    a.open();
    b.open();
  }

  /// One transaction of two rows: note number `written`, and its twin.
  void write() {
    a.clock->advance(7);
    ++written;
    a.db->transaction([&] {
      a.db->execute("INSERT INTO notes(id, title, views) VALUES(?, ?, ?)",
                    "n" + std::to_string(written), std::string(random_() % 900, 'x'), written);
      a.db->execute("INSERT INTO notes(id) VALUES(?)", "twin" + std::to_string(written));
      if (random_() % 3 == 0) a.db->execute("UPDATE notes SET views = views + 1 WHERE id = 'n1'");
      if (random_() % 5 == 0) a.db->execute("DELETE FROM notes WHERE id = 'gone'");
      if (random_() % 5 == 0) a.db->execute("INSERT OR IGNORE INTO notes(id) VALUES('gone')");
    });
  }

  void write_some() {
    for (std::uint64_t count = random_() % 4; count > 0; --count) write();
    if (random_() % 6 == 0) a.db->query("PRAGMA wal_checkpoint(PASSIVE)");
    if (random_() % 9 == 0) a.db->query("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /// Lets the peer know something, in one of the ways there are.
  void reveal() {
    switch (random_() % 4) {
      case 0:
        note(a.db->summary().vector);
        break;
      case 1: {
        const auto changes = a.db->changes_since(b.db->vector());
        note(changes->sender_vector());
        while (const auto chunk = changes->next(500)) b.db->receive(*chunk);
        break;
      }
      case 2:
        b.db->execute("UPDATE notes SET views = views + 1, title = 'by b' WHERE id = 'n1'");
        receive(random_() % 2 == 0 ? 200 : 100'000, SIZE_MAX);
        break;
      default:
        // A delta that is cut before its end: only its staged chunks were acknowledged.
        b.db->execute("INSERT INTO notes(id, body) VALUES(?, ?)", b.db->new_id(),
                      std::string(400, 'b'));
        receive(100, 2);
        break;
    }
  }

  void receive(std::size_t chunk_bytes, std::size_t chunks) {
    const auto changes = b.db->changes_since(a.db->vector());
    for (std::size_t index = 0; index < chunks; ++index) {
      const auto chunk = changes->next(chunk_bytes);
      if (!chunk) return;
      note(a.db->receive(*chunk).vector);
    }
  }

  /// How many of the numbered transactions are there; they must be the first ones, each whole.
  int check_order() {
    const auto count = [&](const char* pattern) {
      return value_of(*a.db, "SELECT count(*) FROM notes WHERE id GLOB ?", pattern).integer();
    };
    const auto kept = count("n[0-9]*");
    EXPECT_EQ(count("twin*"), kept) << "a transaction is there in part";
    for (std::int64_t number = 1; number <= kept; ++number) {
      EXPECT_EQ(
          value_of(*a.db, "SELECT count(*) FROM notes WHERE id = ?", "n" + std::to_string(number)),
          Value(1))
          << "a transaction is lost, a later one is not";
    }
    return static_cast<int>(kept);
  }

  void check_after_cut() {
    a.open();
    EXPECT_TRUE(revealed <= a.db->vector())
        << "shown: " << revealed.to_string() << ", left: " << a.db->vector().to_string();
    EXPECT_THAT(testing::broken_invariants(DiskDevice::kPath, a.disk.vfs()), IsEmpty());
  }

  void converge() {
    testing::exchange(*a.db, *b.db);
    EXPECT_EQ(a.db->digest(), b.db->digest());
  }

  DiskDevice a;
  DiskDevice b;
  VersionVector revealed;
  int written = 0;

 private:
  void note(const VersionVector& vector) { revealed.merge(vector); }

  std::mt19937_64 random_;
};

TEST(PowerCut, LosesNothingThatAPeerWasShown) {
  for (unsigned seed = 0; seed < scaled(80); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    for (unsigned round = 0; round < 4; ++round) {
      for (unsigned step = 0; step < 3; ++step) {
        story.write_some();
        story.reveal();
      }
      story.write_some();
      story.a.crash(kPowerCuts[(seed + round) % 3]);
      story.check_after_cut();
      story.written = story.check_order();
    }
    story.converge();
  }
}

TEST(PowerCut, RightAfterAShowingLosesNothing) {
  for (unsigned seed = 0; seed < scaled(80); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    for (unsigned round = 0; round < 3; ++round) {
      story.write();
      story.write_some();
      story.reveal();
      story.a.crash(kPowerCuts[seed % 3]);
      story.check_after_cut();
      story.written = story.check_order();
    }
    story.converge();
  }
}

TEST(PowerCut, LosesLocalCommitsWholeAndInOrderUnderNormal) {
  int lost = 0;
  for (unsigned seed = 0; seed < scaled(60); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    for (int number = 0; number < 12; ++number) story.write();
    story.a.crash(kPowerCuts[seed % 3]);
    story.check_after_cut();
    lost += story.written - story.check_order();
    story.converge();
  }
  EXPECT_GT(lost, 0) << "the power cuts cut nothing";
}

TEST(PowerCut, LosesNoCommitUnderFull) {
  for (unsigned seed = 0; seed < scaled(60); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed, Durability::full);
    for (int number = 0; number < 12; ++number) story.write();
    if (seed % 2 == 0) story.reveal();
    story.a.crash(kPowerCuts[seed % 3]);
    story.check_after_cut();
    EXPECT_EQ(story.check_order(), story.written);
    story.converge();
  }
}

// A failed fsync may have dropped what was pending, so that the next one succeeds without having
// written it.
TEST(PowerCut, AfterAFailedBarrierLosesNothingThatWasShownLater) {
  for (unsigned seed = 0; seed < scaled(60); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    story.write();
    story.write();
    story.a.disk.inject({DiskFailure::forgetful_sync, DiskCall::sync});
    EXPECT_ERROR(story.a.db->summary(), ErrorCode::io);
    for (unsigned count = 0; count < seed % 3; ++count) {
      // The failure is reported to each connection once; the app's may be told now.
      try {
        story.write();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
      }
    }
    while (story.revealed.empty()) story.reveal();
    story.a.crash(kPowerCuts[seed % 3]);
    story.check_after_cut();
    story.check_order();
    story.converge();
  }
}

// Where an fsync forgot something, a power cut takes all that the log holds behind it, however
// often that was synced.
TEST(PowerCut, AfterAFailedSyncLosesNoCommitUnderFull) {
  enum class Failed : std::uint8_t { barrier, delta, checkpoint };
  for (unsigned seed = 0; seed < scaled(36); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed, Durability::full);
    story.write();
    const auto failed = static_cast<Failed>(seed % 3);
    const std::size_t bytes = failed == Failed::checkpoint ? 5'000'000 : 100;
    story.b.db->execute("INSERT INTO notes(id, body) VALUES('b1', ?)", std::string(bytes, 'b'));
    story.b.db->execute("INSERT INTO notes(id) VALUES('b2')");
    const auto changes = story.b.db->changes_since(story.a.db->vector());
    const auto chunk = changes->next(failed == Failed::checkpoint ? 1'000 : 100'000);
    ASSERT_TRUE(chunk.has_value());
    story.a.disk.inject({DiskFailure::forgetful_sync, DiskCall::sync});
    switch (failed) {
      case Failed::barrier:
        EXPECT_ERROR(story.a.db->summary(), ErrorCode::io);
        break;
      case Failed::delta:
        EXPECT_ERROR(story.a.db->receive(*chunk), ErrorCode::io);
        break;
      case Failed::checkpoint:
        // A chunk that waits for others; the log has grown so long that it is folded into the file.
        EXPECT_FALSE(story.a.db->receive(*chunk).applied);
        break;
    }
    ASSERT_EQ(story.a.disk.failures(), 1U);
    if (seed / 3 % 2 == 1) {
      story.a.crash(Crash::kill);
      story.a.open();
    }
    for (unsigned count = 0; count <= seed % 4; ++count) {
      try {
        story.write();
      } catch (const Error& error) {  // the failure is reported to each connection once
        EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
        --story.written;
        story.write();
      }
    }
    story.a.crash(kPowerCuts[seed / 6 % 3]);
    story.check_after_cut();
    EXPECT_EQ(story.check_order(), story.written);
    story.converge();
  }
}

// Observers hear of what was received before it is on the disk; peers must not.
TEST(PowerCut, AfterADeltaWhoseSyncFailedLosesNothingThatWasShownLater) {
  for (unsigned seed = 0; seed < scaled(60); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    story.write();
    story.b.db->execute("INSERT INTO notes(id) VALUES('by b')");
    const auto changes = story.b.db->changes_since(story.a.db->vector());
    const auto chunk = changes->next(100'000);
    ASSERT_TRUE(chunk.has_value());
    story.a.disk.inject({DiskFailure::forgetful_sync, DiskCall::sync});
    EXPECT_ERROR(story.a.db->receive(*chunk), ErrorCode::io);
    while (story.revealed.empty()) story.reveal();
    story.a.crash(kPowerCuts[seed % 3]);
    story.check_after_cut();
    story.converge();
  }
}

}  // namespace
}  // namespace rill
