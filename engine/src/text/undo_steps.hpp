#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "run.hpp"

namespace rill::fugue {

/// What the author's own edits did, in steps that are undone as one.
struct UndoSteps {
  /// One edit.
  struct Edit {
    bool inserted;
    Serial first;
    std::uint32_t count;
    /// What was erased; empty for an insertion.
    std::string text;
  };
  using Step = std::vector<Edit>;

  /// Whether edits are recorded at all.
  bool recording = false;
  /// The last one takes the next edit.
  std::vector<Step> done;
  std::vector<Step> undone;
};

}  // namespace rill::fugue
