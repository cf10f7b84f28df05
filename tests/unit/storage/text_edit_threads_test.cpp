#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "rill/database.hpp"
#include "rill/text_edit.hpp"
#include "support/two_devices.hpp"

// Editors of one text in several threads, while another device's edits come in.

namespace rill {
namespace {

using TextEditThreads = testing::TwoDevices;

constexpr int kEdits = 60;

/// Types words of its own, one letter after the other, wherever its last one has gone to.
void type(Database& db, char letter) {
  TextEdit edit = db.edit_text("notes", "n", "body");
  for (int count = 0; count < kEdits; ++count) {
    edit.insert(edit.length() / 2, std::string(1, letter));
    edit.commit();
    if (count % 7 == 0) {
      const std::vector<TextChange> changes = edit.refresh();
      for (const TextChange& change : changes) ASSERT_LE(change.position, edit.length());
    }
  }
}

TEST_F(TextEditThreads, KeepEveryLetterThatWasTyped) {
  migrate(1, [](Schema& schema) {
    schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
    schema.replicate("notes", {{"body", text()}});
  });
  a.db.execute("INSERT INTO notes(id, body) VALUES('n', '')");
  testing::exchange(a.db, b.db);
  std::atomic<bool> typing = true;
  std::thread syncing([&] {
    while (typing) testing::exchange(a.db, b.db);
  });
  std::vector<std::thread> threads;
  threads.emplace_back([&] { type(a.db, 'x'); });
  threads.emplace_back([&] { type(a.db, 'y'); });
  threads.emplace_back([&] { type(b.db, 'z'); });
  threads.emplace_back([&] {
    for (int count = 0; count < kEdits; ++count) {
      a.db.execute("UPDATE notes SET body = body || '.'");
    }
  });
  for (std::thread& thread : threads) thread.join();
  typing = false;
  syncing.join();
  synced("notes");
  const std::string body = testing::value_of(b.db, "SELECT body FROM notes").text();
  for (const char letter : {'x', 'y', 'z', '.'}) {
    EXPECT_EQ(std::count(body.begin(), body.end(), letter), kEdits) << letter;
  }
}

}  // namespace
}  // namespace rill
