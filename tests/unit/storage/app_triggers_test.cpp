#include "app_triggers.hpp"

#include <gtest/gtest.h>

namespace rill::storage {
namespace {

const std::vector<std::string> kReplicated{"notes", "totals"};

std::string guarded(const std::string& sql) { return fitted_trigger(sql, kReplicated, {}); }

TEST(AppTriggers, AreLeftAloneWhereTheyWriteOnlyTablesOfTheirOwn) {
  const std::string sql =
      "CREATE TRIGGER t AFTER INSERT ON notes BEGIN INSERT INTO audit SELECT 'UPDATE notes'; END";
  EXPECT_EQ(guarded(sql), sql);
}

TEST(AppTriggers, GetAConditionWhereTheyWriteAReplicatedTable) {
  EXPECT_EQ(
      guarded("CREATE TRIGGER t AFTER INSERT ON x BEGIN UPDATE totals SET n = 1; END"),
      "CREATE TRIGGER t AFTER INSERT ON x WHEN NOT rill_applying() BEGIN UPDATE totals SET n = "
      "1; END");
}

TEST(AppTriggers, KeepTheirOwnCondition) {
  EXPECT_EQ(
      guarded("CREATE TRIGGER t AFTER INSERT ON x WHEN new.a OR new.b BEGIN SELECT 1; "
              "insert or ignore into \"Totals\" values(1); END"),
      "CREATE TRIGGER t AFTER INSERT ON x WHEN ( new.a OR new.b ) AND NOT rill_applying() BEGIN "
      "SELECT 1; insert or ignore into \"Totals\" values(1); END");
}

TEST(AppTriggers, AreGuardedOnce) {
  const std::string once =
      guarded("CREATE TRIGGER t AFTER DELETE ON x BEGIN DELETE FROM notes; END");
  EXPECT_EQ(guarded(once), once);
}

TEST(AppTriggers, ThatWatchEveryUpdateWatchTheColumnsOfTheApp) {
  EXPECT_EQ(fitted_trigger("CREATE TRIGGER t BEFORE UPDATE ON notes BEGIN SELECT 1; END",
                           kReplicated, {"id", "ti\"tle"}),
            "CREATE TRIGGER t BEFORE UPDATE OF \"id\", \"ti\"\"tle\" ON notes BEGIN SELECT 1; END");
  const std::string listed = "CREATE TRIGGER t AFTER UPDATE OF title ON notes BEGIN SELECT 1; END";
  EXPECT_EQ(fitted_trigger(listed, kReplicated, {"id", "title"}), listed);
}

TEST(AppTriggers, AreReadPastCommentsAndStrings) {
  const std::string sql =
      "CREATE TRIGGER t AFTER INSERT ON x /* BEGIN */ BEGIN SELECT 'it''s; DELETE FROM notes';"
      " -- UPDATE notes\n SELECT 2; END";
  EXPECT_EQ(guarded(sql), sql);
}

}  // namespace
}  // namespace rill::storage
