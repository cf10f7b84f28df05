#include "simulation/fault.hpp"

namespace simulation {

std::string_view name_of(Fault fault) {
  static constexpr std::array<std::string_view, kFaults> kNames{
      "power_lost",       "power_torn",   "power_scattered", "killed",          "crashed_in_call",
      "io_error",         "io_errors",    "disk_full",       "disk_stays_full", "short_read",
      "forgetful_sync",   "lying_sync",   "link_cut",        "link_stalled",    "link_one_way",
      "session_replayed", "clock_jumped", "clock_skewed",    "clock_frozen",    "backup_restored",
      "image_restored",   "copied",       "witness_lost",    "schema_upgraded", "other_process",
      "chunks_cut",       "paired_late",  "revoked",         "text_compacted"};
  return kNames.at(static_cast<std::size_t>(fault));
}

}  // namespace simulation
