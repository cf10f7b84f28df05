#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

#include "oracle/history.hpp"
#include "oracle/script.hpp"

namespace oracle {

/// Thrown where the devices and the oracle differ.
class Mismatch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

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

/// A few devices, on which histories run one after another.
///
/// Each history is compared with the oracle after every step, and ends with all devices alike, so
/// that the next begins with an empty past. After a failure the world is of no more use.
class World {
 public:
  virtual ~World() = default;

  /// Runs one history; `ordinal` differs from those run before. `hash` takes in all that was shown.
  virtual std::optional<Failure> run(const Script& script, std::int64_t ordinal, Fault fault,
                                     Statistics& statistics, std::uint64_t& hash) = 0;
  /// What is wrong with what the devices keep, if anything is.
  virtual std::optional<Failure> check_files() = 0;
};

}  // namespace oracle
