#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace rill::testing {

/// The path of a program that is built into the folder of the test programs.
std::string beside_tests(const std::string& program);

/// A run of a program, with its output in files of `folder`. Standard input is a file, too,
/// so nothing in it is a terminal. A run that is not over is killed with the object.
class Process {
 public:
  /// What a finished run left.
  struct Result {
    int exit_code = 0;
    std::string output;
    std::string errors;
  };

  Process(const TemporaryFolder& folder, const std::string& program,
          const std::vector<std::string>& arguments, const std::string& input = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// What it has printed so far.
  [[nodiscard]] std::string output() const;
  /// Waits until the output holds `text`; returns whether it came.
  [[nodiscard]] bool wait_for_output(const std::string& text) const;
  void send_signal(int signal) const;
  /// Waits for the end. The exit code is negative for one by a signal, or if it did not come in
  /// time.
  Result wait();

 private:
  std::filesystem::path output_;
  std::filesystem::path errors_;
  pid_t child_ = 0;
};

}  // namespace rill::testing
