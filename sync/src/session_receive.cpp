#include <algorithm>
#include <utility>

#include "rule_differences.hpp"
#include "session_implementation.hpp"

// What comes from the peer.

namespace rill {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::protocol, message); }

}  // namespace

void Session::Implementation::receive(std::string_view bytes) {
  start();
  if (state_ == State::closed || bytes.empty()) return;
  progress_.bytes_received += bytes.size();
  guarded([&] {
    while (state_ != State::closed) {
      const std::size_t limit = state_ == State::greeting ? kMaxHelloBytes : kMaxFrameBytes;
      const std::optional<Frame> frame = reader_.next(bytes, limit);
      if (!frame) break;
      handle(*frame);
      note_sync();  // before a BYE that may follow
    }
  });
  if (state_ == State::connected) note_progress();
}

void Session::Implementation::check_known(const Frame& frame) const {
  const bool bulk = frame.is(FrameType::begin) || frame.is(FrameType::delta) ||
                    frame.is(FrameType::ack) || frame.is(FrameType::retry) ||
                    frame.is(FrameType::have);
  if (frame.stream != (bulk ? kMainSpace : kControlStream)) {
    refuse("the peer sent a frame of type " + std::to_string(frame.type) + " on stream " +
           std::to_string(frame.stream));
  }
  const bool in_pieces = frame.is(FrameType::delta) || frame.is(FrameType::group);
  std::uint8_t allowed = in_pieces ? kFrameMore : std::uint8_t{0};
  if (frame.is(FrameType::delta)) allowed |= kFrameCompressed;
  if ((frame.flags & ~static_cast<unsigned>(allowed)) != 0) {
    refuse("the peer set unknown flags on a frame of type " + std::to_string(frame.type));
  }
  const bool empty = frame.is(FrameType::ping) || frame.is(FrameType::pong) ||
                     frame.is(FrameType::working) || frame.is(FrameType::bye);
  if (empty && !frame.payload.empty()) {
    throw Error(ErrorCode::malformed, "the peer sent bytes in a frame that has none");
  }
}

void Session::Implementation::handle(const Frame& frame) {
  if (frame.type == 0 || frame.type > static_cast<std::uint8_t>(kLastFrameType)) {
    if (state_ == State::connected && (frame.flags & kFrameOptional) != 0) return;
    refuse("the peer sent a frame of the unknown type " + std::to_string(frame.type));
  }
  check_known(frame);
  const auto type = static_cast<FrameType>(frame.type);
  const bool greeting_frame =
      type == FrameType::hello || type == FrameType::error || type == FrameType::bye;
  if (parting_) {
    const bool counts = type == FrameType::history || type == FrameType::error ||
                        type == FrameType::bye || type == FrameType::working;
    if (!counts) return;  // by the peer all may have seemed well
  } else if (state_ == State::greeting && !greeting_frame) {
    refuse("the peer's first frame is not HELLO");
  }
  switch (type) {
    case FrameType::hello:
      return on_hello(frame.payload);
    case FrameType::begin:
      return on_begin(frame.payload);
    case FrameType::delta:
      return on_delta(frame);
    case FrameType::ack:
      return on_ack(frame.payload);
    case FrameType::retry:
      return on_retry(frame.payload);
    case FrameType::ping:
      pong_ = true;
      return;
    case FrameType::pong:
      return;
    case FrameType::working:
      ++activity_.working;
      return;
    case FrameType::bye:
      return end();
    case FrameType::error:
      return on_error(frame.payload);
    case FrameType::group:
      return on_group(frame);
    case FrameType::history:
      return on_history(frame.payload);
    case FrameType::have:
      return on_have(frame.payload);
    case FrameType::credit:
      taken_.grant(decode_credit(frame.payload).bytes);
      ++activity_.steps;
      return;
    case FrameType::digest:
      return comparison_.on_digest(decode_digest(frame.payload));
    case FrameType::digest_ranges:
      return comparison_.on_ranges(decode_digest_ranges(frame.payload));
    case FrameType::digest_rows:
      comparison_.on_rows(decode_digest_rows(frame.payload));
      return note_finding();
  }
}

void Session::Implementation::on_hello(std::string_view payload) {
  if (state_ != State::greeting) refuse("the peer said HELLO twice");
  const Hello hello = decode_hello(payload);
  if (hello.space != kMainSpace) {
    refuse("the peer wants to sync space " + std::to_string(hello.space) +
           ", which this side does not have");
  }
  group_.greet(hello.group);
  check_certificates(hello.summary.forks);
  if (const auto fork = replica_.check_history(hello.summary)) return part(*fork);
  peer_ = Peer{hello.summary.id, hello.summary.nonce, readable_text(hello.name),
               std::min(hello.newest, kNewestProtocol)};
  peer_sends_ = options_.accept_changes && (hello.features & kFeatureFollows) == 0;
  outgoing_.compress(options_.compress && (hello.features & kFeatureZstd) != 0);
  taken_.grant(hello.credit);
  peer_known_ = hello.summary.vector;
  if (peer_sends_) announced_ = peer_began_ = peer_known_;
  const auto cut = std::ranges::find(hello.summary.inboxes, opening_, &InboxSummary::opening);
  if (cut != hello.summary.inboxes.end()) received_ = *cut;
  state_ = State::connected;
  changed_ = options_.send_changes;
  first_sent_ = !options_.send_changes;
  event(Kind::connected);
  comparison_.enable(tables_, hello.summary.tables);
  for (std::string& difference : rule_differences(tables_, hello.summary.tables)) {
    event(Kind::rules_differ, 0, std::move(difference));
  }
}

void Session::Implementation::check_certificates(const Forks& theirs) const {
  if (options_.accept_changes || forks_.includes(theirs)) return;
  throw Error(ErrorCode::renamed,
              "a device that only follows its group knows of forks that are not known here; "
              "certificates are taken from other devices");
}

void Session::Implementation::part(const ReplicaId& replica) {
  parting_ = true;
  append_frame(hello_, FrameType::history, kControlStream, encode(replica_.history(replica)));
}

void Session::Implementation::on_history(std::string_view payload) {
  if (!options_.accept_changes) {
    throw Error(ErrorCode::not_allowed,
                "a device that only follows its group knows another past; it was not believed");
  }
  const ReplicaHistory theirs = decode_history(payload);
  // So that the peer need not be told in another session.
  if (!parting_) part(theirs.replica);
  replica_.settle_fork(theirs);
  throw Error(ErrorCode::renamed,
              "several files had gone on as replica " + theirs.replica.to_string() +
                  "; their events have names of their own now: begin the session anew");
}

void Session::Implementation::check_changes_allowed() const {
  if (!peer_sends_) {
    throw Error(ErrorCode::not_allowed,
                "a device that only follows its group sent changes; none was taken");
  }
  if (group_.due()) refuse("the peer sent changes before the records of its group");
}

void Session::Implementation::on_begin(std::string_view payload) {
  check_changes_allowed();
  if (incoming_ && !skipping_) refuse("the peer began a delta inside another");
  const Begin begin = decode_begin(payload);
  announced_.merge(begin.vector);
  peer_known_.merge(begin.vector);
  chunk_.clear();
  incoming_ = true;
  skipping_ = false;
  ++activity_.steps;
}

void Session::Implementation::on_delta(const Frame& frame) {
  check_changes_allowed();
  if (!incoming_) refuse("the peer sent changes without saying so first");
  if ((frame.flags & kFrameCompressed) != 0 && !options_.compress) {
    refuse("the peer sent compressed changes to a device that does not take them");
  }
  ++activity_.steps;
  given_.spend(frame.payload.size());
  if (!skipping_) {
    if (const auto chunk = chunk_.add(frame)) on_chunk(*chunk);
  }
  // Taken by the replica, or held within the limit of a chunk: one larger than the credit must
  // pass.
  given_.consume(frame.payload.size());
}

void Session::Implementation::on_chunk(std::string_view chunk) {
  ReceiveResult result;
  try {
    result = replica_.receive(chunk);
  } catch (const Error& error) {
    // The peer's idea of what we have is wrong, or another session to the same peer interfered.
    const bool retry =
        error.code() == ErrorCode::causality_gap || error.code() == ErrorCode::protocol;
    if (!retry || ++refused_ > kMaxRetries) throw;
    skipping_ = true;
    retry_ = Retry{replica_.summary().vector};
    return;
  }
  if (!result.applied) return;
  incoming_ = false;
  refused_ = 0;
  own_.merge(result.vector);
  progress_.rows_received += result.rows_changed;
  ++progress_.deltas_received;
  ack_ = Ack{std::move(result.vector), result.rows_changed};
  event(Kind::delta_applied, result.rows_changed);
}

void Session::Implementation::on_have(std::string_view payload) {
  Have have = decode_have(payload);
  if (have.answer && !offering_) refuse("the peer answered what was not offered");
  peer_known_.merge(have.vector);
  if (peer_known_.size() > kMaxReplicas) {
    throw Error(ErrorCode::limit_exceeded, "the peer names more replicas than the limit");
  }
  if (!have.answer) {
    offered_ = std::move(have.vector);
    return;
  }
  offering_ = false;
  answered_ = changed_ = true;
  ++activity_.steps;
}

void Session::Implementation::on_ack(std::string_view payload) {
  if (!outgoing_.waiting()) refuse("the peer acknowledged what was not sent");
  const Ack ack = decode_ack(payload);
  if (!(outgoing_.target() <= ack.vector)) {
    refuse("the peer acknowledged a delta and does not have it");
  }
  peer_known_.merge(ack.vector);
  progress_.rows_sent += ack.rows_changed;
  ++progress_.deltas_sent;
  ++activity_.steps;
  outgoing_.finish();
  first_sent_ = true;
  repeated_ = 0;
}

void Session::Implementation::on_retry(std::string_view payload) {
  if (!outgoing_.active()) refuse("the peer refused what was not sent");
  Retry retry = decode_retry(payload);
  if (++repeated_ > kMaxRetries) {
    throw Error(ErrorCode::causality_gap,
                "the peer refused the same changes " + std::to_string(repeated_) + " times");
  }
  peer_known_ = std::move(retry.vector);
  outgoing_.abandon();
  changed_ = true;
  ++activity_.steps;
}

void Session::Implementation::on_group(const Frame& frame) {
  ++activity_.steps;
  if (group_.receive(frame)) event(Kind::group_changed);
}

void Session::Implementation::on_error(std::string_view payload) {
  const ErrorMessage message = decode_error(payload);
  fail(Error(message.code, "the peer ended the session: " + readable_text(message.text)), false);
}

}  // namespace rill
