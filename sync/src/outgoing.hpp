#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "compression.hpp"
#include "credit.hpp"
#include "rill/replica.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// The one delta that a session is sending: pulled from the replica chunk by chunk, as frames are
/// taken, and held no longer than that: a chunk, and the piece of it that goes next.
class Outgoing {
 public:
  /// Whether the peer unpacks compressed pieces; kept from delta to delta.
  void compress(bool enabled) noexcept { compress_ = enabled; }
  /// Opens a stream of what lies beyond `known`, behind what the peer has `received` of a delta
  /// that was cut, and queues BEGIN, unless there is nothing to send. Returns the replica's vector.
  /// Throws the replica's `Error`.
  VersionVector begin(Replica& replica, const VersionVector& known,
                      const std::optional<InboxSummary>& received);
  /// Appends the next frame to `out`, if `credit` allows; false if it does not, or if there is
  /// none, because the delta is idle or all sent. Throws `Error`: the replica's, or `too_large` for
  /// a chunk that no peer would accept.
  bool append_next(std::string& out, CreditTaken& credit);
  /// The peer has it all. Precondition: `waiting()`.
  void finish() { abandon(); }
  /// Gives the delta up.
  void abandon();

  /// Whether a delta is under way: being sent, or waiting for its acknowledgement.
  [[nodiscard]] bool active() const noexcept { return state_ != State::idle; }
  /// Whether all of it was taken and the acknowledgement is due.
  [[nodiscard]] bool waiting() const noexcept { return state_ == State::waiting; }
  /// Whether the next frame waits for credit.
  [[nodiscard]] bool blocked() const noexcept { return blocked_; }
  /// What the peer will have seen once it has the delta.
  [[nodiscard]] const VersionVector& target() const noexcept { return target_; }

 private:
  enum class State : std::uint8_t { idle, announcing, sending, waiting };

  void pull();
  void prepare_piece();

  State state_ = State::idle;
  std::unique_ptr<ChangeStream> stream_;
  VersionVector target_;
  std::string chunk_;
  std::size_t taken_ = 0;  ///< Of the chunk, with the piece.
  std::string piece_;      ///< The payload of the next DELTA.
  std::uint8_t flags_ = 0;
  bool blocked_ = false;
  bool compress_ = false;
  Compressor compressor_;
};

}  // namespace rill
