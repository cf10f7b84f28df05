#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "oracle/generator.hpp"
#include "oracle/history.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// How many histories follow one another on the same files: opening a database costs more than a
/// history.
inline constexpr std::uint64_t kHistoriesPerWorld = 16;

struct RunnerOptions {
  Flavour flavour;
  Fault fault = Fault::none;
  /// Where the database files go.
  std::filesystem::path folder;
  /// Run on the engine alone, without databases. Scripts that edit texts are for databases: the
  /// flavour must leave texts out.
  bool engine_only = false;
  /// Print each history's steps as they are run, and its hash.
  bool trace = false;
  /// Look for a shorter history that fails, too.
  bool shorten = true;
};

/// Runs the histories of consecutive seeds and explains the first that fails.
///
/// Seeds that agree in seed / kHistoriesPerWorld share a world, which that quotient alone
/// determines. A seed run alone has its world for itself.
class Runner {
 public:
  explicit Runner(RunnerOptions options) : options_(std::move(options)) {}

  /// Runs `count` histories from `first` on, or those of them whose world belongs to `shard`. The
  /// report of the first failure, if there is one.
  std::optional<std::string> run(std::uint64_t first, std::uint64_t count, std::uint64_t shard = 0,
                                 std::uint64_t shards = 1);

  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  /// Of everything that any database has shown.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  /// A history to be run, and its seed.
  struct Told {
    std::uint64_t seed = 0;
    Script script;
  };
  /// Where a sequence of histories failed.
  struct SequenceFailure {
    std::size_t index = 0;
    Failure failure;
  };

  [[nodiscard]] std::unique_ptr<World> make_world(const Plan& plan, const char* name) const;
  std::optional<std::string> run_world(std::uint64_t first, std::uint64_t end);
  [[nodiscard]] std::string explain(std::uint64_t seed, std::uint64_t first,
                                    const Failure& failure);
  /// Runs histories one after another on files of their own.
  std::optional<SequenceFailure> try_again(const Plan& plan, const std::vector<Told>& histories);
  /// Leaves out what can be left out of histories that fail.
  void shorten(const Plan& plan, std::vector<Told>& histories, SequenceFailure& failure);
  void print_trace(const Plan& plan, const Script& script, std::uint64_t seed) const;

  RunnerOptions options_;
  Statistics statistics_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

/// A folder for files that need not last, in memory where the system has such.
std::filesystem::path temporary_folder();

}  // namespace oracle
