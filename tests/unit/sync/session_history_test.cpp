#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "rill/error.hpp"
#include "rill/session.hpp"
#include "rill/sync.hpp"
#include "support/memory_replica.hpp"
#include "support/session_pair.hpp"

// What becomes of copies and old backups, and of transfers that were cut.

namespace rill {
namespace {

using test::MemoryReplica;
using test::replica_id;
using test::SessionPair;

ErrorCode error_of_sync(Replica& left, Replica& right) {
  try {
    sync(left, right);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::internal;
}

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

TEST(SessionHistory, TwoFilesThatUsedTheSameDotsAreForkedAndKeepWhatTheyHave) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "milk", {{"title", "Milk"}});
  const auto copy = a.copy(2);
  MemoryReplica b(replica_id(2));
  a.update("notes", "milk", "title", "Oat milk");
  copy->update("notes", "milk", "title", "Soy milk");
  sync(a, b);
  const std::string before = b.fingerprint();
  EXPECT_EQ(error_of_sync(*copy, b), ErrorCode::forked);
  EXPECT_EQ(error_of_sync(b, *copy), ErrorCode::forked);
  EXPECT_EQ(error_of_sync(a, *copy), ErrorCode::forked);
  EXPECT_EQ(b.fingerprint(), before);
}

TEST(SessionHistory, CopyThatHasNotWrittenTakesANewIdWhereTheOriginalHas) {
  MemoryReplica a(replica_id(1));
  a.insert("notes", "milk", {{"title", "Milk"}});
  const auto copy = a.copy(2);
  EXPECT_EQ(error_of_sync(a, *copy), ErrorCode::forked);  // one file, for all that shows
  const auto reopened = a.copy(3);
  reopened->insert("notes", "tea", {{"title", "Tea"}});
  sync(*reopened, *copy);
  EXPECT_EQ(reopened->id(), replica_id(1));
  EXPECT_NE(copy->id(), replica_id(1));
  EXPECT_EQ(copy->shown(), reopened->shown());
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
