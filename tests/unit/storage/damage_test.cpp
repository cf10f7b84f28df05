#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "support/expect_error.hpp"
#include "unit/storage/worn_device.hpp"

namespace rill {
namespace {

using testing::DiskDevice;
using ::testing::HasSubstr;
using testing::pull;
using testing::scaled;
using testing::StockConnection;
using testing::value_of;

std::string altered(std::string bytes, std::mt19937_64& random) {
  switch (random() % 5) {
    case 0:
      return bytes.substr(0, random() % (bytes.size() + 1));
    case 1:
      return bytes + bytes.substr(0, random() % (bytes.size() + 1));
    default:
      for (auto changes = random() % 3 + 1; changes > 0 && !bytes.empty(); --changes) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      return bytes;
  }
}

class Damage : public ::testing::Test, public testing::WornDevice {
 public:
  Damage() : WornDevice(40) {}
};

TEST_F(Damage, ThatIsNotThereIsNotReported) { EXPECT_TRUE(use().empty()); }

TEST_F(Damage, OfAnyTablesPagesIsReportedAndSparesTheOthers) {
  const std::vector<std::string> tables = {
      "notes",        "rill_file",       "rill_replica", "rill_clock", "rill_vector",
      "rill_mark",    "rill_table",      "rill_column",  "rill_shape", "rill_tombstone",
      "rill_unknown", "rill_conflicted", "rill_inbox",   "rill_text",  "rill_text_op"};
  for (const std::string& table : tables) {
    SCOPED_TRACE(table);
    restore();
    const auto page = std::stoul(StockConnection(device.disk)
                                     .text("SELECT rootpage FROM sqlite_schema WHERE "
                                           "name = '" +
                                           table + "'"));
    const auto size = std::stoul(StockConnection(device.disk).text("PRAGMA page_size"));
    std::string bytes = device.disk.read(DiskDevice::kPath);
    bytes.replace((page - 1) * size, size, std::string(size, '\xA5'));
    device.disk.put(DiskDevice::kPath, bytes);

    const std::vector<Error> errors = use();
    EXPECT_FALSE(errors.empty()) << "the damage was not noticed";
    for (const Error& error : errors) {
      EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::corrupt)) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("backup"));
    }
    EXPECT_EQ(StockConnection(device.disk).text("SELECT text FROM plain"), "of the app");
    if (table == "notes") continue;
    EXPECT_NE(StockConnection(device.disk).text("SELECT count(*) FROM notes"), "0");
  }
}

TEST_F(Damage, OfAnyBlobIsTypedAndNeverCrashes) {
  const std::vector<std::pair<std::string, std::string>> blobs = {
      {"notes", "_rill_meta"},     {"rill_tombstone", "meta"},  {"rill_tombstone", "image"},
      {"rill_tombstone", "key"},   {"rill_unknown", "state"},   {"rill_unknown", "columns"},
      {"rill_unknown", "key"},     {"rill_inbox", "delta"},     {"rill_mark", "vector"},
      {"rill_replica", "replica"}, {"rill_shape", "columns"},   {"rill_conflicted", "key"},
      {"rill_file", "nonce"},      {"rill_text", "checkpoint"}, {"rill_text", "vector"},
      {"rill_text", "begun"},      {"rill_text_op", "op"},
  };
  std::mt19937_64 random(11);
  std::set<std::string> reported;
  for (unsigned round = 0; round < scaled(400); ++round) {
    const auto& [table, column] = blobs[round % blobs.size()];
    SCOPED_TRACE("round " + std::to_string(round) + ": " + table + "." + column);
    restore();
    const std::size_t count = StockConnection(device.disk).count(table);
    ASSERT_GT(count, 0U);
    StockConnection(device.disk)
        .alter(table, column, random() % count,
               [&](const std::string& bytes) { return altered(bytes, random); });
    for (const Error& error : use()) {
      EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::corrupt)) << error.what();
      reported.insert(table + "." + column);
    }
    EXPECT_EQ(StockConnection(device.disk).text("PRAGMA integrity_check"), "ok");
    if (HasFailure()) return;
  }
  EXPECT_GE(reported.size(), testing::kEffortPercent == 100 ? 10U : 1U);
}

TEST_F(Damage, OfARowLeavesAReceivedDeltaUnapplied) {
  StockConnection(device.disk).text("UPDATE notes SET _rill_meta = x'02' WHERE id = 'n15'");
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
  StockConnection(device.disk).text("UPDATE rill_inbox SET delta = x'00'");
  device.db = std::make_unique<Database>(DiskDevice::kPath, device.options);
  pull(*device.db, *peer.db, 200);
  adopt();
  testing::exchange(*device.db, *peer.db);
  EXPECT_EQ(device.db->digest(), peer.db->digest());
}

}  // namespace
}  // namespace rill
