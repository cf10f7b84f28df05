#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "notes_process.hpp"
#include "support/temporary_folder.hpp"

namespace rill::testing {

/// Options that keep a device to this machine, and to those of one test.
inline std::vector<std::string> network_options(std::uint16_t discovery_port) {
  return {"--local", "--discovery-port", std::to_string(discovery_port)};
}

/// A device on which `notes run` runs, on a port of its own.
class Running {
 public:
  Running(const TemporaryFolder& folder, const std::string& device, std::uint16_t discovery_port,
          std::vector<std::string> more = {})
      : process_(folder, arguments(folder, device, discovery_port, std::move(more))) {
    EXPECT_TRUE(process_.wait_for_output("Ctrl-C ends"));
    std::smatch match;
    const std::string printed = process_.output();
    if (std::regex_search(printed, match, std::regex("listens on port ([0-9]+)"))) {
      port_ = match[1];
    }
  }

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + port_; }
  [[nodiscard]] const std::string& port() const { return port_; }
  [[nodiscard]] NotesProcess& process() { return process_; }
  NotesProcess::Result stop(int signal = SIGTERM) {
    process_.send_signal(signal);
    return process_.wait();
  }

 private:
  static std::vector<std::string> arguments(const TemporaryFolder& folder,
                                            const std::string& device, std::uint16_t discovery_port,
                                            std::vector<std::string> more) {
    std::vector<std::string> all{"--db", (folder / device).string(), "run", "--name", device};
    for (std::string& option : network_options(discovery_port)) all.push_back(std::move(option));
    for (std::string& option : more) all.push_back(std::move(option));
    return all;
  }

  NotesProcess process_;
  std::string port_;
};

/// The notes program, run on the databases of several devices.
class Notes : public ::testing::Test {
 protected:
  using Arguments = std::vector<std::string>;
  using Result = NotesProcess::Result;

  Result run(const Arguments& arguments, const std::string& input = {}) {
    return NotesProcess(folder_, arguments, input).wait();
  }
  /// Runs a command on a device's database.
  Result on(const std::string& device, Arguments arguments, const std::string& input = {}) {
    return run(with_database(device, std::move(arguments)), input);
  }
  /// The same, where it has to succeed; returns what it printed.
  std::string output_on(const std::string& device, Arguments arguments,
                        const std::string& input = {}) {
    const Result result = on(device, std::move(arguments), input);
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return result.output;
  }
  Arguments with_database(const std::string& device, Arguments arguments) const {
    arguments.insert(arguments.begin(), {"--db", (folder_ / device).string()});
    return arguments;
  }
  /// Adds a note and returns its id, as it was printed.
  std::string add(const std::string& device, const std::string& title,
                  const std::string& body = {}) {
    const std::string printed = output_on(device, {"add", title, "--body", body});
    std::smatch match;
    return std::regex_search(printed, match, std::regex("added (\\w+)")) ? match[1].str() : "";
  }
  /// Runs a command that takes part in the network.
  Result in_network(const std::string& device, Arguments arguments) {
    for (std::string& option : network_options(discovery_port_)) {
      arguments.push_back(std::move(option));
    }
    return on(device, std::move(arguments));
  }
  /// Lets a device into the group of another, which may be its first member.
  void pair(const std::string& inviter, const std::string& joiner) {
    Arguments inviting{"invite", "--link", "--yes", "--name", inviter};
    for (std::string& option : network_options(discovery_port_)) {
      inviting.push_back(std::move(option));
    }
    NotesProcess invitation(folder_, with_database(inviter, inviting));
    ASSERT_TRUE(invitation.wait_for_output("within 10 minutes"));
    std::smatch match;
    const std::string printed = invitation.output();
    ASSERT_TRUE(std::regex_search(printed, match, std::regex("Link: (\\S+)")));
    const Result joined = in_network(joiner, {"join", match[1], "--name", joiner});
    EXPECT_EQ(joined.exit_code, 0) << joined.errors;
    EXPECT_EQ(invitation.wait().exit_code, 0);
  }
  /// Lets devices a.db and b.db sync, once they are paired.
  std::string meet() {
    if (!std::filesystem::exists(folder_ / "b.db-key")) pair("a.db", "b.db");
    Running running(folder_, "a.db", discovery_port_);
    const Result result = in_network("b.db", {"sync", running.address()});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_EQ(running.stop(SIGINT).exit_code, 0);
    return result.output;
  }
  std::string digest(const std::string& device) { return output_on(device, {"digest"}); }
  void write_file(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  TemporaryFolder folder_;
  /// Tests that run at once must not find each other's devices.
  const std::uint16_t discovery_port_ = static_cast<std::uint16_t>(20'000 + ::getpid() % 20'000);
};

}  // namespace rill::testing
