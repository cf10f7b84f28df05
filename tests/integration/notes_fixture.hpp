#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "notes_process.hpp"
#include "support/temporary_folder.hpp"

namespace rill::testing {

/// A device that serves, on a port of its own.
class Server {
 public:
  Server(const TemporaryFolder& folder, const std::string& device,
         const std::string& command = "serve")
      : process_(folder, {"--db", (folder / device).string(), command, "--port", "0"}) {
    EXPECT_TRUE(process_.wait_for_output("Ctrl-C ends"));
    std::smatch match;
    const std::string printed = process_.output();
    if (std::regex_search(printed, match, std::regex("listening on ([0-9.]+:([0-9]+))"))) {
      address_ = match[1];
      port_ = match[2];
    }
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& port() const { return port_; }
  [[nodiscard]] NotesProcess& process() { return process_; }
  NotesProcess::Result stop(int signal = SIGTERM) {
    process_.send_signal(signal);
    return process_.wait();
  }

 private:
  NotesProcess process_;
  std::string address_;
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
  /// Lets two devices sync.
  void meet() {
    Server server(folder_, "a.db");
    output_on("b.db", {"sync", server.address()});
  }
  std::string digest(const std::string& device) { return output_on(device, {"digest"}); }
  void write_file(const std::string& name, const std::string& bytes) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  TemporaryFolder folder_;
};

}  // namespace rill::testing
