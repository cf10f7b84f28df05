#pragma once

#include <cstdint>

#include "rill/replica.hpp"

namespace rill {

/// What a sync moved, as seen from its first replica ("here").
struct SyncReport {
  std::uint64_t rows_sent = 0;      ///< Rows that changed at the other replica.
  std::uint64_t rows_received = 0;  ///< Rows that changed here.
  /// Bytes that went to the other replica, frames included.
  std::uint64_t bytes_sent = 0;
  /// Bytes that came from it, frames included.
  std::uint64_t bytes_received = 0;

  friend bool operator==(const SyncReport&, const SyncReport&) = default;
};

/// Brings two replicas of this process up to date with each other, as two sessions over a network
/// would: when it returns, each has what either had when the call began.
///
/// Throws the `Error` of the session that failed; whatever is thrown, nothing was applied in part,
/// and calling again goes on from there. Where a fork is found, the two begin anew under the names
/// that tell its branches apart. `forked` if both are the same object.
/// Thread safety: runs on the calling thread; both replicas may be in use by others.
SyncReport sync(Replica& here, Replica& there);

}  // namespace rill
