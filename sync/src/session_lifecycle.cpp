#include <algorithm>
#include <utility>

#include "session_implementation.hpp"

// Beginning, end, time, and what the app is told.

namespace rill {
namespace {

/// Whether the code is about the exchange itself, so that the peer may read the message. Others may
/// name files and tables of this device.
bool concerns_peer(ErrorCode code) {
  switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::limit_exceeded:
    case ErrorCode::protocol:
    case ErrorCode::version_mismatch:
    case ErrorCode::causality_gap:
    case ErrorCode::forked:
    case ErrorCode::renamed:
    case ErrorCode::peer_gone:
    case ErrorCode::not_a_member:
    case ErrorCode::not_allowed:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Session::Implementation::fail(const Error& error, bool tell_peer) {
  error_ = error;
  end();
  events_.back().error = error;
  if (tell_peer) {
    ErrorMessage message{error.code(), error.what()};
    if (!concerns_peer(error.code())) message.text = "it failed on its own side";
    last_words_ = std::exchange(hello_, {});
    append_frame(last_words_, FrameType::error, kControlStream, encode(message));
  }
}

void Session::Implementation::event(Kind kind, std::uint64_t rows, std::string message) {
  events_.push_back({kind, progress_, rows, std::move(message), std::nullopt});
}

void Session::Implementation::note_progress() {
  if (events_.empty() || events_.back().kind != Kind::progress) event(Kind::progress);
  events_.back().progress = progress_;
}

void Session::Implementation::note_sync() {
  if (state_ != State::connected) return;
  if (!exchanged_ && first_sent_ && peer_began_ <= own_) {
    exchanged_ = true;
    event(Kind::exchanged);
  }
  const bool now = in_sync();
  if (now && !was_in_sync_) event(Kind::in_sync);
  was_in_sync_ = now;
}

bool Session::Implementation::in_sync() const {
  if (state_ != State::connected || outgoing_.active() || wants_to_send()) return false;
  if (offering_ || group_.due() || group_.sending()) return false;
  const bool sent = !options_.send_changes || own_ <= peer_known_;
  return sent && (!peer_sends_ || peer_known_ <= own_);
}

std::uint64_t Session::Implementation::lag() const {
  std::uint64_t events = 0;
  for (const auto& [replica, counter] : own_) {
    events += counter - std::min(counter, peer_known_[replica]);
  }
  return events;
}

void Session::Implementation::start() {
  if (state_ != State::idle) return;
  guarded([this] {
    Hello hello;
    hello.name = options_.name;
    if (!options_.send_changes) hello.features |= kFeatureFollows;
    if (options_.compress) hello.features |= kFeatureZstd;
    hello.group = group_.digest();
    hello.summary = replica_.summary();
    id_ = hello.summary.id;
    opening_ = hello.summary.opening;
    own_ = hello.summary.vector;
    tables_ = hello.summary.tables;
    forks_ = hello.summary.forks;
    const std::string payload = encode(hello);
    if (payload.size() > kMaxHelloBytes) {
      throw Error(ErrorCode::limit_exceeded,
                  "this replica's summary takes " + std::to_string(payload.size()) +
                      " bytes; a peer accepts " + std::to_string(kMaxHelloBytes));
    }
    append_frame(hello_, FrameType::hello, kControlStream, payload);
    state_ = State::greeting;
  });
}

void Session::Implementation::close() {
  guarded([this] {
    append_control(last_words_);
    append_frame(last_words_, FrameType::bye, kControlStream, {});
    end();
  });
}

void Session::Implementation::end() {
  state_ = State::closed;
  outgoing_.abandon();
  chunk_.clear();
  event(Kind::closed);
}

void Session::Implementation::disconnected() {
  if (state_ == State::closed) return;
  fail(Error(ErrorCode::peer_gone, "the connection ended before the peer said goodbye"), false);
}

void Session::Implementation::tick(std::chrono::milliseconds now) {
  guarded([&] {
    activity_.greeting = state_ == State::greeting && !parting_;
    activity_.inside_frame = reader_.inside_frame();
    activity_.frames = reader_.frames();
    activity_.bytes = progress_.bytes_received;
    activity_.owed = outgoing_.waiting() || outgoing_.blocked() || offering_ || group_.due() ||
                     parting_ || !(announced_ <= own_);
    const Deadlines::Verdict verdict = deadlines_.tick(now, activity_);
    if (const char* text = complaint(verdict)) throw Error(ErrorCode::peer_gone, text);
    if (verdict == Deadlines::Verdict::ping) ping_ = state_ == State::connected;
    // Where one side only follows, the two may be in sync with different vectors.
    const bool settled = in_sync() && own_ == peer_known_ && !incoming_;
    comparison_.tick(now, settled ? &own_ : nullptr);
    note_finding();
  });
}

const char* Session::Implementation::complaint(Deadlines::Verdict verdict) const {
  switch (verdict) {
    case Deadlines::Verdict::fine:
    case Deadlines::Verdict::ping:
      return nullptr;
    case Deadlines::Verdict::no_hello:
      return "the peer did not say HELLO in time";
    case Deadlines::Verdict::silent:
      return "the peer fell silent";
    case Deadlines::Verdict::slow_frame:
      return "the peer began a frame and did not end it in time";
    case Deadlines::Verdict::stalled:
      return "the peer neither acknowledges nor sends what it announced";
  }
  return nullptr;
}

void Session::Implementation::note_finding() {
  if (auto finding = comparison_.take_finding()) event(Kind::diverged, 0, std::move(*finding));
}

}  // namespace rill
