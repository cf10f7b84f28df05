#pragma once

#include <cstdint>

#include "simulation/device.hpp"
#include "simulation/ledger.hpp"
#include "support/simulated_disk.hpp"

namespace simulation {

/// Asks, while a device goes on undisturbed, what its file would be after a crash at this moment.
///
/// What a crash would leave is put on a disk of its own, opened by plain SQLite, and read: the file
/// must be sound, and hold all that the device owes.
class CrashProbe {
 public:
  /// Throws `Violation`.
  void check(const Device& device, const Ledger& ledger, rill::testing::Crash how,
             std::uint64_t seed);
  /// How many checks there were.
  [[nodiscard]] std::uint64_t checks() const { return checks_; }

 private:
  rill::testing::SimulatedDisk disk_;
  std::uint64_t checks_ = 0;
};

}  // namespace simulation
