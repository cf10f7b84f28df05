#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "unit/storage/twin_device.hpp"

// Files that went on as one replica, because nothing showed that they were copies.

namespace rill {
namespace {

using testing::pull;
using testing::settle_pasts;
using testing::sync_all;
using testing::sync_twins;
using testing::TwinDevice;
using testing::value_of;

/// An original, a copy of it that has not written yet, and a third device that has seen both
/// as one.
class ForkTest : public ::testing::Test {
 protected:
  ForkTest() {
    original_.insert("n", "shared ");
    original_.type("n", 7, "text ");
    original_.view("n");
    original_.tag("n", "old");
    sync_twins(original_, third_);
    copy_.become(original_.copy());
    replica_ = original_.db().id();
  }

  TwinDevice original_{1};
  TwinDevice copy_{2};
  TwinDevice third_{3};
  ReplicaId replica_;
};

TEST_F(ForkTest, BothBranchesStayInEveryKindOfColumn) {
  ASSERT_EQ(copy_.db().id(), replica_);
  original_.insert("from original", "x");
  original_.view("n");
  original_.tag("n", "original");
  original_.type("n", 12, "original ");
  copy_.insert("from copy", "y");
  copy_.insert("from copy too", "z");
  copy_.view("n");
  copy_.view("n");
  copy_.tag("n", "copy");
  copy_.type("n", 12, "copy ");
  sync_twins(original_, third_);
  sync_twins(copy_, third_);
  sync_all({&original_, &copy_, &third_});

  EXPECT_EQ(value_of(third_.db(), "SELECT count(*) FROM notes"), Value(4));
  EXPECT_EQ(third_.value("views", "n"), Value(4));
  EXPECT_EQ(third_.value("tags", "n"), Value(R"(["copy","old","original"])"));
  const std::string body = third_.value("body", "n").text();
  EXPECT_TRUE(body == "shared text original copy " || body == "shared text copy original ") << body;
  EXPECT_NE(original_.db().id(), replica_);
  EXPECT_NE(copy_.db().id(), replica_);
  EXPECT_NE(copy_.db().id(), original_.db().id());
  EXPECT_EQ(third_.db().vector()[replica_], 0U);
}

TEST_F(ForkTest, ConcurrentWritesOfTheBranchesAreAConflict) {
  original_.db().execute("UPDATE notes SET title = 'original' WHERE id = 'n'");
  copy_.db().execute("UPDATE notes SET title = 'copy' WHERE id = 'n'");
  sync_twins(original_, copy_);
  const std::vector<ConflictRecord> conflicts = original_.db().conflicts();
  ASSERT_EQ(conflicts.size(), 1U);
  EXPECT_EQ(conflicts[0].column, "title");
  ASSERT_EQ(conflicts[0].others.size(), 1U);
  EXPECT_NE(conflicts[0].others[0].value, conflicts[0].shown);
  EXPECT_EQ(copy_.db().conflicts().size(), 1U);
}

TEST_F(ForkTest, DevicesWriteOnAndSyncAfterwards) {
  original_.view("n");
  copy_.view("n");
  sync_all({&original_, &copy_, &third_});
  for (TwinDevice* device : {&original_, &copy_, &third_}) {
    device->view("n");
    device->type("n", 0, "more ");
    device->reopen();
    device->tag("n", device->db().id().to_string());
  }
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(third_.value("views", "n"), Value(6));
  EXPECT_EQ(third_.value("body", "n"), Value("more more more shared text "));
}

TEST_F(ForkTest, AppIsToldAndAgainOnlyOfAnotherFork) {
  std::vector<std::string> told;
  const Subscription events = third_.db().on_event([&](const DatabaseEvent& event) {
    if (event.kind == DatabaseEvent::Kind::forked) told.push_back(event.message);
  });
  third_.device.options.executor = {};
  original_.view("n");
  sync_twins(original_, third_);
  copy_.view("n");
  sync_twins(copy_, third_);
  sync_twins(copy_, third_);
  sync_twins(original_, third_);
  for (int wait = 0; wait < 500 && told.empty(); ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].find(replica_.to_string()), std::string::npos) << told[0];
  EXPECT_NE(told[0].find("event 1 "), std::string::npos) << told[0];
}

TEST_F(ForkTest, CountsOfAnOpeningThatWasCopiedMidwayAreAddedOnce) {
  // None of these have left the file, and would fold into one.
  original_.view("n");
  original_.view("n");
  copy_.become(original_.copy());
  original_.view("n");
  copy_.view("n");
  copy_.view("n");
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(third_.value("views", "n"), Value(1 + 2 + 1 + 2));
}

TEST_F(ForkTest, DeadRowsAndRowsOfUnknownTablesAreRenamedToo) {
  const auto add_table = [](TwinDevice& device) {
    device.db().migrate(2, [](Schema& schema) {
      schema.execute("CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL, name TEXT, body TEXT)");
      schema.replicate("lists", {{"body", text()}});
    });
  };
  add_table(original_);
  original_.db().execute("INSERT INTO lists(id, name, body) VALUES('l', 'name', 'list')");
  original_.db().execute("UPDATE lists SET body = 'listed'");
  original_.insert("dead", "x");
  original_.db().execute("DELETE FROM notes WHERE id = 'dead'");
  original_.insert("back", "x");
  original_.db().execute("DELETE FROM notes WHERE id = 'back'");
  original_.insert("back", "again");
  copy_.become(original_.copy());
  original_.view("n");
  copy_.db().execute("UPDATE lists SET name = 'of copy'");
  sync_twins(original_, third_);
  sync_twins(copy_, third_);
  add_table(third_);
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(value_of(third_.db(), "SELECT name || ' ' || body FROM lists"),
            Value("of copy listed"));
  third_.insert("dead", "alive");
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(original_.value("body", "dead"), Value("alive"));
}

TEST_F(ForkTest, CertificateSpreadsToWhoHasSeenNoneOfIt) {
  TwinDevice fourth(4);
  fourth.insert("own", "x");
  original_.view("n");
  copy_.view("n");
  sync_twins(original_, copy_);
  sync_twins(fourth, third_);  // neither knows of the fork
  sync_twins(fourth, copy_);
  sync_twins(fourth, third_);
  sync_all({&original_, &copy_, &third_, &fourth});
  EXPECT_EQ(fourth.value("views", "n"), Value(3));
}

TEST_F(ForkTest, DeltaUnderOldNamesIsRefusedAndStagedOnesGo) {
  original_.view("n");
  copy_.insert("large", std::string(20'000, 'x'));
  copy_.insert("large too", std::string(20'000, 'y'));
  TwinDevice fourth(4);
  settle_pasts(fourth.db(), copy_.db());
  const auto changes = copy_.db().changes_since({});
  fourth.db().receive(*changes->next(1'000));
  ASSERT_EQ(fourth.db().summary().inboxes.size(), 1U);
  sync_twins(original_, copy_);
  sync_twins(original_, fourth);
  EXPECT_TRUE(fourth.db().summary().inboxes.empty());
  EXPECT_ERROR(fourth.db().receive(*changes->next(1'000)), ErrorCode::renamed);
  sync_all({&original_, &copy_, &third_, &fourth});
}

TEST_F(ForkTest, ForkInTheMiddleOfALiveSessionEndsIt) {
  original_.view("n");
  for (int view = 0; view < 3; ++view) copy_.view("n");
  sync_twins(original_, third_);
  TwinDevice fourth(4);
  sync_twins(copy_, fourth);
  // Both had nothing to say against each other when their session began.
  original_.insert("later", "x");
  pull(third_.db(), original_.db());
  EXPECT_ERROR(pull(third_.db(), fourth.db()), ErrorCode::renamed);
  sync_all({&original_, &copy_, &third_, &fourth});
}

TEST_F(ForkTest, UnitedBranchesForkAgain) {
  original_.view("n");
  copy_.view("n");
  sync_all({&original_, &copy_, &third_});
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    third_.view("n");
    const TwinDevice::Copy image = third_.copy();
    third_.view("n");
    sync_twins(third_, original_);
    third_.become(image);
    third_.view("n");
    third_.type("n", 0, "back ");
    sync_all({&original_, &copy_, &third_});
  }
  EXPECT_EQ(original_.value("views", "n"), Value(1 + 2 + 3 * 3));
}

TEST_F(ForkTest, FilesThatNeverWroteBeforeTheyWereCopied) {
  TwinDevice fresh(5);
  copy_.become(fresh.copy());
  fresh.insert("one", "x");
  copy_.insert("other", "y");
  sync_all({&original_, &copy_, &third_, &fresh});
  EXPECT_EQ(value_of(original_.db(), "SELECT count(*) FROM notes"), Value(3));
}

TEST_F(ForkTest, TextsThatBecameCheckpointsLongAgoUnite) {
  for (int word = 0; word < 400; ++word) original_.type("n", 3, "some words of a text ");
  original_.reopen();
  copy_.become(original_.copy());
  for (int word = 0; word < 400; ++word) original_.type("n", 100, "original ");
  for (int word = 0; word < 400; ++word) copy_.type("n", 100, "copy ");
  sync_all({&original_, &copy_, &third_});
  const std::string body = third_.value("body", "n").text();
  EXPECT_EQ(body.size(), 12 + 400 * 21 + 400 * 9 + 400 * 5U);
}

TEST_F(ForkTest, EditorThatIsOpenFollows) {
  TextEdit edit = original_.db().edit_text("notes", {Value("n")}, "body");
  edit.insert(12, "written ");
  edit.commit();
  copy_.type("n", 0, "copy ");
  sync_twins(original_, copy_);
  EXPECT_FALSE(edit.refresh().empty());
  EXPECT_EQ(edit.text(), "copy shared text written ");
  edit.insert(0, "then ");
  edit.commit();
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(third_.value("body", "n"), Value("then copy shared text written "));
}

TEST_F(ForkTest, EditorWithEditsThatAreNotWrittenSaysThatItsTextIsGone) {
  TextEdit edit = original_.db().edit_text("notes", {Value("n")}, "body");
  edit.insert(12, "not written ");
  original_.view("n");
  copy_.view("n");
  sync_twins(original_, copy_);
  EXPECT_ERROR(edit.refresh(), ErrorCode::causality_gap);
  EXPECT_EQ(edit.text(), "shared text not written ");
  TextEdit again = original_.db().edit_text("notes", {Value("n")}, "body");
  EXPECT_EQ(again.assign(edit.text()).size(), 1U);
  again.commit();
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(third_.value("body", "n"), Value("shared text not written "));
}

TEST_F(ForkTest, CopiesThatHaveNotWrittenSyncUnderNewIds) {
  sync_twins(original_, copy_);
  EXPECT_NE(original_.db().id(), copy_.db().id());
  original_.view("n");
  copy_.view("n");
  sync_all({&original_, &copy_, &third_});
  EXPECT_EQ(third_.value("views", "n"), Value(3));
  EXPECT_EQ(third_.db().vector()[replica_], 4U);
}

TEST_F(ForkTest, CrashInAnyCallOfTheRenamingLeavesAllOrNothing) {
  original_.view("n");
  original_.type("n", 5, "original ");
  copy_.view("n");
  copy_.type("n", 5, "copy ");
  const ReplicaHistory history = copy_.db().history(replica_);
  const TwinDevice::Copy before = original_.copy();
  const std::string digest = original_.db().digest();
  bool crashed = true;
  for (std::uint64_t call = 0; crashed; call += 100 / testing::kEffortPercent) {
    SCOPED_TRACE("call " + std::to_string(call));
    original_.become(before);
    static_cast<void>(original_.db().summary());
    original_.device.disk.crash_after(call, testing::kPowerCuts[call % 3]);
    try {
      original_.db().settle_fork(history);
      crashed = false;
    } catch (const Error&) {
      ASSERT_TRUE(original_.device.disk.is_down());
    }
    if (crashed) {
      original_.device.restart();
      original_.open();
    }
    original_.device.disk.lift();
    ASSERT_EQ(original_.found(), "");
    const bool renamed = original_.db().vector()[replica_] == 0;
    ASSERT_EQ(renamed, original_.db().digest() != digest);
    ASSERT_EQ(original_.value("views", "n"), Value(2));
    if (HasFailure()) return;
  }
  sync_all({&original_, &copy_, &third_});
}

}  // namespace
}  // namespace rill
