// The notes app as its user meets it: every command, run as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "notes_fixture.hpp"

namespace rill::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Arguments = std::vector<std::string>;
using Result = NotesProcess::Result;

TEST_F(Notes, help_names_every_command_and_the_exit_codes) {
  const Result result = run({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  for (const char* command :
       {"add",     "import",    "list",    "show",   "edit",   "tag",      "untag",     "delete",
        "search",  "conflicts", "resolve", "sync",   "run",    "watch",    "invite",    "join",
        "devices", "revoke",    "leave",   "status", "digest", "NOTES_DB", "Exit codes"}) {
    EXPECT_THAT(result.output, HasSubstr(command));
  }
  EXPECT_THAT(run({"list", "--help"}).output, HasSubstr("--limit"));
}

TEST_F(Notes, a_wrong_command_line_is_one_clear_line_and_exit_code_2) {
  const std::vector<Arguments> mistakes{{"frob"},
                                        {"--frob"},
                                        {"list", "--limit", "many"},
                                        {"show"},
                                        {"tag", "x"},
                                        {"add"},
                                        {"edit", "x", "--status", "odd"},
                                        {"sync", "nowhere"},
                                        {"run", "--port", "70000"},
                                        {"invite", "--role", "king"},
                                        {"resolve", "x", "views"},
                                        {"resolve", "x", "body"}};
  for (const Arguments& mistake : mistakes) {
    const Result result = on("a.db", mistake);
    EXPECT_EQ(result.exit_code, 2) << mistake.front();
    EXPECT_THAT(result.output, IsEmpty());
    EXPECT_THAT(result.errors, StartsWith("notes: "));
    EXPECT_EQ(std::count(result.errors.begin(), result.errors.end(), '\n'), 1) << result.errors;
  }
  EXPECT_EQ(run({}).exit_code, 2);
}

TEST_F(Notes, keeps_what_is_added) {
  const std::string id = add("a.db", "Milk", "2 litres");
  EXPECT_THAT(output_on("a.db", {"list"}), AllOf(HasSubstr(id), HasSubstr("Milk")));
  EXPECT_THAT(output_on("a.db", {"show", id}), AllOf(HasSubstr("Milk"), HasSubstr("2 litres")));
}

TEST_F(Notes, takes_a_text_from_standard_input_and_its_title_from_the_text) {
  output_on("a.db", {"add", "--body", "-"},
            "# Bread\r\nof rye, Gr\xFC\xDF"
            "e\r\n");
  EXPECT_THAT(output_on("a.db", {"list"}), HasSubstr("  Bread"));
  EXPECT_THAT(output_on("a.db", {"search", "grüße"}), HasSubstr("of rye"));
}

TEST_F(Notes, show_counts_a_view) {
  const std::string id = add("a.db", "Milk");
  output_on("a.db", {"show", id});
  EXPECT_THAT(output_on("a.db", {"show", id}), HasSubstr("views     2"));
}

TEST_F(Notes, edit_changes_what_is_named_and_nothing_else) {
  const std::string id = add("a.db", "Milk", "2 litres");
  output_on("a.db", {"edit", id, "--title", "Oat milk", "--status", "done"});
  EXPECT_THAT(output_on("a.db", {"show", id}),
              AllOf(HasSubstr("Oat milk"), HasSubstr("status    done"), HasSubstr("2 litres")));
  const std::string before = digest("a.db");
  EXPECT_THAT(output_on("a.db", {"edit", id, "--status", "done"}), StartsWith("unchanged"));
  EXPECT_EQ(digest("a.db"), before);
}

TEST_F(Notes, tags_are_a_set) {
  const std::string id = add("a.db", "Milk");
  output_on("a.db", {"tag", id, "shop", "home"});
  EXPECT_THAT(output_on("a.db", {"tag", id, "shop"}), StartsWith("unchanged"));
  output_on("a.db", {"untag", id, "home"});
  EXPECT_THAT(output_on("a.db", {"list", "--tag", "shop"}), HasSubstr("#shop"));
  EXPECT_THAT(on("a.db", {"list", "--tag", "home"}).errors, HasSubstr("no notes"));
}

TEST_F(Notes, delete_takes_a_note_from_list_and_search) {
  const std::string id = add("a.db", "Milk");
  output_on("a.db", {"delete", id});
  EXPECT_THAT(output_on("a.db", {"list"}), IsEmpty());
  EXPECT_THAT(output_on("a.db", {"search", "milk"}), IsEmpty());
  EXPECT_EQ(on("a.db", {"show", id}).exit_code, 1);
}

TEST_F(Notes, an_id_that_fits_no_note_or_several_is_refused) {
  EXPECT_THAT(on("a.db", {"show", "zzz"}).errors, HasSubstr("no note has an id"));
  for (int note = 0; note < 33; ++note) add("a.db", "Note " + std::to_string(note));
  // 33 ids share at least one first letter out of 32.
  bool refused = false;
  for (const char letter : std::string("0123456789abcdefghjkmnpqrstvwxyz")) {
    const Result result = on("a.db", {"tag", std::string(1, letter), "x"});
    refused = refused || result.errors.find("several notes") != std::string::npos;
  }
  EXPECT_TRUE(refused);
}

TEST_F(Notes, search_takes_words_for_words_not_for_syntax) {
  add("a.db", "Milk", "two \"litres\" AND bread");
  EXPECT_THAT(output_on("a.db", {"search", "\"litres\"", "AND"}), HasSubstr("Milk"));
  EXPECT_THAT(output_on("a.db", {"search", "litr*"}), HasSubstr("[litres]"));
  EXPECT_THAT(output_on("a.db", {"search", "litr"}), IsEmpty());
}

TEST_F(Notes, output_holds_no_terminal_commands_from_notes) {
  add("a.db", "Milk \x1b]0;owned\x07", "\x1b[2J");
  for (const Arguments& command : {Arguments{"list"}, Arguments{"search", "milk"}}) {
    EXPECT_THAT(output_on("a.db", command), Not(HasSubstr("\x1b")));
  }
}

TEST_F(Notes, import_makes_a_note_of_each_text) {
  write_file("docs/README", "Read me\nfirst");
  write_file("docs/sub/latin.txt",
             "Gr\xFC\xDF"
             "e");
  write_file("docs/sub/picture.txt", std::string("\x89PNG\0\0\0", 7));
  write_file("docs/empty.md", "\n");
  write_file("docs/old.txt.gz", "\x1f\x8b");
  write_file("docs/main.cpp", "int main() {}");
  std::filesystem::create_directory_symlink(folder_ / "docs", folder_ / "docs/sub/loop");
  const std::string printed =
      output_on("a.db", {"import", (folder_ / "docs").string(), "--tag", "doc"});
  EXPECT_THAT(printed, HasSubstr("imported 2 notes"));
  EXPECT_THAT(printed, HasSubstr("skipped 3 files: 1 compressed, 1 empty, 1 not text"));
  EXPECT_THAT(output_on("a.db", {"list", "--tag", "doc"}),
              AllOf(HasSubstr("Read me"), HasSubstr("Grüße")));
}

TEST_F(Notes, import_again_follows_files_but_not_over_edits) {
  write_file("docs/kept.txt", "Kept");
  write_file("docs/changed.txt", "Changed before");
  write_file("docs/edited.txt", "Edited before");
  write_file("docs/deleted.txt", "Deleted before");
  const Arguments import{"import", (folder_ / "docs").string()};
  output_on("a.db", import);
  const auto id_of = [&](const std::string& word) {
    return output_on("a.db", {"search", word}).substr(0, 6);
  };
  output_on("a.db", {"edit", id_of("edited"), "--body", "by hand"});
  output_on("a.db", {"delete", id_of("deleted")});
  for (const char* name : {"changed", "edited", "deleted"}) {
    write_file(std::string("docs/") + name + ".txt", "After");
  }
  const std::string printed = output_on("a.db", import);
  EXPECT_THAT(printed, HasSubstr("imported 0 notes"));
  EXPECT_THAT(printed, HasSubstr("updated 1 note"));
  EXPECT_THAT(printed, HasSubstr("1 imported before, 1 edited here since, 1 deleted here since"));
}

TEST_F(Notes, import_names_a_folder_that_is_not_there) {
  const Result result = on("a.db", {"import", (folder_ / "nowhere").string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(StartsWith("notes: "), HasSubstr("nowhere")));
}

TEST_F(Notes, a_file_that_is_no_database_is_left_alone) {
  const std::string text =
      "This is a shopping list, and a long one, not a database. " + std::string(200, '.');
  write_file("list.txt", text);
  const Result result = on("list.txt", {"list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(StartsWith("notes: "), HasSubstr("list.txt")));
  std::ifstream file(folder_ / "list.txt");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
}

TEST_F(Notes, a_database_that_cannot_be_made_is_named) {
  // Not even root may make files in /proc.
  for (const char* const name : {"no/such/folder/a.db", "/proc/a.db", "/dev/null"}) {
    const Result result = on(name, {"list"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.errors, AllOf(StartsWith("notes: "), HasSubstr(name)));
  }
}

TEST_F(Notes, a_folder_that_cannot_be_written_is_named) {
  if (::geteuid() == 0) GTEST_SKIP() << "nothing is read-only to root";
  std::filesystem::create_directory(folder_ / "locked");
  std::filesystem::permissions(folder_ / "locked", std::filesystem::perms::owner_read);
  const Result result = on("locked/a.db", {"list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("locked/a.db"));
  std::filesystem::permissions(folder_ / "locked", std::filesystem::perms::owner_all);
}

TEST_F(Notes, devices_that_sync_hold_the_same_notes) {
  add("a.db", "Milk", "2 litres");
  add("b.db", "Bread", "of rye");
  EXPECT_THAT(meet(), HasSubstr("1 note changed here, 1 there"));
  EXPECT_EQ(digest("a.db"), digest("b.db"));
  EXPECT_THAT(output_on("b.db", {"search", "litres"}), HasSubstr("Milk"));
}

TEST_F(Notes, the_search_index_follows_merges) {
  const std::string id = add("a.db", "Milk", "skimmed");
  const std::string gone = add("a.db", "Bread", "stale");
  meet();
  output_on("a.db", {"edit", id, "--body", "whole"});
  output_on("a.db", {"delete", gone});
  meet();
  EXPECT_THAT(output_on("b.db", {"search", "skimmed"}), IsEmpty());
  EXPECT_THAT(output_on("b.db", {"search", "stale"}), IsEmpty());
  EXPECT_THAT(output_on("b.db", {"search", "whole"}), HasSubstr("Milk"));
  EXPECT_THAT(output_on("b.db", {"reindex"}), HasSubstr("1 note"));
}

TEST_F(Notes, concurrent_titles_are_a_conflict_until_it_is_resolved) {
  const std::string id = add("a.db", "Milk");
  meet();
  output_on("a.db", {"edit", id, "--title", "Oat milk"});
  output_on("b.db", {"edit", id, "--title", "Soy milk"});
  meet();
  EXPECT_THAT(output_on("a.db", {"conflicts"}),
              AllOf(HasSubstr("shown  “Soy milk”"), HasSubstr("1      “Oat milk”")));
  EXPECT_EQ(on("a.db", {"resolve", id, "title", "--take", "2"}).exit_code, 1);
  EXPECT_EQ(on("a.db", {"resolve", id, "status"}).exit_code, 1);
  output_on("a.db", {"resolve", id, "title", "--take", "1"});
  meet();
  EXPECT_THAT(output_on("b.db", {"list"}), HasSubstr("Oat milk"));
  EXPECT_THAT(on("b.db", {"conflicts"}).errors, HasSubstr("no conflicts"));
}

TEST_F(Notes, resolve_keeps_what_is_shown_or_writes_what_is_given) {
  const std::string kept = add("a.db", "Milk");
  const std::string given = add("a.db", "Bread");
  meet();
  for (const std::string& id : {kept, given}) {
    output_on("a.db", {"edit", id, "--title", "from A"});
    output_on("b.db", {"edit", id, "--title", "from B"});
  }
  meet();
  output_on("b.db", {"resolve", kept, "title"});
  output_on("b.db", {"resolve", given, "title", "--value", "from both"});
  meet();
  EXPECT_THAT(output_on("a.db", {"list"}), AllOf(HasSubstr("from B"), HasSubstr("from both")));
  EXPECT_THAT(on("a.db", {"conflicts"}).errors, HasSubstr("no conflicts"));
}

TEST_F(Notes, a_clock_ahead_wins_a_tie_and_loses_to_the_next_write) {
  const std::string id = add("a.db", "Milk");
  meet();
  output_on("b.db", {"--clock-offset", "3652", "edit", id, "--title", "from the future"});
  output_on("a.db", {"edit", id, "--title", "from today"});
  meet();
  EXPECT_THAT(output_on("a.db", {"list"}), HasSubstr("from the future"));
  output_on("a.db", {"edit", id, "--title", "from today again"});
  meet();
  EXPECT_THAT(output_on("b.db", {"list"}), HasSubstr("from today again"));
}

TEST_F(Notes, status_tells_who_and_how_much) {
  add("a.db", "Milk");
  const std::string status = output_on("a.db", {"status"});
  EXPECT_THAT(status, AllOf(HasSubstr("replica"), HasSubstr("notes      1 (0 done)"),
                            HasSubstr("conflicts  none"), HasSubstr(digest("a.db"))));
}

TEST_F(Notes, check_finds_what_was_meddled_with) {
  add("a.db", "Milk");
  EXPECT_THAT(output_on("a.db", {"check"}), HasSubstr("no faults"));
  sqlite3* meddler = nullptr;
  ASSERT_EQ(sqlite3_open((folder_ / "a.db").c_str(), &meddler), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(meddler, "DELETE FROM rill_epoch", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(meddler);
  const Result checked = on("a.db", {"check"});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_THAT(checked.output, HasSubstr("rill_epoch"));
  EXPECT_THAT(checked.errors, HasSubstr("the database has 1 fault"));
}

TEST_F(Notes, watch_prints_changes_of_other_processes) {
  const std::string id = add("a.db", "Milk");
  NotesProcess watcher(folder_, with_database("a.db", {"watch"}));
  ASSERT_TRUE(watcher.wait_for_output("Ctrl-C ends"));
  output_on("a.db", {"edit", id, "--title", "Oat milk"});
  EXPECT_TRUE(watcher.wait_for_output("Oat milk"));
  output_on("a.db", {"delete", id});
  EXPECT_TRUE(watcher.wait_for_output("deleted"));
  watcher.send_signal(SIGINT);
  EXPECT_EQ(watcher.wait().exit_code, 0);
}

}  // namespace
}  // namespace rill::testing
