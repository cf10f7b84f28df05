#include "rill/device_store.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "rill/database.hpp"
#include "rill/text_edit.hpp"
#include "support/database_fixture.hpp"
#include "support/disk_device.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

using namespace std::string_literals;
using testing::Crash;
using testing::Device;
using testing::DiskDevice;
using testing::exchange;
using testing::options_beside;
using testing::pull;
using testing::TemporaryFolder;
using testing::value_of;

void migrate(Database& db) {
  db.migrate(1, [](Schema& schema) {
    schema.execute(
        "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT);"
        "CREATE TABLE drafts(id INTEGER PRIMARY KEY, words TEXT)");
    schema.replicate("notes", {{"body", text()}});
  });
}

class DeviceStoreTest : public ::testing::Test {
 protected:
  DeviceStoreTest() : a_(folder_ / "a.db"), b_(folder_ / "b.db") {
    migrate(a_.db);
    migrate(b_.db);
    a_.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 'old', 'text')");
    exchange(a_.db, b_.db);
  }
  std::string title(Database& db) {
    return std::string(value_of(db, "SELECT title FROM notes WHERE id = 'n'").text());
  }

  TemporaryFolder folder_;
  Device a_;
  Device b_;
};

TEST_F(DeviceStoreTest, KeepsValuesByName) {
  DeviceStore& store = a_.db;
  EXPECT_EQ(store.load("group"), std::nullopt);
  store.store("group", std::nullopt);
  store.store("group", "one\0two"s);
  store.store("seen", "");
  EXPECT_EQ(store.load("group"), "one\0two"s);
  EXPECT_EQ(store.load("seen"), "");
  store.store("group", "three");
  EXPECT_EQ(store.load("group"), "three");
  store.store("group", std::nullopt);
  EXPECT_EQ(store.load("group"), std::nullopt);
  EXPECT_EQ(store.load("seen"), "");
  EXPECT_EQ(store.file(), a_.db.path());
}

TEST_F(DeviceStoreTest, KeepsThemInTheFileAndToItself) {
  const std::string digest = a_.db.digest();
  const VersionVector vector = a_.db.vector();
  a_.db.store("group", "value");
  Database again(folder_ / "a.db", options_beside(folder_ / "a.db"));
  EXPECT_EQ(again.load("group"), "value");
  exchange(a_.db, b_.db);
  EXPECT_EQ(b_.db.load("group"), std::nullopt);
  EXPECT_EQ(a_.db.digest(), digest);
  EXPECT_EQ(a_.db.vector(), vector);
  EXPECT_TRUE(a_.db.check().empty());
}

TEST_F(DeviceStoreTest, HasLimits) {
  const std::string most(kMaxDeviceValueBytes, 'x');
  a_.db.store("group", most);
  EXPECT_EQ(a_.db.load("group"), most);
  EXPECT_ERROR(a_.db.store("group", most + 'x'), ErrorCode::too_large);
  EXPECT_ERROR(a_.db.store("", "x"), ErrorCode::invalid_argument);
  EXPECT_ERROR(a_.db.store("reader", "x"), ErrorCode::invalid_argument);
  EXPECT_EQ(a_.db.load("group"), most);
}

TEST(DeviceStorePower, ValuesSurviveACutOnceTheyAreStored) {
  DiskDevice device(1);
  device.open().store("group", "first");
  device.db->execute("INSERT INTO notes(id) VALUES('n')");
  device.db->store("group", "second");
  device.db->set_reader(true);
  device.crash(Crash::lose_unsynced);
  EXPECT_EQ(device.open().load("group"), "second");
  EXPECT_ERROR(device.db->execute("INSERT INTO notes(id) VALUES('m')"), ErrorCode::read_only);
  device.db->set_reader(false);
  device.crash(Crash::lose_unsynced);
  device.open().execute("INSERT INTO notes(id) VALUES('m')");
}

TEST_F(DeviceStoreTest, LetsAReaderWriteNoReplicatedTable) {
  a_.db.set_reader(true);
  const VersionVector vector = a_.db.vector();
  for (const char* sql :
       {"INSERT INTO notes(id) VALUES('m')", "INSERT OR REPLACE INTO notes(id) VALUES('n')",
        "UPDATE notes SET title = 'new'", "UPDATE notes SET body = 'new'",
        "UPDATE notes SET id = 'k'", "DELETE FROM notes"}) {
    EXPECT_ERROR(a_.db.execute(sql), ErrorCode::read_only);
    EXPECT_ERROR(a_.db.transaction([&] { a_.db.execute(sql); }), ErrorCode::read_only);
  }
  TextEdit edit = a_.db.edit_text("notes", "n", "body");
  edit.insert(0, "more ");
  EXPECT_ERROR(edit.commit(), ErrorCode::read_only);
  EXPECT_ERROR(a_.db.transaction([&] { edit.commit(); }), ErrorCode::read_only);
  EXPECT_EQ(a_.db.vector(), vector);
  EXPECT_EQ(title(a_.db), "old");
  EXPECT_TRUE(a_.db.check().empty());
  try {
    a_.db.execute("DELETE FROM notes");
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("reader of its group"), std::string::npos)
        << error.what();
  }
}

TEST_F(DeviceStoreTest, LeavesAReaderEverythingElse) {
  a_.db.set_reader(true);
  a_.db.execute("INSERT INTO drafts(words) VALUES('mine')");
  b_.db.execute("UPDATE notes SET title = 'new', body = 'other text'");
  EXPECT_EQ(pull(a_.db, b_.db), 1U);
  EXPECT_EQ(title(a_.db), "new");
  EXPECT_EQ(a_.db.edit_text("notes", "n", "body").text(), "other text");
  EXPECT_EQ(a_.db.digest(), b_.db.digest());
  EXPECT_TRUE(a_.db.check().empty());
  static_cast<void>(a_.db.summary());
  a_.db.migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE words(id TEXT PRIMARY KEY NOT NULL, word TEXT)");
    schema.execute("INSERT INTO words VALUES('w', 'already there')");
    schema.replicate("words", {});
  });
  EXPECT_ERROR(a_.db.execute("DELETE FROM words"), ErrorCode::read_only);
}

TEST_F(DeviceStoreTest, LetsADeviceWriteAgainThatIsNoReaderAnyMore) {
  TextEdit edit = a_.db.edit_text("notes", "n", "body");
  a_.db.set_reader(true);
  edit.insert(0, "more ");
  EXPECT_ERROR(edit.commit(), ErrorCode::read_only);
  a_.db.set_reader(false);
  edit.commit();
  a_.db.execute("UPDATE notes SET title = 'new'");
  exchange(a_.db, b_.db);
  EXPECT_EQ(title(b_.db), "new");
  EXPECT_EQ(value_of(b_.db, "SELECT body FROM notes").text(), "more text");
}

TEST_F(DeviceStoreTest, TellsOtherConnectionsThatTheDeviceIsAReader) {
  Database other(folder_ / "a.db", options_beside(folder_ / "a.db"));
  migrate(other);
  other.execute("UPDATE notes SET title = 'before'");
  a_.db.set_reader(true);
  EXPECT_ERROR(other.execute("UPDATE notes SET title = 'new'"), ErrorCode::read_only);
  other.set_reader(false);
  a_.db.execute("UPDATE notes SET title = 'new'");
  EXPECT_EQ(title(other), "new");
}

TEST_F(DeviceStoreTest, ChangesNothingWhereTheStateIsTheSame) {
  a_.db.set_reader(true);
  const std::string generation = "SELECT generation FROM rill_clock";
  const Value before = value_of(a_.db, generation);
  a_.db.set_reader(true);
  EXPECT_EQ(value_of(a_.db, generation), before);
  a_.db.set_reader(false);
  EXPECT_NE(value_of(a_.db, generation), before);
}

}  // namespace
}  // namespace rill
