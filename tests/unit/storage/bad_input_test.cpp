#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <random>

#include "rill/database.hpp"
#include "support/database_fixture.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using testing::Device;
using testing::exchange;
using testing::pull;
using testing::value_of;

class BadFile : public ::testing::Test {
 public:
  testing::TemporaryFolder folder;
};

TEST_F(BadFile, ThatIsNoDatabaseIsRefusedAndLeftAlone) {
  const auto path = folder / "letter.txt";
  const std::string text(5'000, 'x');
  std::ofstream(path) << text;
  EXPECT_ERROR(Database{path}, ErrorCode::not_a_database);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(BadFile, OfANewerFormatIsRefusedAndLeftAlone) {
  const auto path = folder / "newer.db";
  {
    const Database created{path};
  }
  sqlite3* stock = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &stock), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(stock, "UPDATE rill_file SET format = 99", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(stock);
  EXPECT_ERROR(Database{path}, ErrorCode::newer_format);
}

TEST_F(BadFile, NamesThatCannotBeFilesAreRefused) {
  EXPECT_ERROR(Database{":memory:"}, ErrorCode::invalid_argument);
  EXPECT_ERROR(Database{""}, ErrorCode::invalid_argument);
  EXPECT_ERROR(Database{folder / "no/such/folder.db"}, ErrorCode::cannot_open);
  EXPECT_ERROR((Database{folder / "absent.db", {.create = false}}), ErrorCode::cannot_open);
}

TEST_F(BadFile, WithADamagedPageIsReported) {
  const auto path = folder / "a.db";
  {
    Device device{path};
    testing::migrate_notes(device.db);
    for (int row = 0; row < 500; ++row) {
      device.db.execute("INSERT INTO notes(id, body) VALUES(?, ?)", row, std::string(300, 'b'));
    }
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(0, std::ios::end);
  const auto size = static_cast<std::streamoff>(file.tellp());
  for (std::streamoff at = size / 2; at < size; at += 512) {
    file.seekp(at);
    file << std::string(400, '\xAA');
  }
  file.close();
  try {
    Device device{path};
    static_cast<void>(device.db.query("SELECT * FROM notes ORDER BY body"));
    FAIL() << "the damage was not noticed";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::corrupt)) << error.what();
  }
}

/// Two devices with the usual table and a row that both have.
class BadInput : public ::testing::Test {
 public:
  BadInput() {
    testing::migrate_notes(a.db);
    testing::migrate_notes(b.db);
    a.db.execute("INSERT INTO notes(id, title, tags) VALUES('n', 'Milk', '[\"a\"]')");
    exchange(a.db, b.db);
  }

  std::string delta_of_an_edit() {
    a.db.execute("UPDATE notes SET title = 'Oat milk', views = views + 1");
    return *a.db.changes_since(b.db.vector())->next(1'000'000);
  }

  testing::TemporaryFolder folder;
  Device a{folder / "a.db"};
  Device b{folder / "b.db"};
};

TEST_F(BadInput, SqlErrorsAreTyped) {
  EXPECT_ERROR(a.db.execute("SELEKT 1"), ErrorCode::sql);
  EXPECT_ERROR(a.db.execute("INSERT INTO nowhere VALUES(1)"), ErrorCode::sql);
  EXPECT_ERROR(a.db.execute("INSERT INTO notes(id) VALUES('n')"), ErrorCode::constraint);
  EXPECT_ERROR(a.db.execute("INSERT INTO notes(id) VALUES(?)"), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.db.execute("SELECT 1; SELECT 2"), ErrorCode::sql);
  EXPECT_ERROR(a.db.query("SELECT * FROM nowhere"), ErrorCode::sql);
  EXPECT_ERROR(a.db.query("SELECT 1 AS x").front().get<std::string>("x"), ErrorCode::bad_value);
  EXPECT_ERROR(a.db.query("SELECT 1 AS x").front()["y"], ErrorCode::unknown_column);
}

TEST_F(BadInput, ValuesThatARuleCannotHoldAreRefusedByColumn) {
  EXPECT_ERROR(a.db.execute("UPDATE notes SET tags = '{}'"), ErrorCode::bad_value);
  EXPECT_ERROR(a.db.execute("UPDATE notes SET views = 'many'"), ErrorCode::bad_value);
  EXPECT_ERROR(a.db.execute("INSERT INTO notes(id, views) VALUES('x', x'00')"),
               ErrorCode::bad_value);
  EXPECT_EQ(value_of(a.db, "SELECT tags FROM notes"), Value("[\"a\"]"));
}

TEST_F(BadInput, ValuesAboveTheLimitAreRefused) {
  EXPECT_ERROR(a.db.execute("UPDATE notes SET body = ?", std::string(kMaxValueBytes + 1, 'x')),
               ErrorCode::too_large);
}

TEST_F(BadInput, TruncatedDeltasChangeNothing) {
  const std::string delta = delta_of_an_edit();
  const std::string before = b.db.digest();
  for (std::size_t length = 0; length < delta.size(); ++length) {
    EXPECT_ERROR(b.db.receive(delta.substr(0, length)), ErrorCode::malformed);
  }
  EXPECT_EQ(b.db.digest(), before);
  EXPECT_EQ(b.db.receive(delta).rows_changed, 1U);
}

TEST_F(BadInput, FlippedBitsNeverCrashOrDamage) {
  const std::string delta = delta_of_an_edit();
  for (std::size_t bit = 0; bit < delta.size() * 8; ++bit) {
    std::string flipped = delta;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      b.db.receive(flipped);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
    }
  }
  EXPECT_EQ(value_of(b.db, "PRAGMA integrity_check"), Value("ok"));
  b.db.execute("UPDATE notes SET body = 'still writable'");
}

TEST_F(BadInput, RandomBytesAreRefused) {
  std::mt19937 random(7);
  for (int round = 0; round < 2'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    try {
      b.db.receive(bytes);
      ADD_FAILURE() << "random bytes were taken for a delta";
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
    }
  }
}

TEST_F(BadInput, AReplayedDeltaHasNoEffect) {
  const std::string delta = delta_of_an_edit();
  b.db.receive(delta);
  const std::string after = b.db.digest();
  EXPECT_EQ(b.db.receive(delta).rows_changed, 0U);
  EXPECT_EQ(b.db.digest(), after);
}

TEST_F(BadInput, ADeltaThatStartsBeyondWhatWasSeenIsRefused) {
  const VersionVector before = a.db.vector();
  a.db.execute("UPDATE notes SET title = '1'");
  const VersionVector between = a.db.vector();
  a.db.execute("UPDATE notes SET title = '2'");
  const std::string gap = *a.db.changes_since(between)->next(1'000'000);
  EXPECT_ERROR(b.db.receive(gap), ErrorCode::causality_gap);
  EXPECT_TRUE(b.db.vector() <= before);
}

TEST_F(BadInput, ChunksOutOfOrderAreRefusedAndTheDeltaCanStartAgain) {
  a.db.execute("INSERT INTO notes(id) VALUES('1'), ('2'), ('3'), ('4')");
  const auto changes = a.db.changes_since(b.db.vector());
  std::vector<std::string> chunks;
  while (auto chunk = changes->next(1)) chunks.push_back(std::move(*chunk));
  ASSERT_GT(chunks.size(), 2U);
  EXPECT_FALSE(b.db.receive(chunks[0]).applied);
  EXPECT_ERROR(b.db.receive(chunks[2]), ErrorCode::protocol);
  EXPECT_EQ(value_of(b.db, "SELECT count(*) FROM notes"), Value(1));
  for (const std::string& chunk : chunks) b.db.receive(chunk);
  EXPECT_EQ(value_of(b.db, "SELECT count(*) FROM notes"), Value(5));
}

TEST_F(BadInput, ARuleThatThrowsOrReturnsTheWrongTypeDoesNotStopSync) {
  const auto settle = [](const Conflict& conflict) -> Value {
    if (conflict.column == "throws") throw std::runtime_error("cannot decide");
    return "not a number";
  };
  for (Device* device : {&a, &b}) {
    device->db.migrate(2, [&](Schema& schema) {
      schema.execute(
          "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, throws TEXT, n INTEGER DEFAULT 7)");
      schema.replicate("t",
                       {{"throws", custom("bad", 1, settle)}, {"n", custom("bad", 1, settle)}});
    });
  }
  std::mutex mutex;
  std::condition_variable reported;
  std::vector<DatabaseEvent> events;
  const Subscription subscription = b.db.on_event([&](const DatabaseEvent& event) {
    const std::lock_guard lock(mutex);
    events.push_back(event);
    reported.notify_all();
  });
  a.db.execute("INSERT INTO t(id, throws, n) VALUES('k', 'a', 1)");
  b.clock->advance(10);
  b.db.execute("INSERT INTO t(id, throws, n) VALUES('k', 'b', 2)");
  exchange(a.db, b.db);
  EXPECT_EQ(value_of(b.db, "SELECT throws FROM t"), Value("b"));
  EXPECT_EQ(value_of(b.db, "SELECT typeof(n) FROM t"), Value("integer"));
  EXPECT_EQ(a.db.digest(), b.db.digest());
  std::unique_lock lock(mutex);
  ASSERT_TRUE(
      reported.wait_for(lock, std::chrono::seconds(20), [&] { return events.size() >= 2; }));
  EXPECT_EQ(to_string(events[0].code), to_string(ErrorCode::rule_failed));
  EXPECT_EQ(events[0].table, "t");
}

}  // namespace
}  // namespace rill
