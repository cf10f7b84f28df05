#include "rill/session.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "deadlines.hpp"
#include "frame.hpp"
#include "message.hpp"
#include "outgoing.hpp"
#include "rule_differences.hpp"

namespace rill {
namespace {

using Kind = SessionEvent::Kind;

/// How often one delta may be asked for again before the session gives up.
constexpr unsigned kMaxRetries = 3;
constexpr std::uint16_t kControlStream = 0;

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
    case ErrorCode::peer_gone:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::protocol, message); }

}  // namespace

std::string_view to_string(SessionEvent::Kind kind) noexcept {
  switch (kind) {
    case Kind::connected:
      return "connected";
    case Kind::rules_differ:
      return "rules_differ";
    case Kind::progress:
      return "progress";
    case Kind::delta_applied:
      return "delta_applied";
    case Kind::exchanged:
      return "exchanged";
    case Kind::in_sync:
      return "in_sync";
    case Kind::closed:
      return "closed";
  }
  return "unknown";
}

class Session::Implementation {
 public:
  Implementation(Replica& replica, SessionOptions options)
      : replica_(replica), options_(std::move(options)), deadlines_(options_.timeouts) {
    options_.name.resize(std::min(options_.name.size(), kMaxDeviceName));
  }

  void start();
  void receive(std::string_view bytes);
  std::string take_output();
  void tick(std::chrono::milliseconds now);
  void close();
  void disconnected();
  void vector_changed() { changed_ = true; }
  std::vector<SessionEvent> take_events() { return std::exchange(events_, {}); }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool in_sync() const;
  [[nodiscard]] bool exchanged() const noexcept { return exchanged_; }
  [[nodiscard]] const std::optional<Peer>& peer() const noexcept { return peer_; }
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }
  [[nodiscard]] const SessionProgress& progress() const noexcept { return progress_; }

 private:
  /// Runs a step; whatever it throws ends the session.
  template <typename Step>
  void guarded(const Step& step);
  void fail(const Error& error, bool tell_peer = true);
  void end();
  void event(Kind kind, std::uint64_t rows = 0, std::string message = {});
  void note_progress();
  void note_sync();

  void handle(const Frame& frame);
  void check_known(const Frame& frame) const;
  void on_hello(std::string_view payload);
  void on_begin(std::string_view payload);
  void on_delta(const Frame& frame);
  void on_chunk(std::string_view chunk);
  void on_ack(std::string_view payload);
  void on_retry(std::string_view payload);
  void on_error(std::string_view payload);

  void append_control(std::string& out);
  void append_changes(std::string& out);
  /// Whether there may be something that the peer should get from us.
  [[nodiscard]] bool wants_to_send() const noexcept {
    return changed_ && (options_.live || !first_sent_);
  }

  Replica& replica_;
  SessionOptions options_;
  State state_ = State::idle;
  std::optional<Peer> peer_;
  std::optional<Error> error_;
  SessionProgress progress_;
  std::vector<SessionEvent> events_;
  Deadlines deadlines_;
  Activity activity_;

  // Knowledge.
  std::vector<TableSummary> tables_;
  FileNonce opening_{};
  VersionVector own_;         ///< What this replica is known to have seen.
  VersionVector peer_known_;  ///< What the peer is known to have seen.
  VersionVector announced_;   ///< What the peer has said it will send.
  VersionVector peer_began_;  ///< The vector in the peer's HELLO.
  bool changed_ = false;      ///< The replica may have news for the peer.
  bool first_sent_ = false;   ///< What we had when the session began is with the peer.
  bool exchanged_ = false;
  bool was_in_sync_ = false;

  // From the peer.
  FrameReader reader_;
  std::string partial_;    ///< The chunk whose frames are arriving.
  bool incoming_ = false;  ///< BEGIN came, and not yet all of its delta.
  bool skipping_ = false;  ///< The rest of a refused delta is passing by, until the next BEGIN.
  unsigned refused_ = 0;   ///< Deltas refused since the last that was applied.

  // To the peer. One place for each kind of control frame, so that a peer cannot make them pile up.
  Outgoing outgoing_;
  std::optional<InboxSummary> received_;  ///< What the peer holds of a delta that was cut.
  unsigned repeated_ = 0;                 ///< Deltas sent again since the last acknowledgement.
  std::string hello_;
  std::optional<Ack> ack_;
  std::optional<Retry> retry_;
  bool ping_ = false;
  bool pong_ = false;
  std::string last_words_;  ///< ERROR or BYE, with what must precede it.
};

template <typename Step>
void Session::Implementation::guarded(const Step& step) {
  if (state_ == State::closed) return;
  try {
    step();
    note_sync();
  } catch (const Error& error) {
    fail(error);
  } catch (const std::exception& error) {
    fail(Error(ErrorCode::internal, error.what()));
  }
}

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
  return state_ == State::connected && !outgoing_.active() && !wants_to_send() &&
         own_ == peer_known_;
}

void Session::Implementation::start() {
  if (state_ != State::idle) return;
  guarded([this] {
    Hello hello;
    hello.name = options_.name;
    hello.summary = replica_.summary();
    opening_ = hello.summary.opening;
    own_ = hello.summary.vector;
    tables_ = hello.summary.tables;
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
  partial_ = {};
  event(Kind::closed);
}

void Session::Implementation::disconnected() {
  if (state_ == State::closed) return;
  fail(Error(ErrorCode::peer_gone, "the connection ended before the peer said goodbye"), false);
}

void Session::Implementation::tick(std::chrono::milliseconds now) {
  guarded([&] {
    activity_.greeting = state_ == State::greeting;
    activity_.inside_frame = reader_.inside_frame();
    activity_.frames = reader_.frames();
    activity_.bytes = progress_.bytes_received;
    activity_.owed = outgoing_.waiting() || !(announced_ <= own_);
    const char* complaint = nullptr;
    switch (deadlines_.tick(now, activity_)) {
      case Deadlines::Verdict::fine:
        return;
      case Deadlines::Verdict::ping:
        ping_ = state_ == State::connected;
        return;
      case Deadlines::Verdict::no_hello:
        complaint = "the peer did not say HELLO in time";
        break;
      case Deadlines::Verdict::silent:
        complaint = "the peer fell silent";
        break;
      case Deadlines::Verdict::slow_frame:
        complaint = "the peer began a frame and did not end it in time";
        break;
      case Deadlines::Verdict::stalled:
        complaint = "the peer neither acknowledges nor sends what it announced";
        break;
    }
    throw Error(ErrorCode::peer_gone, complaint);
  });
}

// From the peer -----------------------------------------------------------------------------------

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
                    frame.is(FrameType::ack) || frame.is(FrameType::retry);
  if (frame.stream != (bulk ? kMainSpace : kControlStream)) {
    refuse("the peer sent a frame of type " + std::to_string(frame.type) + " on stream " +
           std::to_string(frame.stream));
  }
  const std::uint8_t allowed = frame.is(FrameType::delta) ? kFrameMore : std::uint8_t{0};
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
  if (frame.type == 0 || frame.type > static_cast<std::uint8_t>(FrameType::error)) {
    if (state_ == State::connected && (frame.flags & kFrameOptional) != 0) return;
    refuse("the peer sent a frame of the unknown type " + std::to_string(frame.type));
  }
  check_known(frame);
  const auto type = static_cast<FrameType>(frame.type);
  const bool greeting_frame =
      type == FrameType::hello || type == FrameType::error || type == FrameType::bye;
  if (state_ == State::greeting && !greeting_frame) refuse("the peer's first frame is not HELLO");
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
  }
}

void Session::Implementation::on_hello(std::string_view payload) {
  if (state_ != State::greeting) refuse("the peer said HELLO twice");
  const Hello hello = decode_hello(payload);
  if (hello.space != kMainSpace) {
    refuse("the peer wants to sync space " + std::to_string(hello.space) +
           ", which this side does not have");
  }
  replica_.check_history(hello.summary);
  peer_ = Peer{hello.summary.id, hello.summary.nonce, hello.name,
               std::min(hello.newest, kNewestProtocol)};
  peer_known_ = announced_ = peer_began_ = hello.summary.vector;
  const auto cut = std::ranges::find(hello.summary.inboxes, opening_, &InboxSummary::opening);
  if (cut != hello.summary.inboxes.end()) received_ = *cut;
  state_ = State::connected;
  changed_ = true;
  event(Kind::connected);
  for (std::string& difference : rule_differences(tables_, hello.summary.tables)) {
    event(Kind::rules_differ, 0, std::move(difference));
  }
}

void Session::Implementation::on_begin(std::string_view payload) {
  if (incoming_ && !skipping_) refuse("the peer began a delta inside another");
  const Begin begin = decode_begin(payload);
  announced_.merge(begin.vector);
  peer_known_.merge(begin.vector);
  partial_.clear();
  incoming_ = true;
  skipping_ = false;
  ++activity_.steps;
}

void Session::Implementation::on_delta(const Frame& frame) {
  if (!incoming_) refuse("the peer sent changes without saying so first");
  ++activity_.steps;
  if (skipping_) return;
  if (partial_.size() + frame.payload.size() > kMaxDeltaBytes) {
    throw Error(ErrorCode::limit_exceeded, "the peer sent a delta chunk of more than " +
                                               std::to_string(kMaxDeltaBytes) + " bytes");
  }
  const bool more = (frame.flags & kFrameMore) != 0;
  if (partial_.empty() && !more) return on_chunk(frame.payload);
  partial_.append(frame.payload);
  if (more) return;
  on_chunk(partial_);
  partial_ = {};
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

void Session::Implementation::on_error(std::string_view payload) {
  const ErrorMessage message = decode_error(payload);
  fail(Error(message.code, "the peer ended the session: " + message.text), false);
}

// To the peer -------------------------------------------------------------------------------------

void Session::Implementation::append_control(std::string& out) {
  out += std::exchange(hello_, {});
  if (const auto ack = std::exchange(ack_, std::nullopt)) {
    append_frame(out, FrameType::ack, kMainSpace, encode(*ack));
  }
  if (const auto retry = std::exchange(retry_, std::nullopt)) {
    append_frame(out, FrameType::retry, kMainSpace, encode(*retry));
  }
  if (std::exchange(pong_, false)) append_frame(out, FrameType::pong, kControlStream, {});
  if (std::exchange(ping_, false)) append_frame(out, FrameType::ping, kControlStream, {});
}

void Session::Implementation::append_changes(std::string& out) {
  if (state_ != State::connected) return;
  if (!outgoing_.active() && wants_to_send()) {
    changed_ = false;
    own_.merge(outgoing_.begin(replica_, peer_known_, std::exchange(received_, std::nullopt)));
    if (!outgoing_.active()) first_sent_ = true;
  }
  constexpr std::size_t kRoom = kMaxSessionOutput - kBulkFrameBytes - kFrameHeaderBytes;
  while (out.size() <= kRoom && outgoing_.append_next(out)) {
  }
}

std::string Session::Implementation::take_output() {
  std::string out;
  guarded([&] {
    append_control(out);
    append_changes(out);
  });
  if (state_ == State::closed) out += std::exchange(last_words_, {});
  progress_.bytes_sent += out.size();
  if (!out.empty() && state_ == State::connected) note_progress();
  return out;
}

// The public class --------------------------------------------------------------------------------

Session::Session(Replica& replica, SessionOptions options)
    : implementation_(std::make_unique<Implementation>(replica, std::move(options))) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::start() { implementation_->start(); }
void Session::receive(std::string_view bytes) { implementation_->receive(bytes); }
std::string Session::take_output() { return implementation_->take_output(); }
void Session::vector_changed() { implementation_->vector_changed(); }
void Session::tick(std::chrono::milliseconds now) { implementation_->tick(now); }
void Session::close() { implementation_->close(); }
void Session::disconnected() { implementation_->disconnected(); }
std::vector<SessionEvent> Session::take_events() { return implementation_->take_events(); }
Session::State Session::state() const noexcept { return implementation_->state(); }
bool Session::in_sync() const { return implementation_->in_sync(); }
bool Session::exchanged() const noexcept { return implementation_->exchanged(); }
const std::optional<Peer>& Session::peer() const noexcept { return implementation_->peer(); }
const std::optional<Error>& Session::error() const noexcept { return implementation_->error(); }
const SessionProgress& Session::progress() const noexcept { return implementation_->progress(); }

std::string Session::working_frame() {
  std::string out;
  append_frame(out, FrameType::working, kControlStream, {});
  return out;
}

}  // namespace rill
