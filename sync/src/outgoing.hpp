#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "rill/replica.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// The one delta that a session is sending: pulled from the replica chunk by chunk, as frames are
/// taken, and held no longer than that.
class Outgoing {
 public:
  /// Opens a stream of what lies beyond `known`, behind what the peer has `received` of a delta
  /// that was cut, and queues BEGIN, unless there is nothing to send. Returns the replica's vector.
  /// Throws the replica's `Error`.
  VersionVector begin(Replica& replica, const VersionVector& known,
                      const std::optional<InboxSummary>& received);
  /// Appends the next frame to `out`; false if there is none, because the delta is idle or all
  /// sent. Throws `Error`: the replica's, or `too_large` for a chunk that no peer would accept.
  bool append_next(std::string& out);
  /// The peer has it all. Precondition: `waiting()`.
  void finish() { *this = {}; }
  /// Gives the delta up.
  void abandon() { *this = {}; }

  /// Whether a delta is under way: being sent, or waiting for its acknowledgement.
  [[nodiscard]] bool active() const noexcept { return state_ != State::idle; }
  /// Whether all of it was taken and the acknowledgement is due.
  [[nodiscard]] bool waiting() const noexcept { return state_ == State::waiting; }
  /// What the peer will have seen once it has the delta.
  [[nodiscard]] const VersionVector& target() const noexcept { return target_; }

 private:
  enum class State : std::uint8_t { idle, announcing, sending, waiting };

  void pull();

  State state_ = State::idle;
  std::unique_ptr<ChangeStream> stream_;
  VersionVector target_;
  std::string chunk_;
  std::size_t sent_ = 0;
};

}  // namespace rill
