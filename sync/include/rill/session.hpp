#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/delta.hpp"
#include "rill/dot.hpp"
#include "rill/error.hpp"
#include "rill/group_log.hpp"
#include "rill/replica.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// How long a session waits before it gives its peer up.
struct SessionTimeouts {
  /// From the first tick until the peer's HELLO.
  std::chrono::milliseconds hello{3'000};
  /// Silence after which the peer is asked for a sign of life.
  std::chrono::milliseconds ping{10'000};
  /// Silence after which the peer counts as gone.
  std::chrono::milliseconds silence{25'000};
  /// From the first byte of a frame to its last.
  std::chrono::milliseconds frame{15'000};
  /// Without a step towards what the peer owes: an acknowledgement, or changes that it announced.
  std::chrono::milliseconds stall{20'000};
  /// The same for a peer that keeps saying it is still at work.
  std::chrono::milliseconds work{600'000};
};

/// How a session presents itself and how long it goes on.
struct SessionOptions {
  /// What the peer may call this device; at most `kMaxDeviceName` bytes.
  std::string name = {};
  /// Push later commits, too. Otherwise this side sends once what it had when the session began,
  /// and goes on receiving.
  bool live = true;
  /// When to give the peer up.
  SessionTimeouts timeouts = {};
  /// Send changes. A reader of its group does not: it follows, and what was written on it stays.
  bool send_changes = true;
  /// Take changes from the peer. Otherwise, because the peer is a reader, one that sends any is
  /// refused with `not_allowed`, and nothing of it is applied.
  bool accept_changes = true;
  /// The group that both ends must belong to, united with the peer's before any change is sent;
  /// null for none. Must outlive the session.
  GroupLog* group = nullptr;
  /// Compress what is sent, by zstd, if the peer can unpack it; and say that this side can.
  bool compress = true;
  /// How long both sides must have been in sync, without a change, before they compare digests of
  /// their rows. Counts by `tick`.
  std::chrono::milliseconds compare_after{5'000};
  /// How long at least from one comparison to the next, which also waits for a change. 0: never.
  std::chrono::milliseconds compare_every{1'800'000};
};

inline constexpr std::size_t kMaxDeviceName = 128;
/// A session holds at most about this much unsent output (more only while a single row is larger).
inline constexpr std::size_t kMaxSessionOutput = std::size_t{256} << 10U;

/// Who is at the other end.
struct Peer {
  /// Whose events it makes.
  ReplicaId id;
  /// Which copy of its file.
  FileNonce nonce{};
  /// What it calls itself: not checked, and perhaps that of another device.
  std::string name;
  /// The version of the protocol that both will speak.
  std::uint32_t protocol = 0;

  friend bool operator==(const Peer&, const Peer&) = default;
};

/// What one session has moved so far.
struct SessionProgress {
  std::uint64_t bytes_sent = 0;       ///< Handed out by `take_output`.
  std::uint64_t bytes_received = 0;   ///< Given to `receive`.
  std::uint64_t rows_sent = 0;        ///< Rows that changed at the peer, by its acknowledgements.
  std::uint64_t rows_received = 0;    ///< Rows that changed here.
  std::uint64_t deltas_sent = 0;      ///< Acknowledged by the peer.
  std::uint64_t deltas_received = 0;  ///< Applied here.

  friend bool operator==(const SessionProgress&, const SessionProgress&) = default;
};

/// Something that happened in a session, in the order it happened.
struct SessionEvent {
  /// What happened.
  enum class Kind : std::uint8_t {
    connected,      ///< HELLO came; `Session::peer` is known.
    rules_differ,   ///< A column merges differently at the peer; `message` names it. Sync goes on.
    progress,       ///< The numbers moved; several steps may make one event.
    delta_applied,  ///< `rows` changed here by one delta, now durable.
    exchanged,      ///< Both sides have what either had when the session began. Once per session.
    in_sync,        ///< Both sides are known to have seen the same. Again after every push.
    group_changed,  ///< The peer's records of the group brought news, which stands in the log.
    diverged,  ///< Both have seen the same and hold different rows; see `message`. Sync goes on.
    closed,    ///< The end; `error` tells why, or is empty after a BYE. Always the last event.
  };

  /// What happened.
  Kind kind = Kind::progress;
  /// The numbers at that moment.
  SessionProgress progress;
  /// For `delta_applied`: rows that changed here.
  std::uint64_t rows = 0;
  /// For `rules_differ` and `diverged`: for people.
  std::string message;
  /// For `closed`: why; empty after a BYE.
  std::optional<Error> error;
};

/// "connected", "in_sync": the enumerator's own name.
std::string_view to_string(SessionEvent::Kind kind) noexcept;

/// One end of one connection, as a state machine: bytes and time in, bytes and events out. It has
/// no socket, no clock and no thread, so it runs over anything that carries bytes in order.
///
///     rill::Session session{replica};
///     session.start();
///     loop:  send(session.take_output());       // until it returns nothing
///            session.receive(whatever_came);
///            session.tick(now);                 // about once a second
///            for (const auto& event : session.take_events()) …
///
/// Both ends send HELLO with their version vector, then, both at once, what the other lacks. A
/// delta is acknowledged only when it stands in the replica. After that, each call of
/// `vector_changed` pushes what the peer is not known to have; news that came from the peer is not
/// sent back. At most one delta per direction is under way. Where one side only follows, "in sync"
/// and "exchanged" are about the other direction alone.
///
/// Errors: no call throws for anything the peer sent, or for a replica that fails: the session
/// closes with an `Error`, tells the peer, and leaves the replica as it was. After that it ignores
/// input. Memory: bounded whatever the peer sends: one delta chunk (`kMaxDeltaBytes`) and
/// `kMaxSessionOutput`. Thread safety: one user at a time. `receive` and `take_output` call the
/// replica, and take as long.
class Session {
 public:
  /// Where the session stands; it only moves down this list.
  enum class State : std::uint8_t {
    idle,       ///< `start` was not called yet.
    greeting,   ///< HELLO is on its way; the peer's is awaited.
    connected,  ///< HELLO came.
    closed,     ///< Over. There may be a last frame to take.
  };

  /// The replica must outlive the session.
  explicit Session(Replica& replica, SessionOptions options = {});
  ~Session();
  /// Takes over the other's connection; the other may only be assigned to or dropped.
  Session(Session&&) noexcept;
  /// The same, dropping its own connection without a BYE.
  Session& operator=(Session&&) noexcept;

  /// Begins: reads the replica's summary and queues HELLO.
  void start();
  /// Takes bytes from the peer, in any portions.
  void receive(std::string_view bytes);
  /// The next bytes to send, at most about `kMaxSessionOutput`; empty when there is nothing to send
  /// now. Further chunks of a delta are produced only as the output is taken. Also after the end:
  /// an error or a BYE to the peer may be left.
  std::string take_output();
  /// Says that the replica may have new events: a local commit, or changes from elsewhere.
  void vector_changed();
  /// Says that the group's log may have new records.
  void group_changed();
  /// Says what time it is, in milliseconds from any origin; never goes back. Call it about once a
  /// second; time during which `receive` was at work should not be counted.
  void tick(std::chrono::milliseconds now);
  /// Ends the session in good order: queues BYE.
  void close();
  /// The connection ended; `peer_gone` unless the session was over.
  void disconnected();

  /// What happened since the last call.
  std::vector<SessionEvent> take_events();

  /// Where the session stands.
  [[nodiscard]] State state() const noexcept;
  /// Whether both sides are known to have seen the same and nothing is under way.
  [[nodiscard]] bool in_sync() const;
  /// How many events this side is known to have seen that the peer is not known to have.
  [[nodiscard]] std::uint64_t lag() const;
  /// Whether both sides have what either had when the session began.
  [[nodiscard]] bool exchanged() const noexcept;
  /// Whether this side reads its rows for a comparison, some with each `tick`: then more of them a
  /// second help.
  [[nodiscard]] bool comparing() const noexcept;
  /// The peer, once it has said HELLO.
  [[nodiscard]] const std::optional<Peer>& peer() const noexcept;
  /// Why the session closed; empty if it has not, or ended in good order.
  [[nodiscard]] const std::optional<Error>& error() const noexcept;
  /// What was moved so far.
  [[nodiscard]] const SessionProgress& progress() const noexcept;

  /// A frame that says "still at work on what you sent". While `receive` is running, the transport
  /// may send it, between takes of output, every few seconds, so that the peer keeps waiting.
  static std::string working_frame();
  /// A frame that asks for a sign of life. The transport may send it between takes of output.
  static std::string ping_frame();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rill
