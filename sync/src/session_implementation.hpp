#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "comparison.hpp"
#include "credit.hpp"
#include "deadlines.hpp"
#include "frame.hpp"
#include "group_exchange.hpp"
#include "incoming_chunk.hpp"
#include "message.hpp"
#include "outgoing.hpp"
#include "readable_text.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"

namespace rill {

/// How often one delta may be asked for again before the session gives up.
inline constexpr unsigned kMaxRetries = 3;
/// The stream of frames about the session.
inline constexpr std::uint16_t kControlStream = 0;

/// The state machine. Its functions stand in session_lifecycle.cpp, session_receive.cpp and
/// session_send.cpp; session.cpp passes the public calls on.
class Session::Implementation {
 public:
  using Kind = SessionEvent::Kind;

  Implementation(Replica& replica, SessionOptions options)
      : replica_(replica),
        options_(std::move(options)),
        deadlines_(options_.timeouts),
        group_(options_.group),
        comparison_(replica, options_.compare_after, options_.compare_every) {
    options_.name = limited_name(options_.name);
  }

  void start();
  void receive(std::string_view bytes);
  std::string take_output();
  void tick(std::chrono::milliseconds now);
  void close();
  void disconnected();
  void vector_changed() { changed_ = true; }
  void group_changed() { group_.changed(); }
  std::vector<SessionEvent> take_events() { return std::exchange(events_, {}); }

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool in_sync() const;
  [[nodiscard]] std::uint64_t lag() const;
  [[nodiscard]] bool exchanged() const noexcept { return exchanged_; }
  [[nodiscard]] bool comparing() const noexcept { return comparison_.reading(); }
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
  void note_finding();
  [[nodiscard]] const char* complaint(Deadlines::Verdict verdict) const;

  void handle(const Frame& frame);
  void check_known(const Frame& frame) const;
  void on_hello(std::string_view payload);
  void on_begin(std::string_view payload);
  void on_delta(const Frame& frame);
  void on_chunk(std::string_view chunk);
  void on_have(std::string_view payload);
  void on_ack(std::string_view payload);
  void on_retry(std::string_view payload);
  void on_group(const Frame& frame);
  void on_history(std::string_view payload);
  /// Tells the peer of a replica whose past it knows differently; then the session is to end.
  void part(const ReplicaId& replica);
  void check_certificates(const Forks& theirs) const;
  void on_error(std::string_view payload);
  /// Throws unless the peer may send changes, and has sent its group's records before.
  void check_changes_allowed() const;

  void append_control(std::string& out);
  void append_group(std::string& out);
  void append_changes(std::string& out);
  void begin_delta();
  /// Whether there may be something that the peer should get from us.
  [[nodiscard]] bool wants_to_send() const noexcept {
    return options_.send_changes && changed_ && (options_.live || !first_sent_);
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
  Forks forks_;
  ReplicaId id_;
  FileNonce opening_{};
  VersionVector own_;         ///< What this replica is known to have seen.
  VersionVector peer_known_;  ///< What the peer is known to have seen.
  VersionVector announced_;   ///< What the peer has said it will send.
  VersionVector peer_began_;  ///< The vector in the peer's HELLO.
  bool peer_sends_ = true;    ///< The peer may send changes, and means to.
  bool changed_ = false;      ///< The replica may have news for the peer.
  bool first_sent_ = false;   ///< What we had when the session began is with the peer.
  bool parting_ = false;      ///< The pasts differ; the peer is about to learn where.
  bool exchanged_ = false;
  bool was_in_sync_ = false;

  // From the peer.
  FrameReader reader_;
  IncomingChunk chunk_;
  CreditGiven given_;
  bool incoming_ = false;  ///< BEGIN came, and not yet all of its delta.
  bool skipping_ = false;  ///< The rest of a refused delta is passing by, until the next BEGIN.
  unsigned refused_ = 0;   ///< Deltas refused since the last that was applied.

  GroupExchange group_;
  Comparison comparison_;

  // To the peer. One place for each kind of control frame, so that a peer cannot make them pile up.
  Outgoing outgoing_;
  CreditTaken taken_;
  std::optional<InboxSummary> received_;  ///< What the peer holds of a delta that was cut.
  unsigned repeated_ = 0;                 ///< Deltas sent again since the last acknowledgement.
  std::string hello_;
  std::optional<Ack> ack_;
  std::optional<Have> offer_;
  std::optional<VersionVector> offered_;  ///< By the peer; an answer is due.
  bool offering_ = false;                 ///< The peer's answer to an offer is awaited.
  bool answered_ = false;                 ///< It came; what the peer lacks goes now.
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

}  // namespace rill
