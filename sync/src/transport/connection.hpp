#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rill/replica.hpp"
#include "rill/session.hpp"
#include "transport/signal.hpp"
#include "transport/tls.hpp"

namespace rill {

/// One connection behind the gate, and its session.
///
/// The socket belongs to the I/O thread, the session to a strand of the worker threads, since it
/// calls the replica and takes as long as that does. Four coroutines on the I/O thread,
/// `read_loop`, `pull_loop`, `write_loop` and `tick_loop`, carry bytes and time between the two.
/// While the session is busy nothing more is read (so TCP slows the peer down), its clock stands
/// still, and the peer is told every few seconds that work goes on.
///
/// Thread safety: members are for the I/O thread, but for `note_change`.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  struct Options {
    SessionOptions session;
    /// What came behind the gate's last frame.
    std::string early;
    /// After each step of the session, on its strand: what happened in it. `handled` is the latest
    /// result of `note_change` that the session has taken into account. Must not throw.
    std::function<void(const Session&, std::uint64_t handled, const std::vector<SessionEvent>&)>
        on_step;
    /// Once, on the I/O thread, when nothing of the connection runs any more.
    std::function<void()> on_end;
  };

  Connection(asio::io_context& io, asio::thread_pool& workers, SecureStream stream,
             Replica& replica, Options options);

  void start();
  /// Says BYE and ends; `Options::on_end` tells when.
  void close();
  /// The replica may have news. Any thread. Returns the number of the change.
  std::uint64_t note_change();
  /// The group has new records, or roles.
  void note_group_change();
  /// Asks the peer for a sign of life, and ends the connection if none comes in `patience`.
  void probe(std::chrono::milliseconds patience);
  /// Ends the connection without another word: the peer is not to be spoken to any more.
  void abort();

 private:
  using Clock = std::chrono::steady_clock;
  using Step = std::function<void(Session&)>;
  struct Outcome {
    std::string output;
    Session::State state = Session::State::idle;
    bool comparing = false;
  };

  asio::awaitable<void> read_loop();
  asio::awaitable<void> pull_loop();
  asio::awaitable<void> write_loop();
  asio::awaitable<void> tick_loop();
  void on_tick(Clock::time_point now);
  /// Until the next tick: longer while nothing goes on, since each wakes several threads.
  [[nodiscard]] std::chrono::milliseconds until_tick() const;
  void spawn(asio::awaitable<void> (Connection::*loop)());
  asio::awaitable<void> run_loop(std::shared_ptr<Connection> self,
                                 asio::awaitable<void> (Connection::*loop)());
  asio::awaitable<void> run_step(std::shared_ptr<Connection> self, Step step);

  /// Runs `step` on the session's strand; returns there and back.
  asio::awaitable<std::string> with_session(Step step, bool take_output = false);
  asio::awaitable<Outcome> on_strand(Step step, bool take_output);
  asio::awaitable<void> probe_loop(std::shared_ptr<Connection> self,
                                   std::chrono::milliseconds patience);
  void say(std::string frame);
  void die();

  asio::io_context& io_;
  SecureStream stream_;
  Options options_;

  // The strand's.
  asio::strand<asio::thread_pool::executor_type> strand_;
  Session session_;
  std::uint64_t handled_ = 0;

  // Shared.
  std::atomic<std::uint64_t> changes_ = 0;
  std::atomic<bool> change_posted_ = false;

  // The I/O thread's.
  asio::steady_timer ticker_;
  Signal pull_;
  Signal write_;
  std::string outbox_;    ///< Taken from the session and not yet given to the socket.
  bool writing_ = false;  ///< The socket is taking bytes.
  bool ending_ = false;   ///< The session is over; what is left is to say so.
  bool drained_ = false;  ///< The session's last words are in the outbox, or out.
  bool dead_ = false;     ///< The socket is closed.
  bool said_hello_ = false;
  unsigned loops_ = 0;
  unsigned steps_ = 0;      ///< Under way on the strand, or waiting for it.
  bool comparing_ = false;  ///< The session goes on by ticks alone.
  std::chrono::milliseconds tick_interval_;
  std::chrono::milliseconds idle_interval_;
  std::chrono::milliseconds session_time_{0};
  Clock::time_point last_tick_;
  Clock::time_point write_began_;
  Clock::time_point busy_since_;
  Clock::time_point ending_since_;
  Clock::time_point last_read_;
};

}  // namespace rill
