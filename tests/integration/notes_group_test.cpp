// The notes program in a group of devices: pairing, staying in sync, removal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "notes_fixture.hpp"

namespace rill::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Result = NotesProcess::Result;

TEST_F(Notes, two_terminals_find_each_other_by_a_code_and_stay_in_sync) {
  add("a.db", "Milk");
  Running a(folder_, "a.db", discovery_port_);
  NotesProcess invitation(
      folder_, with_database("a.db", {"invite", "--yes", "--name", "a.db", "--local",
                                      "--discovery-port", std::to_string(discovery_port_)}));
  ASSERT_TRUE(invitation.wait_for_output("within 2 minutes"));
  std::smatch match;
  const std::string printed = invitation.output();
  ASSERT_TRUE(std::regex_search(printed, match, std::regex("Code: (\\d{4}) (\\d{4})")));
  const Result joined = in_network("b.db", {"join", match[1], match[2], "--name", "b.db"});
  EXPECT_EQ(joined.exit_code, 0) << joined.errors;
  EXPECT_THAT(joined.output, HasSubstr("Let in by a.db"));
  EXPECT_EQ(invitation.wait().exit_code, 0);

  Running b(folder_, "b.db", discovery_port_);
  EXPECT_TRUE(b.process().wait_for_output("in sync with a.db"));
  EXPECT_TRUE(a.process().wait_for_output("b.db"));
  add("a.db", "Bread");
  EXPECT_TRUE(b.process().wait_for_output("Bread"));
  add("b.db", "Tea");
  EXPECT_TRUE(a.process().wait_for_output("Tea"));
  EXPECT_EQ(a.stop(SIGINT).exit_code, 0);
  EXPECT_TRUE(b.process().wait_for_output("has left"));
  EXPECT_EQ(b.stop(SIGINT).exit_code, 0);
  EXPECT_EQ(digest("a.db"), digest("b.db"));
}

TEST_F(Notes, a_device_that_comes_back_is_found_again) {
  pair("a.db", "b.db");
  auto a = std::make_unique<Running>(folder_, "a.db", discovery_port_);
  Running b(folder_, "b.db", discovery_port_);
  ASSERT_TRUE(b.process().wait_for_output("in sync with a.db"));
  a->process().send_signal(SIGKILL);
  EXPECT_TRUE(b.process().wait_for_output("is gone"));
  a.reset();
  add("a.db", "Bread");
  a = std::make_unique<Running>(folder_, "a.db", discovery_port_);
  EXPECT_TRUE(b.process().wait_for_output("Bread"));
}

TEST_F(Notes, devices_lists_them_and_revoke_removes_one) {
  EXPECT_THAT(output_on("a.db", {"devices"}), HasSubstr("is in no group"));
  pair("a.db", "b.db");
  EXPECT_THAT(output_on("a.db", {"devices"}),
              AllOf(HasSubstr("a.db"), HasSubstr("admin"), HasSubstr("this device"),
                    HasSubstr("b.db"), HasSubstr("writer")));
  EXPECT_EQ(on("b.db", {"revoke", "a.db"}).exit_code, 1) << "a writer may not";
  EXPECT_EQ(on("a.db", {"revoke", "nobody"}).exit_code, 1);
  EXPECT_THAT(output_on("a.db", {"revoke", "b.db"}), HasSubstr("is removed"));
  EXPECT_THAT(output_on("a.db", {"devices"}), HasSubstr("removed"));
  add("a.db", "Milk");
  Running a(folder_, "a.db", discovery_port_);
  const Result refused = in_network("b.db", {"sync", a.address(), "--timeout", "5"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("removed"));
}

TEST_F(Notes, a_reader_follows_and_may_not_write) {
  Running a(folder_, "a.db", discovery_port_);
  NotesProcess invitation(
      folder_, with_database("a.db", {"invite", "--link", "--yes", "--role", "reader", "--local",
                                      "--discovery-port", std::to_string(discovery_port_)}));
  ASSERT_TRUE(invitation.wait_for_output("within 10 minutes"));
  std::smatch match;
  const std::string printed = invitation.output();
  ASSERT_TRUE(std::regex_search(printed, match, std::regex("Link: (\\S+)")));
  EXPECT_EQ(in_network("b.db", {"join", match[1]}).exit_code, 0);
  add("a.db", "Milk");
  EXPECT_EQ(in_network("b.db", {"sync", a.address()}).exit_code, 0);
  EXPECT_THAT(output_on("b.db", {"list"}), HasSubstr("Milk"));
  const Result refused = on("b.db", {"add", "Bread"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("reader"));
}

TEST_F(Notes, a_user_who_says_no_keeps_the_device_out) {
  NotesProcess invitation(folder_,
                          with_database("a.db", {"invite", "--link", "--local", "--discovery-port",
                                                 std::to_string(discovery_port_)}),
                          "n\n");
  ASSERT_TRUE(invitation.wait_for_output("within 10 minutes"));
  std::smatch match;
  const std::string printed = invitation.output();
  ASSERT_TRUE(std::regex_search(printed, match, std::regex("Link: (\\S+)")));
  const Result joined = in_network("b.db", {"join", match[1]});
  EXPECT_EQ(joined.exit_code, 1);
  EXPECT_THAT(joined.errors, StartsWith("Looking"));
  EXPECT_THAT(output_on("b.db", {"devices"}), HasSubstr("is in no group"));
}

TEST_F(Notes, sync_without_a_group_and_without_anybody_there_says_so) {
  EXPECT_THAT(in_network("a.db", {"sync"}).errors, HasSubstr("in no group"));
  pair("a.db", "b.db");
  const Result alone = in_network("b.db", {"sync", "--timeout", "1"});
  EXPECT_EQ(alone.exit_code, 1);
  EXPECT_THAT(alone.errors, HasSubstr("no other device of the group was found"));
}

TEST_F(Notes, a_device_that_is_killed_in_the_middle_holds_all_or_nothing_and_goes_on) {
  constexpr int kNotes = 400;
  std::string words(20'000, ' ');
  for (std::size_t index = 0; index < words.size(); ++index) {
    words[index] = static_cast<char>('a' + (index * index / 7 + index) % 26);
  }
  for (int note = 0; note < kNotes; ++note) {
    write_file("docs/" + std::to_string(note) + ".txt", std::to_string(note) + "\n\n" + words);
  }
  output_on("a.db", {"import", (folder_ / "docs").string()});
  pair("a.db", "b.db");
  Running a(folder_, "a.db", discovery_port_);
  const std::string nothing = "notes      0 ";
  const std::string all = "notes      " + std::to_string(kNotes) + ' ';
  int cut = 0;
  for (int moment = 0; moment < 50; ++moment) {
    std::vector<std::string> arguments = with_database("b.db", {"sync", a.address()});
    for (std::string& option : network_options(discovery_port_)) {
      arguments.push_back(std::move(option));
    }
    NotesProcess killed(folder_, arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 3 * moment));
    killed.send_signal(SIGKILL);
    killed.wait();
    const std::string status = output_on("b.db", {"status"});
    const bool whole = status.find(all) != std::string::npos;
    ASSERT_TRUE(whole || status.find(nothing) != std::string::npos) << status;
    if (whole) break;
    ++cut;
  }
  EXPECT_GT(cut, 0) << "no cut came before the end";
  const Result synced = in_network("b.db", {"sync", a.address()});
  EXPECT_EQ(synced.exit_code, 0) << synced.errors;
  EXPECT_EQ(digest("a.db"), digest("b.db"));
}

TEST_F(Notes, a_database_is_kept_in_sync_by_one_process_at_a_time) {
  pair("a.db", "b.db");
  Running a(folder_, "a.db", discovery_port_);
  const Result second = in_network("a.db", {"run"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.errors, HasSubstr("already"));
}

TEST_F(Notes, a_port_in_use_is_named) {
  Running a(folder_, "a.db", discovery_port_);
  const Result result = in_network("b.db", {"run", "--port", a.port()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(StartsWith("notes: "), HasSubstr(a.port())));
}

TEST_F(Notes, a_device_that_falls_silent_ends_the_sync_with_an_error) {
  pair("a.db", "b.db");
  Running a(folder_, "a.db", discovery_port_);
  a.process().send_signal(SIGSTOP);
  const Result result = in_network("b.db", {"sync", a.address(), "--timeout", "2"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, StartsWith("notes: "));
  a.process().send_signal(SIGCONT);
}

}  // namespace
}  // namespace rill::testing
