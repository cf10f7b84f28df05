#pragma once

#include "support/process.hpp"

namespace rill::testing {

/// A run of the notes program.
class NotesProcess : public Process {
 public:
  NotesProcess(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
               const std::string& input = {})
      : Process(folder, NOTES_PROGRAM, arguments, input) {}
};

}  // namespace rill::testing
