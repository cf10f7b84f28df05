#include <gtest/gtest.h>

#include <string>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

// What plain SQL does to columns of text(), on one device and on two.

namespace rill {
namespace {

using testing::Lines;
using testing::value_of;

constexpr const char* kBodies = "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, body TEXT)";

class TextColumn : public testing::TwoDevices {
 protected:
  TextColumn() {
    migrate(1, [](Schema& schema) {
      schema.execute(kBodies);
      schema.replicate("notes", {{"body", text()}});
    });
  }

  /// A note that both have.
  void share(const Value& body) {
    a.db.execute("INSERT INTO notes(id, body) VALUES('n', ?)", body);
    synced("notes");
  }
  static void write(testing::Device& device, const Value& body) {
    EXPECT_EQ(device.db.execute("UPDATE notes SET body = ? WHERE id = 'n'", body), 1);
  }
  static Value body(testing::Device& device) {
    return value_of(device.db, "SELECT body FROM notes WHERE id = 'n'");
  }
  std::int64_t cells(testing::Device& device) {
    return value_of(device.db, "SELECT count(*) FROM rill_text").integer();
  }
  std::int64_t ops(testing::Device& device) {
    return value_of(device.db, "SELECT count(*) FROM rill_text_op").integer();
  }
};

TEST_F(TextColumn, KeepsBothOfTwoEditsOfOneParagraph) {
  share("The fox jumps over the dog.");
  write(a, "The quick brown fox jumps over the dog.");
  write(b, "The fox jumps over the lazy dog!");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'The quick brown fox jumps over the lazy dog!'"});
}

TEST_F(TextColumn, CostsNothingUntilItIsEdited) {
  share("text");
  EXPECT_EQ(cells(a) + cells(b) + ops(a) + ops(b), 0);
  write(a, "texts");
  EXPECT_EQ(cells(a), 1);
  EXPECT_EQ(ops(a), 1);
  synced("notes");
  EXPECT_EQ(cells(b), 1);
  EXPECT_EQ(ops(b), 1);
}

TEST_F(TextColumn, ShowsExactlyWhatWasWritten) {
  share("a");
  for (const char* written : {"", "ñ and 🎉", "e\xCC\x81", "a\nb\r\n", "🎉 and ñ"}) {
    write(a, written);
    EXPECT_EQ(body(a), Value(written));
  }
  EXPECT_EQ(synced("notes"), Lines{"'n'|'🎉 and ñ'"});
}

TEST_F(TextColumn, MakesOneOperationOfATransaction) {
  share("one two three");
  a.db.transaction([&] {
    write(a, "one 2 three");
    write(a, "one 2 3");
    write(a, "1 2 3");
  });
  EXPECT_EQ(ops(a), 1);
  write(b, "one two three four");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'1 2 3 four'"});
}

TEST_F(TextColumn, ForgetsWhatASavepointUndid) {
  share("one two three");
  a.db.transaction([&] {
    write(a, "one 2 three");
    EXPECT_THROW(a.db.transaction([&] {
      write(a, "nothing");
      throw std::runtime_error("undo");
    }),
                 std::runtime_error);
    EXPECT_EQ(body(a), Value("one 2 three"));
    write(a, "one 2 3");
  });
  EXPECT_THROW(a.db.transaction([&] {
    write(a, "gone");
    throw std::runtime_error("undo");
  }),
               std::runtime_error);
  write(a, "One 2 3");
  write(b, "one two three!");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'One 2 3!'"});
}

TEST_F(TextColumn, IsWhatItsTransactionLeftOfIt) {
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id, body) VALUES('n', 'draft')");
    write(a, "second draft");
    write(a, "fair copy");
  });
  EXPECT_EQ(cells(a), 0);
  EXPECT_EQ(synced("notes"), Lines{"'n'|'fair copy'"});
}

TEST_F(TextColumn, CountsNullAsNoTextToEdit) {
  share(Value());
  EXPECT_EQ(body(b), Value());
  write(a, "from a\n");
  write(b, "from b\n");
  const Lines lines = synced("notes");
  EXPECT_TRUE(lines == Lines{"'n'|'from a\nfrom b\n'"} || lines == Lines{"'n'|'from b\nfrom a\n'"})
      << lines.front();
}

TEST_F(TextColumn, SetToNullBecomesEmpty) {
  share("short");
  write(a, Value());
  EXPECT_EQ(body(a), Value(""));
  write(b, "short and long");
  EXPECT_EQ(synced("notes"), Lines{"'n'|' and long'"});
  write(a, "");
  EXPECT_EQ(synced("notes"), Lines{"'n'|''"});
  write(a, Value());
  EXPECT_EQ(synced("notes"), Lines{"'n'|''"});
}

TEST_F(TextColumn, OfNullBecomesTheEmptyTextThatIsWritten) {
  share(Value());
  write(a, "");
  EXPECT_EQ(synced("notes"), Lines{"'n'|''"});
}

TEST_F(TextColumn, RefusesWhatIsNoText) {
  share("text");
  EXPECT_ERROR(write(a, Blob{std::byte{1}}), ErrorCode::bad_value);
  EXPECT_ERROR(write(a, "\xff"), ErrorCode::bad_value);
  EXPECT_EQ(body(a), Value("text"));
  EXPECT_EQ(synced("notes"), Lines{"'n'|'text'"});
}

TEST_F(TextColumn, TakesAnInsertedValueAsItIsUntilItIsEdited) {
  share(Blob{std::byte{1}});
  a.db.execute("UPDATE notes SET id = id");
  EXPECT_EQ(synced("notes"), Lines{"'n'|X'01'"});
  write(a, "a text after all");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'a text after all'"});
  write(b, "\xc3\xbc: a text after all");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'ü: a text after all'"});
  a.db.execute("INSERT INTO notes(id, body) VALUES('m', ?)", "\xff");
  a.db.execute("UPDATE notes SET body = 'mended' WHERE id = 'm'");
  EXPECT_EQ(synced("notes"), (Lines{"'m'|'mended'", "'n'|'ü: a text after all'"}));
}

TEST_F(TextColumn, BeginsAnewWithAnInsert) {
  share("first");
  write(a, "first and second");
  a.db.execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n', 'third')");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'third'"});
  write(b, "third and fourth");
  write(a, "the third");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'the third and fourth'"});
  EXPECT_EQ(cells(a), 1) << "the cell of the first text is gone";
  EXPECT_EQ(cells(b), 1);
}

TEST_F(TextColumn, LosesEditsOfATextThatWasReplacedMeanwhile) {
  share("first");
  write(b, "first, edited");
  a.db.execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n', 'second')");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'second'"});
  EXPECT_EQ(cells(a) + cells(b), 0);
}

TEST_F(TextColumn, ComesBackWithTheRowThatWasEditedWhileItWasDeleted) {
  share("kept");
  write(a, "kept alive");
  synced("notes");
  a.db.execute("DELETE FROM notes");
  write(b, "kept alive by an edit");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'kept alive by an edit'"});
}

TEST_F(TextColumn, ListsATextThatWasInsertedAtTheSameTimeAsAConflict) {
  a.db.execute("INSERT INTO notes(id, body) VALUES('n', 'of a')");
  b.clock->advance(1'000);
  b.db.execute("INSERT INTO notes(id, body) VALUES('n', 'of b')");
  write(a, "of device a");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'of b'"});
  for (Database* db : {&a.db, &b.db}) {
    const auto conflicts = db->conflicts();
    ASSERT_EQ(conflicts.size(), 1U);
    EXPECT_EQ(conflicts[0].shown, Value("of b"));
    ASSERT_EQ(conflicts[0].others.size(), 1U);
    EXPECT_EQ(conflicts[0].others[0].value, Value("of device a"));
  }
}

TEST_F(TextColumn, IsSettledByAnEditOrByResolving) {
  for (const bool resolving : {true, false}) {
    const std::string id = resolving ? "r" : "e";
    a.db.execute("INSERT INTO notes(id, body) VALUES(?, 'of a')", id);
    b.clock->advance(1'000);
    b.db.execute("INSERT INTO notes(id, body) VALUES(?, 'of b')", id);
    synced("notes");
    EXPECT_EQ(b.db.conflicts().size(), 1U);
    b.db.execute("UPDATE notes SET body = 'of b, later' WHERE id = ?", id);
    if (resolving) {
      EXPECT_TRUE(a.db.resolve("notes", id, "body"));
    } else {
      a.db.execute("UPDATE notes SET body = 'now of b' WHERE id = ?", id);
    }
    synced("notes");
    EXPECT_EQ(value_of(a.db, "SELECT body FROM notes WHERE id = ?", id),
              Value(resolving ? "of b, later" : "now of b, later"));
    EXPECT_TRUE(a.db.conflicts().empty());
    EXPECT_TRUE(b.db.conflicts().empty());
  }
}

TEST_F(TextColumn, LeavesNoCellOfATextThatAnEditOverwrote) {
  for (const bool by_editor : {false, true}) {
    const std::string id = by_editor ? "e" : "u";
    a.db.execute("INSERT INTO notes(id, body) VALUES(?, 'of a')", id);
    b.clock->advance(1'000);
    b.db.execute("INSERT INTO notes(id, body) VALUES(?, 'of b')", id);
    a.db.execute("UPDATE notes SET body = 'of device a' WHERE id = ?", id);
    b.db.execute("UPDATE notes SET body = 'of device b' WHERE id = ?", id);
    synced("notes");
    EXPECT_EQ(cells(a), by_editor ? 3 : 2);
    if (by_editor) {
      TextEdit edit = a.db.edit_text("notes", id, "body");
      edit.insert(0, "> ");
      edit.commit();
    } else {
      a.db.execute("UPDATE notes SET body = '> of device b' WHERE id = ?", id);
    }
    EXPECT_EQ(cells(a), by_editor ? 2 : 1);
    synced("notes");
    EXPECT_EQ(value_of(b.db, "SELECT body FROM notes WHERE id = ?", id), Value("> of device b"));
    EXPECT_EQ(cells(b), cells(a));
  }
}

TEST_F(TextColumn, MovesWithAChangedKey) {
  share("moved");
  write(a, "moved on");
  a.db.execute("UPDATE notes SET id = 'm'");
  EXPECT_EQ(synced("notes"), Lines{"'m'|'moved on'"});
  a.db.execute("UPDATE notes SET body = 'moved on and on'");
  b.db.execute("UPDATE notes SET body = 'removed on'");
  EXPECT_EQ(synced("notes"), Lines{"'m'|'removed on and on'"});
}

TEST_F(TextColumn, IsNoPartOfAVersionOfItsRow) {
  migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE bids(id TEXT PRIMARY KEY NOT NULL, price INTEGER, body TEXT)");
    schema.replicate("bids", {{"body", text()}});
    const auto first = [](const RowConflict& conflict) { return conflict.siblings[0].values; };
    schema.replicate("bids", {}, {.row_rule = row("first", 1, first)});
  });
  a.db.execute("INSERT INTO bids(id, price, body) VALUES('n', 1, 'text')");
  synced("bids");
  a.db.execute("UPDATE bids SET body = 'a text'");
  b.db.execute("UPDATE bids SET price = 2");
  EXPECT_EQ(synced("bids"), Lines{"'n'|2|'a text'"});
  EXPECT_TRUE(a.db.conflicts().empty());
}

TEST_F(TextColumn, LeavesTheLastInsertedRowIdAlone) {
  share("text");
  a.db.execute("CREATE TABLE mine(id INTEGER PRIMARY KEY)");
  a.db.execute("INSERT INTO mine VALUES(4711)");
  write(a, "texts");
  EXPECT_EQ(sqlite3_last_insert_rowid(a.db.handle()), 4711);
}

TEST_F(TextColumn, SendsAnEditInAFewBytes) {
  share(std::string(100'000, 'x'));
  write(a, std::string(50'000, 'x') + "y" + std::string(50'000, 'x'));
  const auto changes = a.db.changes_since(b.db.vector());
  const auto chunk = changes->next(65'536);
  ASSERT_TRUE(chunk);
  EXPECT_LT(chunk->size(), 400U);
  b.db.receive(*chunk);
  EXPECT_EQ(body(b), body(a));
}

TEST_F(TextColumn, WritesACheckpointNowAndThenAndForgetsWhatCameBefore) {
  share("0");
  std::string text = "0";
  for (int count = 1; count <= 2'000; ++count) {
    text += std::to_string(count % 10);
    write(a, text);
  }
  EXPECT_LT(ops(a), 1'000);
  EXPECT_EQ(synced("notes"), Lines{"'n'|'" + text + "'"});
  write(b, "!" + text);
  write(a, text + "?");
  EXPECT_EQ(synced("notes"), Lines{"'n'|'!" + text + "?'"});
  EXPECT_EQ(ops(b), 2) << "got a checkpoint, then one operation of each";
}

TEST_F(TextColumn, OfAnotherDeviceIsEditedRightAfterItsFirstSync) {
  share("shared");
  write(a, "shared once");
  testing::Device c{folder / "c.db"};
  c.db.migrate(1, [](Schema& schema) {
    schema.execute(kBodies);
    schema.replicate("notes", {{"body", text()}});
  });
  testing::exchange(a.db, c.db);
  write(c, "shared once and twice");
  write(b, "(shared");
  testing::exchange(c.db, b.db);
  EXPECT_EQ(body(b), Value("(shared once and twice"));
  testing::exchange(a.db, b.db);
  EXPECT_EQ(a.db.digest(), b.db.digest());
  EXPECT_EQ(c.db.digest(), b.db.digest());
  EXPECT_EQ(testing::findings(c.db), "");
}

}  // namespace
}  // namespace rill
