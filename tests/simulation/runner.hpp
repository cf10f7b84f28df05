#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulation/life.hpp"
#include "simulation/script.hpp"

namespace simulation {

struct RunnerOptions {
  Flavour flavour;
  /// A mistake that the oracle is told to make, to see that it is found.
  oracle::Fault fault = oracle::Fault::none;
  /// Print all that happens.
  bool trace = false;
  /// Look for fewer actions that fail, too.
  bool shrink = false;
};

/// How a life went.
struct Outcome {
  /// What went wrong, and where.
  std::optional<std::string> failure;
  Statistics statistics;
  /// Over all that happened: equal for two runs of one life.
  std::uint64_t hash = 0;
};

/// Lives it once.
Outcome live(const Script& script, const RunnerOptions& options);

/// Leaves out what can be left out of a life that fails, and tells what is left.
Script shrink(Script script, const RunnerOptions& options);

/// The actions, one to a line.
std::string describe(const Script& script);

/// Lives the lives of consecutive seeds until one fails.
class Runner {
 public:
  explicit Runner(RunnerOptions options) : options_(options) {}

  /// `count` lives from the seed `first` on, or every `shards`-th of them. The report of the first
  /// failure, if there is one.
  std::optional<std::string> run(std::uint64_t first, std::uint64_t count, std::uint64_t shard = 0,
                                 std::uint64_t shards = 1);

  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  [[nodiscard]] std::string report(const Script& script, const std::string& failure) const;

  RunnerOptions options_;
  Statistics statistics_;
  std::uint64_t hash_ = 0;
};

}  // namespace simulation
