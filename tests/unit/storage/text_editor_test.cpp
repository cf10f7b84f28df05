#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "rill/database.hpp"
#include "rill/text_edit.hpp"
#include "support/expect_error.hpp"
#include "support/two_devices.hpp"

// An editor whose text is replaced by another under its hands.

namespace rill {
namespace {

class TextEditor : public testing::TwoDevices {
 protected:
  TextEditor() {
    migrate(1, [](Schema& schema) {
      schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, body TEXT)");
      schema.replicate("notes", {{"body", text()}});
    });
  }

  void insert(const Value& body) {
    a.db.execute("INSERT OR REPLACE INTO notes(id, body) VALUES('n', ?)", body);
  }
  Value body() { return testing::value_of(a.db, "SELECT body FROM notes"); }
};

TEST_F(TextEditor, RefusesEditsOfATextThatTheSameDeviceReplaced) {
  insert("first");
  TextEdit edit = a.db.edit_text("notes", "n", "body");
  edit.insert(5, "!");
  insert("second");  // its characters have the same names as those of the first
  EXPECT_ERROR(edit.commit(), ErrorCode::causality_gap);
  EXPECT_EQ(edit.text(), "first!");
  EXPECT_EQ(body(), Value("second"));
  TextEdit again = a.db.edit_text("notes", "n", "body");
  EXPECT_EQ(again.text(), "second");
}

TEST_F(TextEditor, RefusesEditsThatNameNothingOfATextThatWasReplaced) {
  insert("");
  TextEdit edit = a.db.edit_text("notes", "n", "body");
  edit.insert(0, "lost");
  insert("another");
  EXPECT_ERROR(edit.commit(), ErrorCode::causality_gap);
  EXPECT_EQ(body(), Value("another"));
}

TEST_F(TextEditor, FollowsWhatItsOwnTransactionWrites) {
  a.db.transaction([&] {
    insert("draft");
    TextEdit edit = a.db.edit_text("notes", "n", "body");
    a.db.execute("UPDATE notes SET body = 'no'");
    EXPECT_FALSE(edit.refresh().empty());
    EXPECT_EQ(edit.text(), "no");
    edit.insert(2, "te");
    edit.commit();
  });
  EXPECT_EQ(body(), Value("note"));
}

TEST_F(TextEditor, FollowsATextWhoseInsertWasUndoneAndMadeAgain) {
  std::optional<TextEdit> edit;
  EXPECT_THROW(a.db.transaction([&] {
    insert("undone");
    edit.emplace(a.db.edit_text("notes", "n", "body"));
    throw std::runtime_error("undo");
  }),
               std::runtime_error);
  insert("done");  // under the same dot
  EXPECT_FALSE(edit->refresh().empty());
  EXPECT_EQ(edit->text(), "done");
  edit->insert(4, "!");
  edit->commit();
  EXPECT_EQ(body(), Value("done!"));
  EXPECT_EQ(synced("notes"), std::vector<std::string>{"'n'|'done!'"});
}

}  // namespace
}  // namespace rill
