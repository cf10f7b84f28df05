#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "rill/database.hpp"
#include "rill/delta.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

// Texts on their way: through relays, restarts, checkpoints, small chunks and hostile bytes.

namespace rill {
namespace {

using testing::Device;
using testing::findings;
using testing::value_of;

void migrate(Database& db) {
  db.migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
    schema.replicate("notes", {{"body", text()}});
  });
}

std::string body(Database& db, const std::string& id = "n") {
  return to_display(value_of(db, "SELECT body FROM notes WHERE id = ?", id));
}

/// Devices that can be closed and opened again.
class TextSync : public ::testing::Test {
 protected:
  explicit TextSync(std::size_t count = 4) {
    for (std::size_t index = 0; index < count; ++index) {
      files_.push_back(folder_ / ("device" + std::to_string(index) + ".db"));
      devices_.emplace_back();
      reopen(index);
    }
  }

  Database& db(std::size_t index) { return devices_[index]->db; }
  void reopen(std::size_t index) {
    devices_[index].reset();
    devices_[index] = std::make_unique<Device>(files_[index]);
    migrate(db(index));
  }
  void write(std::size_t index, const std::string& text) {
    db(index).execute("UPDATE notes SET body = ? WHERE id = 'n'", text);
  }

  /// A small edit by one of the ways there are.
  void edit(std::size_t index) {
    const std::string word = " w" + std::to_string(random_() % 1000) + "\xF0\x9F\x8E\x89";
    TextEdit edit = db(index).edit_text("notes", "n", "body");
    const std::size_t length = edit.length();
    const std::size_t position = random_() % (length + 1);
    const std::size_t erased = std::min<std::size_t>(random_() % 4, length - position);
    edit.erase(position, erased);
    if (random_() % 4 != 0) edit.insert(position, word);
    if (random_() % 2 == 0) {
      edit.commit();
    } else {
      write(index, edit.text());
    }
  }

  void expect_agreement() {
    for (std::size_t round = 0; round < 2; ++round) {
      for (std::size_t index = 1; index < devices_.size(); ++index) {
        testing::exchange(db(0), db(index));
      }
    }
    for (std::size_t index = 0; index < devices_.size(); ++index) {
      EXPECT_EQ(db(index).digest(), db(0).digest()) << body(db(index)) << "\n" << body(db(0));
      EXPECT_EQ(findings(db(index)), "") << index;
    }
  }

  std::mt19937 random_{4711};
  testing::TemporaryFolder folder_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::unique_ptr<Device>> devices_;
};

TEST_F(TextSync, ConvergesThroughRelaysRestartsAndCheckpoints) {
  db(0).execute("INSERT INTO notes(id, body) VALUES('n', 'The beginning.')");
  expect_agreement();
  for (int step = 0; step < 1'200; ++step) {
    const std::size_t device = random_() % devices_.size();
    switch (random_() % 12) {
      case 0:
        reopen(device);
        break;
      case 1:
      case 2:
        testing::pull(db(device), db((device + 1) % devices_.size()), 300);
        break;
      default:
        edit(device);
    }
  }
  expect_agreement();
  const Value ops = value_of(db(0), "SELECT count(*) FROM rill_text_op");
  EXPECT_LT(ops.integer(), 1'000) << "checkpoints came in between";
}

TEST_F(TextSync, BringsWholeTransfersInSmallChunks) {
  for (int row = 0; row < 50; ++row) {
    db(0).execute("INSERT INTO notes(id, body) VALUES(?, ?)", std::to_string(row),
                  "text " + std::to_string(row));
  }
  for (int turn = 0; turn < 5; ++turn) {
    db(0).execute("UPDATE notes SET body = body || ?", " more" + std::to_string(turn));
  }
  testing::pull(db(1), db(0), 100);
  db(1).execute("UPDATE notes SET body = 'my ' || body");
  db(0).execute("UPDATE notes SET body = body || '.'");
  const auto changes = db(0).changes_since(db(1).vector());
  // What is written while a delta is on its way comes with a later one.
  db(0).execute("UPDATE notes SET body = body || '!'");
  while (const auto chunk = changes->next(100)) db(1).receive(*chunk);
  EXPECT_EQ(body(db(1), "7"), "my text 7 more0 more1 more2 more3 more4.");
  expect_agreement();
  EXPECT_EQ(body(db(1), "7"), "my text 7 more0 more1 more2 more3 more4.!");
}

TEST_F(TextSync, GoesOnWhereATransferWasCut) {
  for (int row = 0; row < 40; ++row) {
    db(0).execute("INSERT INTO notes(id, body) VALUES(?, 'text')", std::to_string(row));
  }
  expect_agreement();
  db(0).execute("UPDATE notes SET body = body || ' once'");
  const auto cut = db(0).changes_since(db(1).vector());
  for (int chunk = 0; chunk < 3; ++chunk) db(1).receive(*cut->next(200));
  // Rows behind the cut, and before it, change once more.
  db(0).execute("UPDATE notes SET body = body || ' and again'");
  const std::vector<InboxSummary> inboxes = db(1).summary().inboxes;
  ASSERT_EQ(inboxes.size(), 1U);
  const auto rest = db(0).changes_since(db(1).vector(), kMainSpace, inboxes[0]);
  while (const auto chunk = rest->next(200)) db(1).receive(*chunk);
  EXPECT_EQ(db(1).digest(), db(0).digest());
  EXPECT_EQ(body(db(1), "0"), "text once and again");
}

TEST_F(TextSync, GivesACheckpointToWhoIsFarBehind) {
  db(0).execute("INSERT INTO notes(id, body) VALUES('n', 'start')");
  expect_agreement();
  write(3, "start, far away");
  TextEdit edit = db(0).edit_text("notes", "n", "body");
  for (int key = 0; key < 2'000; ++key) {
    edit.insert(edit.length(), key % 50 == 49 ? "\n" : "x");
    edit.commit();
  }
  const auto changes = db(0).changes_since(db(3).vector());
  const auto chunk = changes->next(1U << 20U);
  ASSERT_TRUE(chunk);
  EXPECT_LT(chunk->size(), 8'000U);
  expect_agreement();
  EXPECT_NE(body(db(1)).find("far away"), std::string::npos);
  // Who is near goes on getting operations.
  edit.insert(0, ">");
  edit.commit();
  const auto small = db(0).changes_since(db(1).vector())->next(1U << 20U);
  ASSERT_TRUE(small);
  EXPECT_LT(small->size(), 300U);
}

TEST_F(TextSync, TellsOfASettledConflictThroughCheckpoints) {
  db(0).execute("INSERT INTO notes(id, body) VALUES('n', 'of zero')");
  devices_[1]->clock->advance(1'000);
  db(1).execute("INSERT INTO notes(id, body) VALUES('n', 'of one')");
  expect_agreement();
  EXPECT_TRUE(db(0).resolve("notes", "n", "body"));
  testing::exchange(db(0), db(2));
  EXPECT_TRUE(db(2).conflicts().empty());
  // The operation that settled it goes into a checkpoint of device 2, which device 3 then gets.
  TextEdit edit = db(2).edit_text("notes", "n", "body");
  for (int key = 0; key < 1'500; ++key) {
    edit.insert(edit.length(), "x");
    edit.commit();
  }
  testing::pull(db(3), db(2));
  EXPECT_TRUE(db(3).conflicts().empty());
  expect_agreement();
}

TEST_F(TextSync, TakesUpAFileOfTheFormatBeforeTexts) {
  devices_[0].reset();
  ASSERT_EQ(testing::run_stock(files_[0],
                               "DROP TABLE rill_text; DROP TABLE rill_text_op; DROP TABLE "
                               "rill_fork; UPDATE rill_file SET format = 1"),
            "ok");
  reopen(0);
  EXPECT_EQ(value_of(db(0), "SELECT format FROM rill_file"), Value(3));
  db(0).execute("INSERT INTO notes(id, body) VALUES('n', 'old')");
  write(0, "older");
  expect_agreement();
}

/// A delta of one edit, and ways to spoil it.
class HostileText : public TextSync {
 protected:
  HostileText() : TextSync(2) {
    db(0).execute("INSERT INTO notes(id, body) VALUES('n', 'shared')");
    testing::exchange(db(0), db(1));
  }

  Delta next_delta() { return decode_delta(*db(0).changes_since(db(1).vector())->next(1U << 20U)); }
  /// Spoils the column of the only row; expects that it is refused and changes nothing.
  void expect_refused(const std::function<void(ColumnFragment&)>& spoil,
                      ErrorCode code = ErrorCode::malformed) {
    Delta delta = next_delta();
    const Delta good = delta;
    ASSERT_EQ(delta.rows.size(), 1U);
    ASSERT_EQ(delta.rows[0].columns.size(), 1U);
    spoil(delta.rows[0].columns[0].second);
    const std::string before = db(1).digest();
    EXPECT_ERROR(db(1).receive(encode(delta)), code);
    EXPECT_EQ(db(1).digest(), before);
    EXPECT_EQ(findings(db(1)), "");
  }
  static Value bytes(std::string_view text) {
    Blob blob;
    for (const char byte : text) blob.push_back(static_cast<std::byte>(byte));
    return blob;
  }
};

TEST_F(HostileText, OfOperationsIsRefusedWhole) {
  write(0, "shared by two");
  expect_refused([](auto& part) {
    part.fresh.at(0).value = bytes("");
    part.fresh.at(0).sub_key = "x";
  });
  expect_refused([](auto& part) { part.fresh.at(0).sub_key = "o"; });
  expect_refused([](auto& part) { part.fresh.at(0).sub_key = std::string("o\x05\0", 3); });
  expect_refused([](auto& part) { part.fresh.at(0).sub_key = std::string("o\0\x07", 3); });
  expect_refused([](auto& part) { part.fresh.at(0).sub_key = std::string("o\0\0\0", 4); });
  expect_refused([](auto& part) { part.fresh.at(0).value = "text"; });
  expect_refused([](auto& part) { part.fresh.at(0).value = bytes("\x01\x02\x03"); });
  expect_refused([](auto& part) {
    // Characters of an author that wrote none here.
    part.fresh.at(0).value = bytes(std::string("\0\x09\x04x\0\0", 6));
  });
  EXPECT_EQ(body(db(1)), "shared");
}

TEST_F(HostileText, OfCheckpointsIsRefusedWhole) {
  db(0).execute("INSERT INTO notes(id, body) VALUES('new', 'fresh')");
  testing::pull(db(1), db(0));
  db(0).execute("DELETE FROM notes");
  testing::pull(db(1), db(0));
  db(0).execute("INSERT INTO notes(id, body) VALUES('m', 'fresh')");
  db(0).execute("UPDATE notes SET body = 'fresh and edited'");
  const auto checkpoint = [](ColumnFragment& part) -> Entry& {
    return *std::ranges::find_if(part.fresh,
                                 [](const Entry& entry) { return entry.sub_key[0] == 'c'; });
  };
  expect_refused([&](auto& part) { checkpoint(part).value = bytes(""); });
  expect_refused([&](auto& part) { checkpoint(part).value = bytes(std::string("\0", 1)); });
  expect_refused([&](auto& part) { checkpoint(part).value = bytes("\x01\x01\x01"); });
  expect_refused([&](auto& part) {
    part.fresh.push_back(checkpoint(part));
    part.fresh.back().id.ordinal += 1;
    std::ranges::sort(part.fresh, {}, &Entry::id);
  });
  expect_refused([&](auto& part) { std::erase(part.fresh, Entry(checkpoint(part))); });
  expect_refused([](auto& part) {
    std::ranges::find(part.fresh, "@", &Entry::sub_key)->value = 1;  // a cell of the receiver's
  });
  testing::pull(db(1), db(0));
  EXPECT_EQ(body(db(1), "m"), "fresh and edited");
}

TEST_F(HostileText, BytesNeverHurt) {
  write(0, "shared by two");
  TextEdit edit = db(0).edit_text("notes", "n", "body");
  edit.insert(0, "and ");
  edit.commit();
  const std::string good = *db(0).changes_since(db(1).vector())->next(1U << 20U);
  const std::string before = db(1).digest();
  for (int turn = 0; turn < 500; ++turn) {
    std::string bad = good;
    for (std::size_t flips = 1 + random_() % 3; flips > 0; --flips) {
      bad[random_() % bad.size()] ^= static_cast<char>(1U << random_() % 8);
    }
    if (turn % 10 == 0) bad.resize(random_() % bad.size());
    // Into a copy, as some changes make another delta that is as good.
    try {
      const Delta delta = decode_delta(bad);
      const auto copy = folder_ / "copy.db";
      for (const char* suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(copy.string() + suffix);
      }
      db(1).execute("VACUUM INTO ?", copy.string());
      Database other(copy, testing::options_beside(copy));
      try {
        other.receive(bad);
      } catch (const Error& error) {
        EXPECT_NE(error.code(), ErrorCode::internal) << error.what();
        EXPECT_NE(error.code(), ErrorCode::corrupt) << error.what();
      }
      EXPECT_EQ(findings(other), "");
    } catch (const Error&) {
      continue;  // nothing that reads as a delta
    }
  }
  EXPECT_EQ(db(1).digest(), before);
}

}  // namespace
}  // namespace rill
