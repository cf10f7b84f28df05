#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quick_reader.hpp"
#include "rill/bytes.hpp"
#include "run.hpp"

namespace rill::fugue {

/// How a checkpoint tells which run comes next in the text.
///
/// A run that was typed into the middle of another one is followed, mostly, by the rest of that
/// one. So both sides keep a stack of where runs broke off, and a run that goes on where an earlier
/// one did costs no serial. Going on below the top takes off what is above: that was inside.
class RunOrder {
 public:
  /// Writes a run.
  void write(const Run& run, ByteWriter& bytes);
  /// Reads a run; its offset is left 0.
  Run read(QuickReader& bytes);

 private:
  // The lowest bits of a run's header; then whether it is erased, then its count less one.
  enum class Begin : std::uint32_t {
    behind_last,  // where the last run ended
    resumed,      // where the run on top of the stack broke off
    deeper,       // where a run below it did: its depth follows
    elsewhere,    // at a serial that follows, as a distance from the last one given so
  };
  static constexpr std::uint32_t kMaxDepth = 64;

  void pass(Begin begin, std::uint32_t depth, const Run& run);

  std::vector<Serial> broken_;
  Serial end_ = 0;
  Serial given_ = 0;
  bool any_ = false;
};

}  // namespace rill::fugue
