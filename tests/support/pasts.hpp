#pragma once

#include <gtest/gtest.h>

#include "rill/error.hpp"
#include "rill/replica.hpp"

namespace rill::testing {

/// One side of a session's beginning. `told`: what the other one said. Returns whether changes may
/// be exchanged.
inline bool settle_past(Replica& one, Replica& other, const ReplicaSummary& told) {
  try {
    const auto fork = one.check_history(told);
    if (!fork) return true;
    other.settle_fork(one.history(*fork));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::renamed) throw;
  }
  return false;
}

/// What sessions of two replicas do before they exchange changes: compare certificates and pasts,
/// and begin anew where events were renamed.
inline void settle_pasts(Replica& left, Replica& right) {
  for (int attempts = 0; attempts < 100; ++attempts) {
    const ReplicaSummary of_left = left.summary();
    const ReplicaSummary of_right = right.summary();
    const bool one = settle_past(left, right, of_right);
    const bool other = settle_past(right, left, of_left);
    if (one && other) return;
  }
  ADD_FAILURE() << "two replicas rename for ever";
}

}  // namespace rill::testing
