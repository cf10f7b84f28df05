#include "rill/text_edit.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "rill/database.hpp"
#include "support/expect_error.hpp"
#include "support/texts.hpp"
#include "support/two_devices.hpp"

namespace rill {
namespace {

using testing::Lines;
using testing::value_of;

class TextEdits : public testing::TwoDevices {
 protected:
  TextEdits() {
    migrate(1, [](Schema& schema) {
      schema.execute(
          "CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT, body TEXT CHECK(body <> "
          "'refused'))");
      schema.replicate("notes", {{"body", text()}});
    });
    a.db.execute("INSERT INTO notes(id, title, body) VALUES('n', 't', 'Milk and bread')");
    testing::exchange(a.db, b.db);
  }

  static TextEdit open(testing::Device& device) {
    return device.db.edit_text("notes", "n", "body");
  }
  static Value body(testing::Device& device) {
    return value_of(device.db, "SELECT body FROM notes WHERE id = 'n'");
  }
  static void write(testing::Device& device, const Value& body) {
    device.db.execute("UPDATE notes SET body = ? WHERE id = 'n'", body);
  }
  /// What an editor shows that showed `before` and was told `changes`.
  static std::string told(const std::string& before, const std::vector<TextChange>& changes) {
    return test::changed(before, changes);
  }
  /// Exchanges everything; expects `body` on both.
  void expect_synced(const std::string& body) {
    EXPECT_EQ(synced("notes"), Lines{"'n'|'t'|'" + body + "'"});
  }
};

TEST_F(TextEdits, AreWrittenByCommit) {
  TextEdit edit = open(a);
  EXPECT_EQ(edit.text(), "Milk and bread");
  edit.insert(14, " and eggs");
  edit.erase(0, 4);
  edit.insert(0, "Oat milk");
  EXPECT_TRUE(edit.has_edits());
  EXPECT_EQ(body(a), Value("Milk and bread"));
  EXPECT_TRUE(edit.commit().empty());
  EXPECT_FALSE(edit.has_edits());
  EXPECT_EQ(body(a), Value("Oat milk and bread and eggs"));
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM rill_text_op"), Value(1));
  expect_synced("Oat milk and bread and eggs");
}

TEST_F(TextEdits, KeepWordsThatWereTypedAtOneSpot) {
  TextEdit one = open(a);
  TextEdit two = open(b);
  std::size_t position = 8;
  for (const char* letter : {" ", "s", "o", "u", "r"}) one.insert(position++, letter);
  one.commit();
  position = 8;
  for (const char* letter : {" ", "r", "y", "e"}) {
    two.insert(position++, letter);
    two.commit();
  }
  synced("notes");
  const Value merged = body(a);
  EXPECT_TRUE(merged == Value("Milk and sour rye bread") ||
              merged == Value("Milk and rye sour bread"))
      << to_display(merged);
}

TEST_F(TextEdits, AreToldWhatOthersDid) {
  TextEdit edit = open(b);
  const std::string before = edit.text();
  write(a, "Milk, rye and bread");
  testing::exchange(a.db, b.db);
  EXPECT_EQ(edit.text(), before) << "until it asks";
  edit.insert(14, "!");
  const std::vector<TextChange> changes = edit.refresh();
  EXPECT_EQ(told(before + "!", changes), "Milk, rye and bread!");
  EXPECT_EQ(edit.text(), "Milk, rye and bread!");
  EXPECT_TRUE(edit.has_edits());
  EXPECT_TRUE(edit.commit().empty());
  expect_synced("Milk, rye and bread!");
}

TEST_F(TextEdits, AreToldAtCommitToo) {
  TextEdit edit = open(b);
  write(a, "Buy milk and bread");
  testing::exchange(a.db, b.db);
  edit.insert(14, "!");
  const std::string before = edit.text();
  EXPECT_EQ(told(before, edit.commit()), "Buy milk and bread!");
  EXPECT_EQ(edit.text(), "Buy milk and bread!");
  expect_synced("Buy milk and bread!");
}

TEST_F(TextEdits, HoldTheirPlacesWhileTheTextChanges) {
  TextEdit edit = open(b);
  const TextAnchor comment = edit.anchor(9);
  write(a, "Buy: Milk and bread");
  testing::exchange(a.db, b.db);
  EXPECT_FALSE(edit.refresh().empty());
  EXPECT_EQ(edit.position_of(comment), 14U);
  EXPECT_EQ(open(a).position_of(comment), 14U);
}

TEST_F(TextEdits, AreUndoneWithoutThoseOfOthers) {
  TextEdit edit = open(a);
  edit.begin_undo_step();
  edit.insert(14, " and eggs");
  edit.commit();
  write(b, "Milk and rye bread");
  testing::exchange(a.db, b.db);
  EXPECT_FALSE(edit.refresh().empty());
  EXPECT_EQ(edit.undo().size(), 1U);
  edit.commit();
  expect_synced("Milk and rye bread");
  edit.redo();
  edit.commit();
  expect_synced("Milk and rye bread and eggs");
}

TEST_F(TextEdits, OfTwoEditorsOnOneDeviceAreBothKept) {
  TextEdit one = open(a);
  TextEdit two = open(a);
  one.insert(0, "Buy ");
  two.insert(14, "!");
  two.erase(0, 1);
  two.insert(0, "m");
  one.commit();
  const std::string before = two.text();
  EXPECT_EQ(told(before, two.commit()), "Buy milk and bread!");
  EXPECT_EQ(two.text(), "Buy milk and bread!");
  one.insert(0, "> ");
  EXPECT_EQ(told("> Buy Milk and bread", one.commit()), "> Buy milk and bread!");
  for (std::size_t turn = 0; turn < 50; ++turn) {
    TextEdit& writing = turn % 3 == 0 ? one : two;
    writing.insert(turn % 7, std::to_string(turn));
    if (turn % 5 == 4) one.commit();
    if (turn % 4 == 3) two.commit();
  }
  one.commit();
  two.commit();
  EXPECT_FALSE(one.refresh().empty());
  EXPECT_EQ(one.text(), two.text());
  EXPECT_EQ(body(a), Value(one.text()));
  synced("notes");
}

TEST_F(TextEdits, GoOnAfterAnUpdateOfTheSameDevice) {
  TextEdit edit = open(a);
  edit.insert(14, ", eggs");
  write(a, "Oat milk and bread");
  EXPECT_EQ(told("Milk and bread, eggs", edit.refresh()), "Oat milk and bread, eggs");
  edit.commit();
  expect_synced("Oat milk and bread, eggs");
}

TEST_F(TextEdits, AreOneOperationOfATransaction) {
  TextEdit edit = open(a);
  a.db.transaction([&] {
    edit.insert(0, "1");
    edit.commit();
    edit.insert(0, "2");
    edit.commit();
    write(a, "3" + edit.text());
    EXPECT_EQ(told("21Milk and bread", edit.refresh()), "321Milk and bread");
    edit.insert(0, "4");
    edit.commit();
    EXPECT_EQ(body(a), Value("4321Milk and bread"));
  });
  EXPECT_EQ(edit.text(), "4321Milk and bread");
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM rill_text_op"), Value(1));
  edit.insert(0, "5");
  edit.commit();
  expect_synced("54321Milk and bread");
}

TEST_F(TextEdits, AreTakenBackWithTheirTransaction) {
  TextEdit edit = open(a);
  edit.insert(0, "Buy ");
  edit.commit();
  const auto failing = [&](const char* inserted) {
    a.db.transaction([&] {
      edit.insert(0, inserted);
      edit.commit();
      throw std::runtime_error("undo");
    });
  };
  EXPECT_THROW(failing("gone "), std::runtime_error);
  EXPECT_EQ(told("gone Buy Milk and bread", edit.refresh()), "Buy Milk and bread");
  EXPECT_THROW(failing("lost "), std::runtime_error);
  EXPECT_EQ(told("lost Buy Milk and bread", edit.refresh()), "Buy Milk and bread");
  write(a, "Buy Milk and rye bread");
  edit.insert(0, "> ");
  edit.commit();
  EXPECT_EQ(edit.text(), "> Buy Milk and rye bread");
  expect_synced("> Buy Milk and rye bread");
}

TEST_F(TextEdits, AreTakenBackWithTheTransactionThatMadeTheFirst) {
  TextEdit edit = open(a);
  EXPECT_THROW(a.db.transaction([&] {
    edit.insert(0, "gone ");
    edit.commit();
    throw std::runtime_error("undo");
  }),
               std::runtime_error);
  edit.erase(0, 4);
  edit.insert(1, "ilk, m");
  EXPECT_EQ(edit.text(), " ilk, mMilk and bread");
  // Of what was typed into words that are gone the rest finds no place.
  EXPECT_ERROR(edit.commit(), ErrorCode::causality_gap);
  EXPECT_EQ(body(a), Value("Milk and bread"));
}

TEST_F(TextEdits, ThatCannotBeWrittenStay) {
  TextEdit edit = open(a);
  edit.assign("refused");
  EXPECT_ERROR(edit.commit(), ErrorCode::constraint);
  EXPECT_TRUE(edit.has_edits());
  EXPECT_EQ(edit.text(), "refused");
  EXPECT_EQ(body(a), Value("Milk and bread"));
  write(b, "Milk and bread?");
  testing::exchange(a.db, b.db);
  edit.insert(7, "!");
  const std::string before = edit.text();
  const std::vector<TextChange> changes = edit.commit();
  EXPECT_EQ(told(before, changes), edit.text());
  EXPECT_FALSE(edit.has_edits());
  EXPECT_EQ(edit.text().substr(0, 7), "refused");
  expect_synced(edit.text());
}

TEST_F(TextEdits, OfARowOfTheSameTransactionMakeItsText) {
  std::optional<TextEdit> edit;
  a.db.transaction([&] {
    a.db.execute("INSERT INTO notes(id, body) VALUES('m', 'draft')");
    edit = a.db.edit_text("notes", "m", "body");
    edit->insert(5, " one");
    edit->commit();
    edit->insert(9, " and two");
    edit->commit();
  });
  EXPECT_EQ(value_of(a.db, "SELECT count(*) FROM rill_text"), Value(0));
  edit->insert(0, "> ");
  edit->commit();
  EXPECT_EQ(synced("notes"), (Lines{"'m'|NULL|'> draft one and two'", "'n'|'t'|'Milk and bread'"}));
}

TEST_F(TextEdits, FollowATextThatWasInsertedInPlaceOfIt) {
  TextEdit edit = open(a);
  a.db.execute("INSERT OR REPLACE INTO notes(id, title, body) VALUES('n', 't', 'Bread')");
  EXPECT_EQ(told("Milk and bread", edit.refresh()), "Bread");
  edit.insert(5, "!");
  a.db.execute("INSERT OR REPLACE INTO notes(id, title, body) VALUES('n', 't', 'Cake')");
  EXPECT_ERROR(edit.commit(), ErrorCode::causality_gap);
  EXPECT_EQ(edit.text(), "Bread!") << "for the user to take over";
  EXPECT_EQ(body(a), Value("Cake"));
}

TEST_F(TextEdits, OfAnUnknownPlaceAreRefused) {
  EXPECT_ERROR((void)a.db.edit_text("nothing", "n", "body"), ErrorCode::unknown_table);
  EXPECT_ERROR((void)a.db.edit_text("notes", "n", "nothing"), ErrorCode::unknown_column);
  EXPECT_ERROR((void)a.db.edit_text("notes", "n", "title"), ErrorCode::invalid_argument);
  EXPECT_ERROR((void)a.db.edit_text("notes", "m", "body"), ErrorCode::not_found);
  EXPECT_ERROR((void)a.db.edit_text("notes", {"n", "m"}, "body"), ErrorCode::not_found);
  a.db.execute("INSERT INTO notes(id, body) VALUES('m', ?)", Blob{std::byte{0}});
  EXPECT_ERROR((void)a.db.edit_text("notes", "m", "body"), ErrorCode::bad_value);
}

TEST_F(TextEdits, OfADeletedRowAreRefusedAndStay) {
  TextEdit edit = open(a);
  edit.insert(0, "x");
  a.db.execute("DELETE FROM notes");
  EXPECT_ERROR(edit.commit(), ErrorCode::not_found);
  EXPECT_EQ(edit.text(), "xMilk and bread");
  EXPECT_TRUE(edit.has_edits());
}

TEST_F(TextEdits, CountInTheEditorsUnits) {
  a.db.execute("INSERT INTO notes(id, body) VALUES('u', 'ñ🎉x')");
  TextEdit edit = a.db.edit_text("notes", "u", "body");
  EXPECT_EQ(edit.length(TextUnit::utf16), 4U);
  edit.insert(3, "y", TextUnit::utf16);
  edit.erase(0, 2, TextUnit::bytes);
  EXPECT_EQ(edit.convert(1, TextUnit::code_points, TextUnit::bytes), 4U);
  edit.commit();
  EXPECT_EQ(value_of(a.db, "SELECT body FROM notes WHERE id = 'u'"), Value("🎉yx"));
}

TEST_F(TextEdits, OfAColumnThatCameLaterBeginAText) {
  migrate(2, [](Schema& schema) {
    schema.execute("ALTER TABLE notes ADD COLUMN more TEXT");
    schema.replicate("notes", {{"more", text()}});
  });
  TextEdit edit = a.db.edit_text("notes", "n", "more");
  EXPECT_EQ(edit.text(), "");
  edit.insert(0, "more");
  edit.commit();
  edit.insert(4, "!");
  edit.commit();
  EXPECT_EQ(synced("notes"), Lines{"'n'|'t'|'Milk and bread'|'more!'"});
}

TEST_F(TextEdits, FollowThroughCheckpoints) {
  TextEdit far = open(b);
  TextEdit near = open(a);
  TextEdit idle = open(a);
  for (int count = 0; count < 3'000; ++count) {
    near.insert(near.length(), "x");
    near.commit();
    if (count % 400 != 0) continue;
    testing::exchange(a.db, b.db);
    far.insert(0, "y");
    far.commit();
  }
  testing::exchange(a.db, b.db);
  EXPECT_LT(value_of(a.db, "SELECT count(*) FROM rill_text_op").integer(), 1'000);
  std::vector<TextChange> changes = far.refresh();
  changes = near.refresh();
  EXPECT_EQ(told("Milk and bread", idle.refresh()), near.text());
  EXPECT_EQ(far.text(), near.text());
  EXPECT_EQ(near.text().substr(0, 9), "yyyyyyyyM");
  synced("notes");
}

TEST_F(TextEdits, GetCheckpointsWhereTheAppCommitsThemInItsTransactions) {
  TextEdit kept = open(a);
  std::string text;
  for (int count = 0; count < 2'000; ++count) {
    TextEdit fresh = open(a);
    TextEdit& edit = count % 2 == 0 ? kept : fresh;
    text = "xy" + told(edit.text(), edit.refresh());
    a.db.transaction([&] {
      edit.insert(0, "x");
      edit.commit();
      edit.insert(1, "y");
      edit.commit();
    });
  }
  EXPECT_LT(value_of(a.db, "SELECT count(*) FROM rill_text_op").integer(), 1'000);
  expect_synced(text);
  EXPECT_EQ(testing::findings(a.db), "");
}

TEST_F(TextEdits, FireTheAppsTriggersAndTellObservers) {
  a.db.migrate(2, [](Schema& schema) {
    schema.execute("CREATE TABLE log(old TEXT, new TEXT)");
    schema.execute(
        "CREATE TRIGGER noted AFTER UPDATE OF body ON notes BEGIN INSERT INTO log VALUES(OLD.body, "
        "NEW.body); END");
  });
  TextEdit edit = open(a);
  edit.insert(0, "Buy ");
  edit.commit();
  EXPECT_EQ(testing::lines(a.db, "log"), Lines{"'Milk and bread'|'Buy Milk and bread'"});
}

TEST_F(TextEdits, OutliveTheirRowsIdentityChange) {
  // A file that is put back as a copy takes a new replica id with the next write.
  TextEdit before = open(a);
  before.insert(0, "1");
  before.commit();
  testing::exchange(a.db, b.db);
  const auto copy = folder / "copy.db";
  a.db.execute("VACUUM INTO ?", copy.string());
  Database other(copy, testing::options_beside(copy));
  TextEdit edit = other.edit_text("notes", "n", "body");
  edit.insert(0, "2");
  edit.commit();
  EXPECT_EQ(edit.text(), "21Milk and bread");
  testing::exchange(other, b.db);
  expect_synced("21Milk and bread");
}

}  // namespace
}  // namespace rill
