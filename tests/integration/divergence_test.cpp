// Two files in sync, and another program that changes one of them past Rill.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "rill/session.hpp"
#include "support/database_fixture.hpp"
#include "support/session_pair.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using test::SessionPair;
using ::testing::HasSubstr;
using testing::run_stock;

class Divergence : public testing::TwoDevices {
 protected:
  Divergence() {
    for (testing::Device* device : {&a, &b}) testing::migrate_notes(device->db);
    for (int note = 0; note < 50; ++note) {
      a.db.execute("INSERT INTO notes(id, title) VALUES(?, 'Milk')", std::to_string(note));
    }
  }

  /// Writes as a program does that removes what is in its way, and puts it back.
  void meddle(const std::string& sql) {
    const auto trigger = a.db.query(
        "SELECT group_concat('DROP TRIGGER ' || name, '; '), group_concat(sql, '; ') FROM "
        "sqlite_master WHERE type = 'trigger' AND tbl_name = 'notes'");
    const std::string drop = trigger.front().get<std::string>(0);
    const std::string create = trigger.front().get<std::string>(1);
    ASSERT_EQ(run_stock(a.db.path(), drop + "; " + sql + "; " + create), "ok");
  }

  /// All `diverged` of the left side in half a minute.
  std::string found() {
    SessionPair pair(a.db, b.db);
    pair.pump();
    for (int second = 0; second < 30; ++second) {
      pair.left.tick(milliseconds{second * 1'000});
      pair.right.tick(milliseconds{second * 1'000});
      pair.pump();
    }
    EXPECT_FALSE(pair.left.error() || pair.right.error());
    std::string text;
    for (const auto& event : pair.left_events) {
      if (event.kind == SessionEvent::Kind::diverged) text += event.message;
    }
    return text;
  }
};

TEST_F(Divergence, FilesInSyncAreNotComplainedOf) {
  b.db.execute("DELETE FROM notes WHERE id = '7'");
  EXPECT_EQ(found(), "");
  EXPECT_EQ(a.db.digest(), b.db.digest());
}

TEST_F(Divergence, RowThatAnotherProgramChangedIsNamed) {
  EXPECT_EQ(found(), "");
  meddle("UPDATE notes SET title = 'Mold' WHERE id = '42'");
  const std::string text = found();
  EXPECT_THAT(text, HasSubstr("different are notes 42"));
  EXPECT_THAT(text, HasSubstr(a.db.digest()));
  EXPECT_THAT(text, HasSubstr(b.db.digest()));
}

TEST_F(Divergence, RowThatAnotherProgramTookAwayIsNamed) {
  EXPECT_EQ(found(), "");
  meddle("DELETE FROM notes WHERE id = '3'");
  EXPECT_THAT(found(), HasSubstr("notes 3 (missing here)"));
}

TEST_F(Divergence, ScanGoesStepByStepAndSumsUpToTheSame) {
  const auto scan = a.db.digest_scan();
  int steps = 1;
  while (scan->advance(1'000)) ++steps;
  EXPECT_GT(steps, 5);
  EXPECT_EQ(scan->digests().total().to_string(), a.db.digest());
  EXPECT_EQ(scan->vector(), a.db.vector());
}

}  // namespace
}  // namespace rill
