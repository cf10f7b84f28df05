#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace simulation {

/// What goes wrong in a simulated life. A class of faults counts as fired only where it did harm:
/// an injected error that some call met, a cable cut while bytes were on their way.
enum class Fault : std::uint8_t {
  power_lost,       ///< All that was not synced goes.
  power_torn,       ///< A beginning of it stays, the last write in part.
  power_scattered,  ///< Some sectors of it stay.
  killed,           ///< The process dies; what it wrote stays.
  crashed_in_call,  ///< Any of these in the middle of a disk call.
  io_error,         ///< EIO, once.
  io_errors,        ///< EIO from then on.
  disk_full,        ///< ENOSPC, once.
  disk_stays_full,  ///< ENOSPC from then on.
  short_read,
  forgetful_sync,  ///< fsync fails, and what was pending is never written.
  lying_sync,      ///< fsync succeeds, and nothing was written; then the power goes.
  link_cut,        ///< A connection ends at some byte.
  link_stalled,    ///< Nothing arrives for a while.
  link_one_way,    ///< From some byte on nothing arrives in one direction.
  session_replayed,
  clock_jumped,  ///< By up to years, either way.
  clock_skewed,  ///< It was years off from the beginning.
  clock_frozen,
  backup_restored,  ///< The database file of before; the witness tells.
  image_restored,   ///< The whole device of before, its witness with it.
  copied,           ///< The file goes to a further device, which takes part.
  witness_lost,
  schema_upgraded,
  other_process,  ///< A second process writes to the file.
  chunks_cut,     ///< A delta of several chunks was interrupted, and went on later.
  paired_late,    ///< A device joined the group by a code.
  revoked,
  text_compacted,  ///< Operations of a text went into a checkpoint, and older ones were forgotten.
};
inline constexpr std::size_t kFaults = 29;

/// "power_lost": the enumerator's own name.
std::string_view name_of(Fault fault);

/// How often each class has fired.
class FaultCounts {
 public:
  void add(Fault fault) { ++counts_.at(static_cast<std::size_t>(fault)); }
  [[nodiscard]] std::uint64_t of(Fault fault) const {
    return counts_.at(static_cast<std::size_t>(fault));
  }
  void merge(const FaultCounts& other) {
    for (std::size_t index = 0; index < kFaults; ++index) counts_[index] += other.counts_[index];
  }

 private:
  std::array<std::uint64_t, kFaults> counts_{};
};

}  // namespace simulation
