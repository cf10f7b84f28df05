#pragma once

#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"

namespace rill::testing {

/// A process that keeps a database in sync with the devices at some addresses: see
/// database_worker_main.cpp.
class ReplicatingProcess : public Process {
 public:
  ReplicatingProcess(const TemporaryFolder& folder, const std::string& file,
                     std::vector<std::string> addresses)
      : Process(folder, beside_tests("database_worker"),
                arguments(folder, file, std::move(addresses))) {}

 private:
  static std::vector<std::string> arguments(const TemporaryFolder& folder, const std::string& file,
                                            std::vector<std::string> addresses) {
    std::vector<std::string> all{"replicate", (folder / file).string()};
    for (std::string& address : addresses) all.push_back(std::move(address));
    return all;
  }
};

}  // namespace rill::testing
