#include "inbox.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::migrate_notes;
using testing::pull;
using testing::TemporaryFolder;
using testing::value_of;

constexpr std::size_t kChunk = 10'000;

class InboxTest : public ::testing::Test {
 protected:
  InboxTest() : from_(folder_ / "from.db") {
    migrate_notes(from_.db);
    add_notes(from_.db, 100);
    open_receiver();
  }

  void open_receiver() {
    to_.reset();
    to_.emplace(folder_ / "to.db");
    migrate_notes(to_->db);
  }

  static void add_notes(Database& db, int count) {
    db.transaction([&] {
      for (int note = 0; note < count; ++note) {
        db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", db.new_id(),
                   std::string(1'000, 'x'));
      }
    });
  }

  /// What the receiver says it holds of `sender`'s opening.
  std::optional<InboxSummary> held_of(Database& sender) {
    for (const InboxSummary& inbox : to_->db.summary().inboxes) {
      if (inbox.opening == sender.summary().opening) return inbox;
    }
    return std::nullopt;
  }

  /// Sends up to `chunks` chunks, as a session would begin or go on. Returns how many were sent.
  std::size_t send(Database& sender, std::size_t chunks = SIZE_MAX) {
    const auto changes = sender.changes_since(to_->db.vector(), kMainSpace, held_of(sender));
    for (std::size_t sent = 0; sent < chunks; ++sent) {
      const auto chunk = changes->next(kChunk);
      if (!chunk) return sent;
      to_->db.receive(*chunk);
    }
    return chunks;
  }

  TemporaryFolder folder_;
  Device from_;
  std::optional<Device> to_;
};

TEST_F(InboxTest, WhatTheChunksTookIsRoomForTheirRows) {
  add_notes(from_.db, 900);
  send(from_.db);
  const std::int64_t free = value_of(to_->db, "PRAGMA freelist_count").integer();
  const std::int64_t pages = value_of(to_->db, "PRAGMA page_count").integer();
  EXPECT_LT(free * 10, pages) << free << " pages of " << pages << " are free";
}

TEST_F(InboxTest, NothingShowsUntilTheLastChunk) {
  send(from_.db, 5);
  EXPECT_TRUE(to_->db.query("SELECT id FROM notes").empty());
  EXPECT_TRUE(to_->db.vector().empty());
  send(from_.db);
  EXPECT_EQ(to_->db.digest(), from_.db.digest());
  EXPECT_TRUE(to_->db.summary().inboxes.empty());
}

TEST_F(InboxTest, AnEventWithAnotherTimeInEachChunkGoesOnToOthers) {
  const auto changes = from_.db.changes_since({}, kMainSpace);
  while (const auto bytes = changes->next(kChunk)) {
    Delta chunk = decode_delta(*bytes);
    const auto retell = [&](ColumnFragment& part) {
      for (Entry& entry : part.fresh) entry.time.bits += chunk.chunk;
    };
    for (RowFragment& row : chunk.rows) {
      retell(row.existence.value());
      retell(row.births.value());
      for (auto& [column, part] : row.columns) retell(part);
    }
    to_->db.receive(encode(chunk));
  }
  Device third(folder_ / "third.db");
  migrate_notes(third.db);
  pull(third.db, to_->db);
  EXPECT_EQ(third.db.query("SELECT id FROM notes").size(), 100U);
}

TEST_F(InboxTest, TransferGoesOnAfterTheReceiverWasClosed) {
  send(from_.db, 5);
  open_receiver();
  const auto held = held_of(from_.db);
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(held->chunks, 5U);
  EXPECT_LE(send(from_.db), 7U);  // of about 11 in all
  EXPECT_EQ(to_->db.digest(), from_.db.digest());
}

TEST_F(InboxTest, ChangesBetweenTheCutsAreJoinedEachWithItsOwnVector) {
  send(from_.db, 4);
  from_.db.execute("UPDATE notes SET title = 'early', views = views + 1 WHERE _rill_seq < 30");
  from_.db.execute("DELETE FROM notes WHERE _rill_seq IN (SELECT _rill_seq FROM notes LIMIT 10)");
  send(from_.db, 4);
  from_.db.execute("UPDATE notes SET tags = '[\"late\"]' WHERE title IS NULL");
  add_notes(from_.db, 20);
  send(from_.db, 3);
  send(from_.db);
  EXPECT_EQ(to_->db.digest(), from_.db.digest());
  EXPECT_EQ(pull(to_->db, from_.db), 0U);
}

TEST_F(InboxTest, NewsFromOthersDuringATransferIsNoHindrance) {
  Device third(folder_ / "third.db");
  migrate_notes(third.db);
  pull(third.db, from_.db);
  send(from_.db, 4);
  third.db.execute("UPDATE notes SET title = 'by another', views = views + 5");
  pull(to_->db, third.db);
  from_.db.execute("UPDATE notes SET views = views + 1");
  send(from_.db);
  exchange(from_.db, third.db);
  exchange(to_->db, third.db);
  EXPECT_EQ(to_->db.digest(), from_.db.digest());
  EXPECT_EQ(to_->db.digest(), third.db.digest());
}

TEST_F(InboxTest, OnlyTheSameOpeningGoesOn) {
  send(from_.db, 4);
  Device reopened(folder_ / "from.db");
  EXPECT_FALSE(held_of(reopened.db).has_value());
  const auto changes = reopened.db.changes_since({}, kMainSpace, held_of(from_.db));
  const Delta first = decode_delta(changes->next(kChunk).value());
  EXPECT_EQ(first.chunk, 0U);
  EXPECT_EQ(first.opening, reopened.db.summary().opening);
}

TEST_F(InboxTest, ChunksOfTwoOpeningsDoNotMix) {
  send(from_.db, 2);
  Device reopened(folder_ / "from.db");
  const auto changes = reopened.db.changes_since({});
  changes->next(kChunk);
  changes->next(kChunk);
  EXPECT_ERROR(to_->db.receive(changes->next(kChunk).value()), ErrorCode::protocol);
  send(reopened.db);
  EXPECT_EQ(to_->db.digest(), from_.db.digest());
}

TEST_F(InboxTest, AChunkThatBeginsBeyondWhatWasSeenIsRefusedAtOnce) {
  Device other(folder_ / "other.db");
  migrate_notes(other.db);
  pull(other.db, from_.db);
  add_notes(from_.db, 100);
  const auto changes = from_.db.changes_since(other.db.vector());
  EXPECT_ERROR(to_->db.receive(changes->next(kChunk).value()), ErrorCode::causality_gap);
  EXPECT_TRUE(to_->db.summary().inboxes.empty());
}

TEST_F(InboxTest, TheOldestTransferMakesRoomForTheNewest) {
  for (std::size_t sender = 0; sender < kMaxInboxes + 3; ++sender) {
    Device device(folder_ / (std::to_string(sender) + ".db"));
    migrate_notes(device.db);
    add_notes(device.db, 30);
    send(device.db, 1);
    EXPECT_TRUE(held_of(device.db).has_value());
  }
  EXPECT_EQ(to_->db.summary().inboxes.size(), kMaxInboxes);
}

TEST_F(InboxTest, DiskForUnfinishedTransfersIsLimited) {
  DatabaseOptions options = to_->options;
  options.max_inbox_bytes = 25'000;
  to_.reset();
  Database small(folder_ / "small.db", options);
  migrate_notes(small);
  const auto changes = from_.db.changes_since({});
  small.receive(changes->next(kChunk).value());
  small.receive(changes->next(kChunk).value());
  EXPECT_ERROR(small.receive(changes->next(kChunk).value()), ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace rill
