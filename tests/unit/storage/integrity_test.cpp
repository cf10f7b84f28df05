#include <gtest/gtest.h>

#include <fstream>

#include "rill/database.hpp"
#include "support/meddling.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::exchange;
using testing::findings;
using testing::Meddling;
using testing::run_stock;

class Integrity : public testing::TwoDevices {
 public:
  Integrity() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, n INTEGER, r REAL)");
      schema.replicate("notes", {{"n", rill::counter()}, {"r", rill::counter()}});
    });
    // A row of each sort: whole, in conflict, with contributions, deleted, reborn, unknown.
    b.db.migrate(2, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE lists(id TEXT PRIMARY KEY NOT NULL); ALTER TABLE notes ADD "
          "COLUMN colour TEXT");
      schema.replicate("lists");
    });
    a.db.execute(
        "INSERT INTO notes(id, title, n, r) VALUES('1', 'Milk', 1, 1), ('2', 'Tea', 2, "
        "2.5), ('3', 'Rice', 3, NULL), ('4', 'Salt', NULL, 0), ('5', 'Oil', 5, 5)");
    exchange(a.db, b.db);
    for (testing::Device* device : {&a, &b}) {
      device->db.execute(
          "UPDATE notes SET title = title || hex(randomblob(2)), n = n + 1, "
          "r = r + 0.1 WHERE id <= '2'");
    }
    b.db.execute("INSERT INTO lists(id) VALUES('l')");
    b.db.execute("UPDATE notes SET colour = 'blue' WHERE id = '3'");
    a.db.execute("DELETE FROM notes WHERE id >= '4'");
    a.db.execute("INSERT INTO notes(id, title) VALUES('5', 'Oil')");
    exchange(a.db, b.db);
    exchange(a.db, b.db);
  }
};

class IntegrityFinds : public Integrity, public ::testing::WithParamInterface<Meddling> {};

TEST_F(Integrity, IsWholeInAFileThatHasSeenEverything) {
  EXPECT_EQ(findings(a.db), "");
  EXPECT_EQ(findings(b.db), "");
  EXPECT_FALSE(a.db.conflicts().empty());
}

TEST_P(IntegrityFinds, EachDamage) {
  ASSERT_EQ(run_stock(a.db.path(), GetParam().sql), "ok");
  const std::vector<Finding> found = a.db.check();
  ASSERT_FALSE(found.empty());
  bool named = false;
  for (const Finding& finding : found) {
    named |= (finding.table + ": " + finding.what).find(GetParam().told) != std::string::npos;
    EXPECT_FALSE(finding.advice.empty());
  }
  EXPECT_TRUE(named) << findings(a.db);
}

INSTANTIATE_TEST_SUITE_P(
    OfMetadata, IntegrityFinds,
    ::testing::Values(
        Meddling{"AnUnreadableMeta", "UPDATE notes SET _rill_meta = x'09' WHERE id = '1'",
                 "notes: _rill_meta cannot be read"},
        Meddling{"ATruncatedMeta",
                 "UPDATE notes SET _rill_meta = substr(_rill_meta, 1, 3) WHERE id = '1'",
                 "notes: _rill_meta cannot be read"},
        Meddling{"NoMeta", "UPDATE notes SET _rill_meta = NULL WHERE id = '1'",
                 "notes: _rill_meta cannot be read"},
        Meddling{"NoSeq", "UPDATE notes SET _rill_seq = NULL WHERE id = '1'",
                 "notes: _rill_seq is missing"},
        Meddling{"ARepeatedSeq",
                 "UPDATE notes SET _rill_seq = (SELECT _rill_seq FROM notes WHERE id = '2')",
                 "is another row's, too"},
        Meddling{"ASeqBeyondTheClock", "UPDATE notes SET _rill_seq = 9999 WHERE id = '1'",
                 "is beyond the clock's"},
        Meddling{"AnEventThatWasNotSeen",
                 "UPDATE notes SET _rill_meta = x'0101ff7f0100' WHERE id = '3'", "does not cover"},
        Meddling{"AReplicaThatIsNotKnown",
                 "UPDATE notes SET _rill_meta = x'0132010100' WHERE id = '3'", "replica number 50"},
        Meddling{
            "ARowThatIsDead",
            "UPDATE notes SET _rill_meta = (SELECT meta FROM rill_tombstone WHERE seq = (SELECT "
            "max(seq) FROM rill_tombstone)) WHERE id = '3'",
            "entries say it is deleted"},
        Meddling{"AClockThatWentBack", "UPDATE rill_clock SET counter = 1", "does not cover"},
        Meddling{"AVectorThatWentBack", "DELETE FROM rill_vector", "does not cover"},
        Meddling{"AMarkThatClaimsTooMuch",
                 "INSERT OR REPLACE INTO rill_mark SELECT 1, max(seq) + 1, x'00' FROM rill_mark",
                 "claims more than the file has"},
        Meddling{"AnEpochThatIsMissing", "DELETE FROM rill_epoch WHERE replica = 1",
                 "rill_epoch: no epoch is known"},
        Meddling{"AMarkThatIsNoVector", "UPDATE rill_mark SET vector = x'ff'", "rill_mark: "},
        Meddling{"ARowThatChangedAfterAMark",
                 "UPDATE notes SET _rill_seq = (SELECT min(seq) FROM rill_mark) - 1 WHERE id = '5'",
                 "so a peer would not get them"},
        Meddling{"AnImageThatIsNoRow", "UPDATE rill_tombstone SET image = x'00'",
                 "rill_tombstone: "},
        Meddling{"ATombstoneThatIsAlive",
                 "UPDATE rill_tombstone SET meta = (SELECT _rill_meta FROM notes WHERE id = '5')",
                 "entries say it is alive"},
        Meddling{"ATombstoneNewerThanItsRow",
                 "UPDATE notes SET _rill_meta = x'0101010100' WHERE id = '5'",
                 "the row was deleted after"},
        Meddling{"ATombstoneOfNoTable", "UPDATE rill_tombstone SET tbl = 77", "table number 77"},
        Meddling{"AnUnknownRowThatIsNone", "UPDATE rill_unknown SET state = x'ff'",
                 "rill_unknown: "},
        Meddling{"AnUnknownRowOfAKnownTable", "UPDATE rill_unknown SET name = 'notes'",
                 "the row is not in it"},
        Meddling{"ACatalogThatLacksAShape", "DELETE FROM rill_shape", "rill_shape"}),
    [](const auto& tested) { return tested.param.name; });

TEST_F(Integrity, NamesRowsByTheirKeys) {
  ASSERT_EQ(run_stock(a.db.path(), "UPDATE notes SET _rill_meta = NULL WHERE id = '2'"), "ok");
  const std::vector<Finding> found = a.db.check();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].table, "notes");
  EXPECT_EQ(found[0].key, std::vector{Value("2")});
  EXPECT_NE(found[0].advice.find("recapture(\"notes\")"), std::string::npos);
  a.db.recapture("notes");
  EXPECT_EQ(findings(a.db), "");
}

TEST_F(Integrity, StopsAtTheLimitOfFindings) {
  a.db.execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) "
      "INSERT INTO notes(id) SELECT 'x' || i FROM n");
  ASSERT_EQ(run_stock(a.db.path(), "UPDATE notes SET _rill_meta = NULL"), "ok");
  EXPECT_EQ(a.db.check().size(), kMaxFindings);
}

TEST_F(Integrity, FindsPagesThatAreDamaged) {
  const auto path = folder / "c.db";
  {
    testing::Device c{path};
    testing::migrate_notes(c.db);
    c.db.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
        "INSERT INTO notes(id, title) SELECT 'x' || i, hex(randomblob(100)) FROM n");
  }
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(0, std::ios::end);
    file.seekp(file.tellp() - std::streamoff{20'480});
    const std::string rubbish(4096, '\x5a');
    file.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
  }
  testing::Device c{path};
  EXPECT_FALSE(c.db.check().empty());
}

TEST_F(Integrity, IsReadAsOfOneSnapshotWhileOthersWrite) {
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id) VALUES('new')");
    EXPECT_EQ(findings(a.db), "");
  });
  EXPECT_EQ(findings(a.db), "");
}

}  // namespace
}  // namespace rill
