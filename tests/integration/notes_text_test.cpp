// The texts of notes, as several devices and processes edit them at once.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "notes_fixture.hpp"

namespace rill::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class NotesText : public Notes {
 protected:
  /// Runs `notes edit` with a shell script in the editor's place; `"$1"` is the draft.
  Result edit(const std::string& device, const std::string& id, const std::string& script) {
    write_file("editor", script + "\n");
    const std::filesystem::path drafts = folder_ / "drafts";
    std::filesystem::create_directories(drafts);
    const std::vector<std::string> arguments = {
        "-u",
        "VISUAL",
        "EDITOR=sh -e '" + (folder_ / "editor").string() + "'",
        "TMPDIR=" + drafts.string(),
        NOTES_PROGRAM,
        "--db",
        (folder_ / device).string(),
        "edit",
        id};
    return Process(folder_, "/usr/bin/env", arguments, "piped").wait();
  }
  /// A line of a script that runs the program.
  [[nodiscard]] std::string notes(const std::string& device, const std::string& arguments) const {
    return std::string("'" NOTES_PROGRAM "' --db '") + (folder_ / device).string() + "' " +
           arguments + "\n";
  }
  std::string body(const std::string& device, const std::string& id) {
    const std::string shown = output_on(device, {"show", id});
    const std::size_t begin = shown.find("\n\n");
    return begin == std::string::npos ? "" : shown.substr(begin + 2);
  }
  /// The drafts that were kept for the user.
  [[nodiscard]] std::vector<std::string> kept() const {
    std::vector<std::string> texts;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "drafts")) {
      if (entry.is_regular_file()) texts.push_back(read(entry.path()));
    }
    return texts;
  }
};

TEST_F(NotesText, holds_every_word_of_two_devices) {
  const std::string id = add("a.db", "Shopping", "We need milk today.");
  meet();
  output_on("a.db", {"edit", id, "--body", "We need oat milk today."});
  EXPECT_EQ(edit("b.db", id, "sed -i 's/today/tomorrow and some bread/' \"$1\"").exit_code, 0);
  meet();
  for (const char* const device : {"a.db", "b.db"}) {
    EXPECT_EQ(body(device, id), "We need oat milk tomorrow and some bread.\n");
    EXPECT_THAT(output_on(device, {"search", "oat", "bread"}), HasSubstr("Shopping"));
    EXPECT_THAT(output_on(device, {"search", "today"}), IsEmpty());
    EXPECT_THAT(on(device, {"conflicts"}).errors, HasSubstr("no conflicts"));
  }
  meet();
  EXPECT_EQ(digest("a.db"), digest("b.db"));
}

TEST_F(NotesText, holds_what_another_process_wrote_while_the_editor_was_open) {
  const std::string id = add("a.db", "Shopping", "milk\nbread\n");
  const Result result = edit("a.db", id,
                             notes("a.db", "edit " + id + " --body 'milk\nrye bread\n'") +
                                 "sed -i 's/milk/oat milk/' \"$1\"");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, EndsWith("Shopping  (together with what was written meanwhile)\n"));
  EXPECT_EQ(body("a.db", id), "oat milk\nrye bread\n");
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(NotesText, holds_what_another_device_sent_while_the_editor_was_open) {
  const std::string id = add("a.db", "Shopping", "milk\nbread\n");
  meet();
  output_on("b.db", {"edit", id, "--body", "milk\nrye bread\n", "--title", "For Sunday"});
  Running running(folder_, "a.db", discovery_port_);
  std::string sync = "sync " + running.address();
  for (const std::string& option : network_options(discovery_port_)) sync += " " + option;
  const Result result = edit("a.db", id, notes("b.db", sync) + "sed -i 's/milk/oat milk/' \"$1\"");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_THAT(result.output, HasSubstr("For Sunday"));
  EXPECT_EQ(in_network("b.db", {"sync", running.address()}).exit_code, 0);
  EXPECT_EQ(body("b.db", id), "oat milk\nrye bread\n");
}

TEST_F(NotesText, of_a_file_that_changed_is_merged_with_edits_of_another_device) {
  write_file("docs/list.txt", "Shopping\n\nmilk\nbread\n");
  output_on("a.db", {"import", (folder_ / "docs").string()});
  const std::string id = output_on("a.db", {"search", "milk"}).substr(0, 6);
  meet();
  write_file("docs/list.txt", "Shopping\n\nmilk\nrye bread\n");
  EXPECT_THAT(output_on("a.db", {"import", (folder_ / "docs").string()}), HasSubstr("updated 1"));
  output_on("b.db", {"edit", id, "--body", "Shopping\n\noat milk\nbread\n"});
  meet();
  EXPECT_EQ(body("a.db", id), "Shopping\n\noat milk\nrye bread\n");
}

TEST_F(NotesText, stays_where_the_editor_only_ends_the_last_line) {
  const std::string id = add("a.db", "Shopping", "milk");
  const std::string before = digest("a.db");
  const Result result = edit("a.db", id, "echo >>\"$1\"");
  EXPECT_THAT(result.output, StartsWith("unchanged"));
  EXPECT_EQ(digest("a.db"), before);
}

TEST_F(NotesText, stays_with_the_user_if_the_note_was_deleted_meanwhile) {
  const std::string id = add("a.db", "Shopping", "milk");
  const Result result =
      edit("a.db", id, notes("a.db", "delete " + id) + "sed -i 's/milk/oat milk/' \"$1\"");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(StartsWith("notes: the note was deleted while you edited it"),
                                   HasSubstr((folder_ / "drafts").string())));
  EXPECT_EQ(kept(), std::vector<std::string>{"Shopping\n\noat milk"});
  EXPECT_THAT(output_on("a.db", {"list"}), IsEmpty());
}

TEST_F(NotesText, stays_with_the_user_if_it_cannot_be_written) {
  const std::string id = add("a.db", "Shopping", "milk");
  const Result result = edit("a.db", id, "head -c 17000000 /dev/zero | tr '\\0' x >>\"$1\"");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, HasSubstr("; your text is kept in '"));
  ASSERT_EQ(kept().size(), 1U);
  EXPECT_THAT(kept().front(), StartsWith("Shopping\n\nmilkxxx"));
  EXPECT_EQ(body("a.db", id), "milk\n");
}

TEST_F(NotesText, stays_with_the_user_if_the_editor_fails_after_it_was_written) {
  const std::string id = add("a.db", "Shopping", "milk");
  EXPECT_THAT(edit("a.db", id, "exit 1").errors, Not(HasSubstr("kept")));
  EXPECT_THAT(kept(), IsEmpty());
  const Result result = edit("a.db", id, "printf ' and bread' >>\"$1\"; exit 1");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("nothing was changed"), HasSubstr("kept in")));
  EXPECT_EQ(kept(), std::vector<std::string>{"Shopping\n\nmilk and bread"});
  EXPECT_EQ(body("a.db", id), "milk\n");
}

TEST_F(NotesText, is_written_without_a_title_that_would_replace_one_the_user_has_not_seen) {
  const std::string id = add("a.db", "Shopping", "milk");
  const Result result = edit("a.db", id,
                             notes("a.db", "edit " + id + " --title 'For Sunday'") +
                                 "sed -i -e '1s/.*/For Monday/' -e 's/milk/oat milk/' \"$1\"");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("“For Sunday”"), HasSubstr("“For Monday”")));
  EXPECT_THAT(output_on("a.db", {"list"}), HasSubstr("For Sunday"));
  EXPECT_EQ(body("a.db", id), "oat milk\n");
}

TEST_F(NotesText, piped_in_is_not_typed_into_the_editor) {
  const std::string id = add("a.db", "Shopping", "milk");
  EXPECT_EQ(edit("a.db", id, "readlink /proc/$$/fd/0 >>\"$1\"").exit_code, 0);
  EXPECT_THAT(body("a.db", id), ::testing::AnyOf("milk/dev/null\n", "milk/dev/tty\n"));
  const Result none = Process(folder_, "/usr/bin/env",
                              {"-u", "VISUAL", "-u", "EDITOR", NOTES_PROGRAM, "--db",
                               (folder_ / "a.db").string(), "edit", id},
                              "piped")
                          .wait();
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.errors, HasSubstr("EDITOR"));
}

}  // namespace
}  // namespace rill::testing
