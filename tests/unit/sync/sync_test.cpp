#include "rill/sync.hpp"

#include <gtest/gtest.h>

#include "rill/error.hpp"
#include "rill/rule.hpp"
#include "support/expect_error.hpp"
#include "support/memory_replica.hpp"

namespace rill {
namespace {

using test::MemoryReplica;
using test::replica_id;

TEST(Sync, TwoEmptyReplicasAreInSync) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  const SyncReport report = sync(a, b);
  EXPECT_EQ(report.rows_sent + report.rows_received, 0U);
}

TEST(Sync, BothSidesGetWhatTheOtherHas) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "milk", {{"title", "Milk"}});
  a.insert("notes", "eggs", {{"title", "Eggs"}});
  b.insert("notes", "tea", {{"title", "Tea"}});
  const SyncReport report = sync(a, b);
  EXPECT_EQ(report.rows_sent, 2U);
  EXPECT_EQ(report.rows_received, 1U);
  EXPECT_GT(report.bytes_sent, 0U);
  EXPECT_GT(report.bytes_received, 0U);
  EXPECT_EQ(a.shown(), b.shown());
  EXPECT_EQ(a.shown().at("notes").size(), 3U);
  EXPECT_EQ(a.vector(), b.vector());
}

TEST(Sync, AgainSendsNothing) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "milk", {{"title", "Milk"}});
  sync(a, b);
  const SyncReport report = sync(a, b);
  EXPECT_EQ(report.rows_sent + report.rows_received, 0U);
  EXPECT_EQ(b.deltas_applied(), 1U);
  EXPECT_EQ(a.deltas_applied(), 0U);
}

TEST(Sync, ConcurrentEditsOfDifferentColumnsBothStand) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.declare("notes", "views", counter());
  b.declare("notes", "views", counter());
  a.insert("notes", "milk", {{"title", "Milk"}, {"views", 1}});
  sync(a, b);
  a.update("notes", "milk", "title", "Oat milk");
  a.update("notes", "milk", "views", 3);
  b.update("notes", "milk", "views", 11);
  sync(b, a);
  EXPECT_EQ(a.shown(), b.shown());
  EXPECT_EQ(a.shown().at("notes").at("milk").at("title"), Value("Oat milk"));
  EXPECT_EQ(a.shown().at("notes").at("milk").at("views"), Value(13));
}

TEST(Sync, NewsTravelsThroughAThirdReplica) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  MemoryReplica c(replica_id(3));
  a.insert("notes", "milk", {{"title", "Milk"}});
  sync(a, b);
  sync(b, c);
  EXPECT_EQ(c.shown(), a.shown());
  c.erase("notes", "milk");
  sync(c, b);
  sync(b, a);
  EXPECT_TRUE(a.shown().empty());
}

TEST(Sync, SameReplicaTwiceIsForked) {
  MemoryReplica a(replica_id(1));
  EXPECT_ERROR(sync(a, a), ErrorCode::forked);
}

TEST(Sync, FailureOfOneSideIsThrownAndChangesNothing) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "milk", {{"title", "Milk"}});
  b.before_receive([] { throw Error(ErrorCode::disk_full, "no space left for b.db"); });
  const std::string before = b.fingerprint();
  try {
    sync(a, b);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::disk_full);
    EXPECT_STREQ(error.what(), "no space left for b.db");
  }
  EXPECT_EQ(b.fingerprint(), before);
  b.before_receive(nullptr);
  sync(a, b);
  EXPECT_EQ(a.shown(), b.shown());
}

TEST(Sync, EndsThoughAWriterNeverStops) {
  MemoryReplica a(replica_id(1));
  MemoryReplica b(replica_id(2));
  a.insert("notes", "n", {{"title", "0"}});
  int edits = 0;
  b.before_receive([&] { a.update("notes", "n", "title", std::to_string(++edits)); });
  sync(a, b);
  EXPECT_LT(edits, 5);
  EXPECT_EQ(b.shown().at("notes").at("n").at("title"), Value("0"));
}

}  // namespace
}  // namespace rill
