#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rill/error.hpp"
#include "rill/session.hpp"
#include "rill/sync.hpp"
#include "support/effort.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

// What becomes of copies and old backups, and of transfers that were cut.

namespace rill {
namespace {

using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;

TEST(SessionHistory, WhatAFileForgotComesBackAndItWritesUnderANewId) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "milk", {{"title", "Milk"}});
  const auto backup = a.copy(2);
  a.update("notes", "milk", "title", "Oat milk");
  a.insert("notes", "tea", {{"title", "Tea"}});
  sync(a, b);

  sync(*backup, b);
  EXPECT_EQ(backup->shown(), b.shown());
  EXPECT_NE(backup->id(), replica_id(1));
  backup->update("notes", "tea", "title", "Green tea");
  sync(b, *backup);
  EXPECT_EQ(backup->shown(), b.shown());
  EXPECT_EQ(b.shown().at("notes").at("tea").at("title"), Value("Green tea"));
}

TEST(SessionHistory, LostEventsMayComeByAThirdDevice) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  MemoryReplica c(replica_id(3));
  a.insert("notes", "milk", {{"title", "Milk"}});
  const auto backup = a.copy(2);
  a.update("notes", "milk", "title", "Oat milk");
  sync(a, b);
  SessionPair live(*backup, c);  // both know nothing of what was lost
  live.pump();
  EXPECT_EQ(backup->id(), replica_id(1));
  sync(b, c);
  live.right.vector_changed();
  live.pump();
  EXPECT_FALSE(live.left.error().has_value());
  EXPECT_NE(backup->id(), replica_id(1));
  EXPECT_EQ(backup->shown(), a.shown());
}

/// A replica, and a copy of it that went on in an epoch of its own.
struct ForkedPair {
  ForkedPair() {
    a.insert("notes", "milk", {{"title", "Milk"}});
    copy = a.copy(0x0202'0202'0202'0202);
    a.update("notes", "milk", "title", "Oat milk");
    copy->update("notes", "milk", "title", "Soy milk");
    copy->insert("notes", "tea", {{"title", "Tea"}});
  }

  MemoryReplica a{replica_id(1)};
  std::unique_ptr<MemoryReplica> copy;
};

TEST(SessionHistory, TwoFilesThatUsedTheSameDotsAreToldApart) {
  ForkedPair pair;
  MemoryReplica b(replica_id(2));
  sync(pair.a, b);
  sync(*pair.copy, b);
  sync(b, pair.a);
  EXPECT_EQ(b.shown(), pair.a.shown());
  EXPECT_EQ(b.shown(), pair.copy->shown());
  EXPECT_EQ(b.vector(), pair.a.vector());
  EXPECT_EQ(b.vector()[replica_id(1)], 0U);
  EXPECT_NE(pair.a.id(), replica_id(1));
  EXPECT_EQ(b.shown().at("notes").size(), 2U);
}

TEST(SessionHistory, SideThatSeesAForkTellsTheHistoryAndBothBeginAnew) {
  ForkedPair pair;
  SessionPair first(pair.a, *pair.copy);
  first.pump();
  ASSERT_TRUE(first.left.error().has_value());
  ASSERT_TRUE(first.right.error().has_value());
  EXPECT_EQ(first.left.error()->code(), ErrorCode::renamed);
  EXPECT_EQ(first.right.error()->code(), ErrorCode::renamed);
  // Both know by then.
  SessionPair second(pair.a, *pair.copy);
  second.pump();
  EXPECT_FALSE(second.left.error().has_value());
  EXPECT_TRUE(second.left.in_sync());
  EXPECT_EQ(pair.a.shown(), pair.copy->shown());
}

TEST(SessionHistory, ForkThatIsFoundElsewhereEndsSessionsAtTheNextChange) {
  ForkedPair pair;
  MemoryReplica b(replica_id(2));
  SessionPair live(pair.a, b);
  live.pump();
  ASSERT_TRUE(live.left.in_sync());
  sync(*pair.copy, pair.a);
  live.left.vector_changed();
  live.pump();
  ASSERT_TRUE(live.right.error().has_value());
  EXPECT_EQ(live.right.error()->code(), ErrorCode::renamed);
  sync(pair.a, b);
  EXPECT_EQ(pair.a.shown(), b.shown());
}

TEST(SessionHistory, ReadersTellOfNoForks) {
  ForkedPair pair;
  MemoryReplica b(replica_id(2));
  sync(pair.a, b);
  SessionOptions of_reader;
  of_reader.accept_changes = false;
  {
    SessionPair distrusting(b, *pair.copy, of_reader);
    distrusting.pump();
    EXPECT_TRUE(distrusting.left.error().has_value());
    EXPECT_EQ(b.vector()[replica_id(1)], 2U);
  }
  sync(pair.a, *pair.copy);
  SessionPair distrusting(b, *pair.copy, of_reader);
  distrusting.pump();
  EXPECT_EQ(distrusting.left.error()->code(), ErrorCode::renamed);
  EXPECT_EQ(b.vector()[replica_id(1)], 2U);
}

TEST(SessionHistory, ManyCopiesThatMeetInAnyOrderAgree) {
  for (unsigned seed = 0; seed < testing::scaled(1'500); ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<std::unique_ptr<MemoryReplica>> all;
    all.push_back(std::make_unique<MemoryReplica>(replica_id(1), random()));
    all.push_back(std::make_unique<MemoryReplica>(replica_id(2), random()));
    all[0]->declare("notes", "views", counter());
    int made = 0;
    const auto any = [&]() -> MemoryReplica& { return *all[random() % all.size()]; };
    for (int step = 0; step < 20; ++step) {
      MemoryReplica& one = any();
      MemoryReplica& other = any();
      if (random() % 5 == 0 && all.size() < 6) {
        all.push_back(one.copy(random()));
        all.back()->insert("notes", std::to_string(++made), {{"title", "copied"}});
      } else if (random() % 2 == 0 && &one != &other) {
        sync(one, other);
      } else {
        one.insert("notes", std::to_string(++made), {{"title", "written"}});
      }
    }
    for (int round = 0; round < 3; ++round) {
      for (std::size_t next = 1; next < all.size(); ++next) sync(*all[0], *all[next]);
    }
    for (const auto& replica : all) {
      ASSERT_EQ(replica->shown(), all[0]->shown());
      ASSERT_EQ(replica->vector(), all[0]->vector());
    }
    ASSERT_EQ(all[0]->shown().at("notes").size(), static_cast<std::size_t>(made));
  }
}

TEST(SessionHistory, CopyThatHasNotWrittenTakesANewId) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "milk", {{"title", "Milk"}});
  const auto copy = a.copy(2);
  sync(a, *copy);  // one file, for all that shows
  EXPECT_NE(a.id(), replica_id(1));
  EXPECT_NE(copy->id(), replica_id(1));
  EXPECT_NE(copy->id(), a.id());
  const auto reopened = a.copy(3);
  reopened->insert("notes", "tea", {{"title", "Tea"}});
  const ReplicaId id = reopened->id();
  const auto later = reopened->copy(4);
  reopened->insert("notes", "salt", {{"title", "Salt"}});
  sync(*reopened, *later);
  EXPECT_EQ(reopened->id(), id);
  EXPECT_NE(later->id(), id);
  EXPECT_EQ(later->shown(), reopened->shown());
}

/// Lets `rounds` rounds of a large transfer through, then ends the connection.
void cut_transfer(Replica& from, Replica& to, std::size_t rounds) {
  SessionOptions options;
  options.compress = false;
  SessionPair pair(from, to, options);
  pair.pump(rounds);
  ASSERT_FALSE(pair.left.in_sync());
}

TEST(SessionHistory, TransferThatWasCutGoesOnWhereItStopped) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  const std::string body(10'000, 'x');
  for (int note = 0; note < 200; ++note) {
    a.insert("notes", std::to_string(note), {{"body", body + std::to_string(note)}});
  }
  cut_transfer(a, b, 4);
  const std::uint64_t before_cut = b.chunks_received();
  ASSERT_GT(before_cut, 3U);
  // What changes meanwhile comes with what is left.
  a.update("notes", "0", "body", "changed");
  a.erase("notes", "199");
  cut_transfer(a, b, 3);
  sync(a, b);
  EXPECT_EQ(b.shown(), a.shown());
  EXPECT_EQ(b.deltas_applied(), 1U);
  // 200 rows of 10 KB in chunks of 64 KiB, and a chunk for what changed.
  EXPECT_LE(b.chunks_received(), 35U);
}

TEST(SessionHistory, TransferFromAnotherOpeningBeginsAnew) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  for (int note = 0; note < 100; ++note) {
    a.insert("notes", std::to_string(note), {{"body", std::string(10'000, 'x')}});
  }
  cut_transfer(a, b, 3);
  const auto reopened = a.copy(2);
  sync(*reopened, b);
  EXPECT_EQ(b.shown(), a.shown());
  EXPECT_EQ(b.deltas_applied(), 1U);
}

TEST(SessionHistory, WhatCameMeanwhileFromAnotherIsNoHindrance) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  MemoryReplica c(replica_id(3));
  for (int note = 0; note < 100; ++note) {
    a.insert("notes", std::to_string(note), {{"body", std::string(10'000, 'x')}});
  }
  sync(a, c);
  cut_transfer(a, b, 3);
  c.update("notes", "1", "body", "from c");
  sync(c, b);
  a.update("notes", "2", "body", "from a");
  sync(a, b);
  sync(a, c);
  EXPECT_EQ(b.shown(), a.shown());
  EXPECT_EQ(b.shown(), c.shown());
}

}  // namespace
}  // namespace rill
