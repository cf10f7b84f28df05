#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <random>
#include <set>

#include "support/disk_device.hpp"
#include "support/expect_error.hpp"
#include "unit/storage/file_invariants.hpp"

namespace rill {
namespace {

using testing::DiskDevice;
using ::testing::HasSubstr;
using testing::pull;
using testing::scaled;
using testing::SimulatedDisk;
using testing::value_of;

/// A connection of another program, without Rill.
class Stock {
 public:
  explicit Stock(const SimulatedDisk& disk) {
    sqlite3_open_v2(DiskDevice::kPath, &db_, SQLITE_OPEN_READWRITE, disk.vfs().c_str());
  }
  ~Stock() { sqlite3_close(db_); }
  Stock(const Stock&) = delete;
  Stock& operator=(const Stock&) = delete;

  std::string text(const std::string& sql) {
    std::string result;
    const auto take = [](void* into, int, char** values, char**) {
      *static_cast<std::string*>(into) = values[0] != nullptr ? values[0] : "";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), take, &result, nullptr), SQLITE_OK) << sql;
    return result;
  }

  /// Replaces the only blob of `SELECT <column> … WHERE rowid or key` by what `change` makes of it.
  bool alter(const std::string& table, const std::string& column, std::mt19937_64& random) {
    const std::string count = text("SELECT count(*) FROM " + table);
    if (count == "0") return false;
    const std::string row = " LIMIT 1 OFFSET " + std::to_string(random() % std::stoul(count));
    const std::string old = text("SELECT hex(" + column + ") FROM " + table + row);
    // Keys of tables without rowid are not at hand: the value itself finds the row.
    text("UPDATE " + table + " SET " + column + " = x'" + altered(old, random) + "' WHERE " +
         column + " = x'" + old + "' OR " + column + " = CAST(x'" + old + "' AS TEXT)");
    return true;
  }

 private:
  static std::string altered(std::string hex, std::mt19937_64& random) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    switch (random() % 5) {
      case 0:
        return hex.substr(0, random() % (hex.size() / 2 + 1) * 2);
      case 1:
        return hex + hex.substr(0, random() % (hex.size() / 2 + 1) * 2);
      default:
        for (auto flips = random() % 3 + 1; flips > 0 && !hex.empty(); --flips) {
          hex[random() % hex.size()] = kDigits[random() % kDigits.size()];
        }
        return hex;
    }
  }

  sqlite3* db_ = nullptr;
};

/// A device with something in each of Rill's tables, and a peer that can go on with it.
class Damage : public ::testing::Test {
 public:
  Damage() {
    migrate(device.open());
    migrate(peer.open());
    peer.db->migrate(3, [](Schema& schema) {
      schema.execute("CREATE TABLE newer(id TEXT PRIMARY KEY NOT NULL, words TEXT)");
      schema.replicate("newer", {{"words", set()}});
    });
    for (int row = 0; row < 40; ++row) {
      device.db->execute("INSERT INTO notes(id, body, tags) VALUES(?, ?, '[\"a\",\"b\"]')",
                         "n" + std::to_string(row), std::string(200, 'b'));
    }
    device.db->execute("INSERT INTO plain(id, text) VALUES('p', 'of the app')");
    testing::exchange(*device.db, *peer.db);
    device.db->execute("UPDATE notes SET title = 'by a', views = views + 1, tags = '[\"a\"]'");
    peer.db->execute("UPDATE notes SET title = 'by b', views = views + 2, tags = '[\"c\"]'");
    peer.db->execute("DELETE FROM notes WHERE id > 'n30'");
    peer.db->execute("INSERT INTO newer(id, words) VALUES('w', '[\"x\",\"y\"]'), ('v', '[]')");
    testing::exchange(*device.db, *peer.db);
    device.db->execute("DELETE FROM notes WHERE id > 'n20'");
    stage_a_chunk();
    device.close();
    whole = device.disk.copy(DiskDevice::kPath);
  }

  static void migrate(Database& db) {
    testing::migrate_notes(db);
    db.migrate(2, [](Schema& schema) {
      schema.execute("CREATE TABLE plain(id TEXT PRIMARY KEY NOT NULL, text TEXT)");
      schema.replicate("plain", {});
    });
  }

  /// Begins a delta that does not end.
  void stage_a_chunk() {
    peer.db->execute("UPDATE notes SET body = 'staged'");
    const auto changes = peer.db->changes_since(device.db->vector());
    EXPECT_FALSE(device.db->receive(*changes->next(200)).applied);
  }

  /// Uses the file in every way there is, going on after errors; returns what was thrown.
  std::vector<Error> use() {
    std::vector<Error> errors;
    const auto attempt = [&](const std::function<void()>& work) {
      try {
        if (!device.db) device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
        work();
      } catch (const Error& error) {
        errors.push_back(error);
      }
    };
    attempt([&] { migrate(*device.db); });
    attempt([&] { device.db->query("SELECT * FROM notes ORDER BY body"); });
    attempt([&] { device.db->query("SELECT * FROM rill_conflicts"); });
    attempt([&] { device.db->conflicts(); });
    attempt([&] {
      device.db->execute("UPDATE notes SET title = 't', views = views + 1, tags = '[]'");
    });
    attempt([&] { device.db->execute("DELETE FROM notes WHERE id < 'n12'"); });
    attempt([&] { device.db->execute("INSERT OR REPLACE INTO notes(id) VALUES('n25'), ('new')"); });
    attempt([&] { device.db->digest(); });
    attempt([&] { static_cast<void>(device.db->summary()); });
    attempt([&] { take_all(*device.db); });
    attempt([&] { pull(*device.db, *peer.db, 500); });
    attempt([&] { device.db->receive(full_state()); });
    attempt([&] {
      if (device.db->query("SELECT 1 FROM notes WHERE id = 'n15'").empty()) return;
      device.db->resolve("notes", "n15", "title");
    });
    attempt([&] { adopt(); });
    device.close();
    return errors;
  }

  static void take_all(Database& db) {
    const auto changes = db.changes_since({});
    while (changes->next(1'000)) {
    }
  }

  std::string full_state() { return *peer.db->changes_since({})->next(10'000'000); }

  void adopt() {
    device.db->migrate(3, [](Schema& schema) {
      schema.execute("CREATE TABLE newer(id TEXT PRIMARY KEY NOT NULL, words TEXT)");
      schema.replicate("newer", {{"words", set()}});
    });
  }

  DiskDevice device{1};
  DiskDevice peer{2};
  SimulatedDisk::Copy whole;
};

TEST_F(Damage, ThatIsNotThereIsNotReported) { EXPECT_TRUE(use().empty()); }

TEST_F(Damage, OfAnyTablesPagesIsReportedAndSparesTheOthers) {
  const std::vector<std::string> tables = {
      "notes",        "rill_file",       "rill_replica", "rill_clock", "rill_vector",
      "rill_mark",    "rill_table",      "rill_column",  "rill_shape", "rill_tombstone",
      "rill_unknown", "rill_conflicted", "rill_inbox"};
  for (const std::string& table : tables) {
    SCOPED_TRACE(table);
    device.disk.restore(DiskDevice::kPath, whole);
    const auto page = std::stoul(Stock(device.disk)
                                     .text("SELECT rootpage FROM sqlite_schema WHERE "
                                           "name = '" +
                                           table + "'"));
    const auto size = std::stoul(Stock(device.disk).text("PRAGMA page_size"));
    std::string bytes = device.disk.read(DiskDevice::kPath);
    bytes.replace((page - 1) * size, size, std::string(size, '\xA5'));
    device.disk.put(DiskDevice::kPath, bytes);

    const std::vector<Error> errors = use();
    EXPECT_FALSE(errors.empty()) << "the damage was not noticed";
    for (const Error& error : errors) {
      EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::corrupt)) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("backup"));
    }
    EXPECT_EQ(Stock(device.disk).text("SELECT text FROM plain"), "of the app");
    if (table == "notes") continue;
    EXPECT_NE(Stock(device.disk).text("SELECT count(*) FROM notes"), "0");
  }
}

TEST_F(Damage, OfAnyBlobIsTypedAndNeverCrashes) {
  const std::vector<std::pair<std::string, std::string>> blobs = {
      {"notes", "_rill_meta"},     {"rill_tombstone", "meta"}, {"rill_tombstone", "image"},
      {"rill_tombstone", "key"},   {"rill_unknown", "state"},  {"rill_unknown", "columns"},
      {"rill_unknown", "key"},     {"rill_inbox", "delta"},    {"rill_mark", "vector"},
      {"rill_replica", "replica"}, {"rill_shape", "columns"},  {"rill_conflicted", "key"},
      {"rill_file", "nonce"},
  };
  std::mt19937_64 random(11);
  std::set<std::string> reported;
  for (unsigned round = 0; round < scaled(600); ++round) {
    const auto& [table, column] = blobs[round % blobs.size()];
    SCOPED_TRACE("round " + std::to_string(round) + ": " + table + "." + column);
    device.disk.restore(DiskDevice::kPath, whole);
    ASSERT_TRUE(Stock(device.disk).alter(table, column, random));
    for (const Error& error : use()) {
      EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::corrupt)) << error.what();
      reported.insert(table + "." + column);
    }
    EXPECT_EQ(Stock(device.disk).text("PRAGMA integrity_check"), "ok");
    if (HasFailure()) return;
  }
  EXPECT_GE(reported.size(), testing::kEffortPercent == 100 ? 10U : 1U);
}

TEST_F(Damage, OfARowLeavesAReceivedDeltaUnapplied) {
  Stock(device.disk).text("UPDATE notes SET _rill_meta = x'02' WHERE id = 'n15'");
  device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
  const VersionVector before = device.db->vector();
  const Value rows = value_of(*device.db, "SELECT group_concat(body) FROM notes");
  EXPECT_ERROR(pull(*device.db, *peer.db), ErrorCode::corrupt);
  EXPECT_EQ(device.db->vector(), before);
  EXPECT_EQ(value_of(*device.db, "SELECT group_concat(body) FROM notes"), rows);
  // What it says to do: the damaged row may be deleted with its history by an INSERT OR REPLACE.
  device.db->execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n15', 'again')");
  pull(*device.db, *peer.db);
  adopt();
  testing::exchange(*device.db, *peer.db);
  EXPECT_EQ(device.db->digest(), peer.db->digest());
}

TEST_F(Damage, OfTheInboxIsOvercomeByTheNextDelta) {
  Stock(device.disk).text("UPDATE rill_inbox SET delta = x'00'");
  device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
  pull(*device.db, *peer.db, 200);
  adopt();
  testing::exchange(*device.db, *peer.db);
  EXPECT_EQ(device.db->digest(), peer.db->digest());
}

}  // namespace
}  // namespace rill
