#include <utility>

#include "session_implementation.hpp"

// What goes to the peer.

namespace rill {
namespace {

/// Output of this size has room for another piece of bulk.
constexpr std::size_t kOutputRoom = kMaxSessionOutput - kBulkFrameBytes - kFrameHeaderBytes;

}  // namespace

void Session::Implementation::append_control(std::string& out) {
  out += std::exchange(hello_, {});
  if (const auto ack = std::exchange(ack_, std::nullopt)) {
    append_frame(out, FrameType::ack, kMainSpace, encode(*ack));
  }
  if (const auto retry = std::exchange(retry_, std::nullopt)) {
    append_frame(out, FrameType::retry, kMainSpace, encode(*retry));
  }
  if (auto offered = std::exchange(offered_, std::nullopt)) {
    // As of now: it may stand in the replica since a moment ago, by another session.
    offered->meet(replica_.summary().vector);
    append_frame(out, FrameType::have, kMainSpace, encode(Have{std::move(*offered), true}));
  }
  if (const std::uint64_t bytes = given_.take_grant()) {
    append_frame(out, FrameType::credit, kControlStream, encode(CreditMessage{bytes}));
  }
  comparison_.append_next(out);
  if (std::exchange(pong_, false)) append_frame(out, FrameType::pong, kControlStream, {});
  if (std::exchange(ping_, false)) append_frame(out, FrameType::ping, kControlStream, {});
}

void Session::Implementation::append_group(std::string& out) {
  if (state_ != State::connected) return;
  while (out.size() <= kOutputRoom && group_.append_next(out)) {
  }
}

void Session::Implementation::append_changes(std::string& out) {
  if (state_ != State::connected || group_.sending()) return;
  if (!options_.send_changes) {
    // What came from elsewhere is not announced, but whether the peer has more is judged by it.
    if (std::exchange(changed_, false)) own_.merge(replica_.summary().vector);
    return;
  }
  if (!outgoing_.active() && !offering_ && wants_to_send()) begin_delta();
  // Compressed, the output alone would not say how long this takes.
  constexpr int kMaxPieces = 16;
  for (int pieces = 0; pieces < kMaxPieces && out.size() <= kOutputRoom; ++pieces) {
    if (!outgoing_.append_next(out, taken_)) break;
  }
}

void Session::Implementation::begin_delta() {
  changed_ = false;
  const bool answered = std::exchange(answered_, false);
  const VersionVector vector =
      outgoing_.begin(replica_, peer_known_, std::exchange(received_, std::nullopt));
  own_.merge(vector);
  if (!outgoing_.active()) {
    first_sent_ = true;
    return;
  }
  // News of others may have reached the peer by another way; in a mesh it nearly always has. What
  // was written here has not, and goes at once.
  if (!first_sent_ || answered || vector[id_] > peer_known_[id_]) return;
  outgoing_.abandon();
  offer_ = Have{vector, false};
  offering_ = true;
}

std::string Session::Implementation::take_output() {
  std::string out;
  guarded([&] {
    append_control(out);
    append_group(out);
    append_changes(out);
    if (const auto offer = std::exchange(offer_, std::nullopt)) {
      append_frame(out, FrameType::have, kMainSpace, encode(*offer));
    }
  });
  if (state_ == State::closed) out += std::exchange(last_words_, {});
  progress_.bytes_sent += out.size();
  if (!out.empty() && state_ == State::connected) note_progress();
  return out;
}

}  // namespace rill
