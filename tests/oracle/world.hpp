#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "oracle/history.hpp"
#include "oracle/site.hpp"

namespace oracle {

/// What was done, to see that all of it was.
struct Statistics {
  std::uint64_t histories = 0;
  std::uint64_t events = 0;
  std::uint64_t statements = 0;
  std::uint64_t failed_statements = 0;
  std::uint64_t syncs = 0;
  std::uint64_t chunks = 0;
  std::uint64_t gaps = 0;
  std::uint64_t restarts = 0;
  std::uint64_t resolved = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t adoptions = 0;
  /// Editors that wrote edits, and those that could not.
  std::uint64_t saves = 0;
  std::uint64_t lost_saves = 0;
  std::size_t least_replicas = SIZE_MAX;
  std::size_t most_replicas = 0;
};

/// Where a history went wrong. `step` is the number of steps if it did at the end.
struct Failure {
  std::size_t step = 0;
  std::string what;
};

/// A few databases, on which histories run one after another, each with keys of its own.
///
/// Each history is compared with the oracle after every step, and ends with all databases alike, so
/// that the next begins with an empty past. After a failure the world is of no more use.
class World {
 public:
  /// Creates the files in `folder`, which is emptied first and removed at the end.
  World(Plan plan, std::filesystem::path folder);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Runs one history; `ordinal` differs from those run before. `hash` takes in all that was shown.
  std::optional<Failure> run(const Script& script, std::int64_t ordinal, Fault fault,
                             Statistics& statistics, std::uint64_t& hash);

  /// Runs `PRAGMA integrity_check` and `Database::check` on all files.
  std::optional<Failure> check_files();
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] std::vector<bool> current_schemas() const;

 private:
  Plan plan_;
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<Site>> sites_;
};

}  // namespace oracle
