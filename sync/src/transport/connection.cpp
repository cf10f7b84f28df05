#include "transport/connection.hpp"

#include <algorithm>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/error_code.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <utility>

namespace rill {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kReadBytes = std::size_t{64} << 10U;
/// How long the peer may take to close its end after the last words.
constexpr milliseconds kLinger{1'000};

milliseconds tick_interval(const SessionTimeouts& timeouts, milliseconds longest) {
  const milliseconds shortest = std::min({timeouts.hello, timeouts.ping, timeouts.silence,
                                          timeouts.frame, timeouts.stall, timeouts.work});
  return std::clamp(shortest / 4, milliseconds{5}, longest);
}

}  // namespace

Connection::Connection(asio::io_context& io, asio::thread_pool& workers, SecureStream stream,
                       Replica& replica, Options options)
    : io_(io),
      stream_(std::move(stream)),
      options_(std::move(options)),
      strand_(asio::make_strand(workers.get_executor())),
      session_(replica, options_.session),
      ticker_(io),
      pull_(io),
      write_(io),
      tick_interval_(tick_interval(options_.session.timeouts, milliseconds{250})),
      idle_interval_(tick_interval(options_.session.timeouts, milliseconds{1'000})) {}

void Connection::start() {
  last_tick_ = last_read_ = Clock::now();
  pull_.notify();
  spawn(&Connection::read_loop);
  spawn(&Connection::pull_loop);
  spawn(&Connection::write_loop);
  spawn(&Connection::tick_loop);
}

void Connection::spawn(asio::awaitable<void> (Connection::*loop)()) {
  ++loops_;
  asio::co_spawn(io_, run_loop(shared_from_this(), loop), asio::detached);
}

asio::awaitable<void> Connection::run_loop(std::shared_ptr<Connection> self,
                                           asio::awaitable<void> (Connection::*loop)()) {
  co_await (self.get()->*loop)();
  if (--loops_ == 0 && options_.on_end) options_.on_end();
}

void Connection::close() {
  Step step = [](Session& session) { session.close(); };
  ++loops_;
  asio::co_spawn(io_, run_step(shared_from_this(), std::move(step)), asio::detached);
}

asio::awaitable<void> Connection::run_step(std::shared_ptr<Connection> self, Step step) {
  co_await with_session(std::move(step));
  pull_.notify();
  if (--loops_ == 0 && options_.on_end) options_.on_end();
  self.reset();
}

void Connection::note_group_change() {
  Step step = [](Session& session) { session.group_changed(); };
  ++loops_;
  asio::co_spawn(io_, run_step(shared_from_this(), std::move(step)), asio::detached);
}

void Connection::abort() {
  asio::error_code ignored;
  stream_.next_layer().close(ignored);
}

void Connection::probe(milliseconds patience) {
  say(Session::ping_frame());
  ++loops_;
  asio::co_spawn(io_, probe_loop(shared_from_this(), patience), asio::detached);
}

asio::awaitable<void> Connection::probe_loop(std::shared_ptr<Connection> self,
                                             milliseconds patience) {
  const auto asked = Clock::now();
  asio::steady_timer timer(io_, patience);
  asio::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  // While the session is at work nothing is read, so silence says nothing.
  if (last_read_ < asked && steps_ == 0) abort();
  if (--loops_ == 0 && options_.on_end) options_.on_end();
  self.reset();
}

std::uint64_t Connection::note_change() {
  const std::uint64_t number = ++changes_;
  if (!change_posted_.exchange(true)) {
    // Weak: a handler that is never run must not be what ends the connection.
    asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->change_posted_ = false;
      self->pull_.notify();
    });
  }
  return number;
}

// There and back ----------------------------------------------------------------------------------

asio::awaitable<std::string> Connection::with_session(Step step, bool take_output) {
  if (steps_++ == 0) busy_since_ = Clock::now();
  Outcome outcome = co_await asio::co_spawn(strand_, on_strand(std::move(step), take_output),
                                            asio::use_awaitable);
  --steps_;
  comparing_ = outcome.comparing;
  if (outcome.state == Session::State::closed && !ending_) {
    ending_ = true;
    ending_since_ = Clock::now();
    ticker_.cancel();  // a short tick from now on
  }
  co_return std::move(outcome.output);
}

asio::awaitable<Connection::Outcome> Connection::on_strand(Step step, bool take_output) {
  const std::uint64_t changes = changes_;
  if (changes != handled_) session_.vector_changed();
  if (step) step(session_);
  Outcome outcome;
  if (take_output) {
    outcome.output = session_.take_output();
    handled_ = changes;
  }
  if (options_.on_step) options_.on_step(session_, handled_, session_.take_events());
  outcome.state = session_.state();
  outcome.comparing = session_.comparing();
  co_return outcome;
}

// Coroutines of the I/O thread --------------------------------------------------------------------

asio::awaitable<void> Connection::read_loop() {
  std::string buffer = std::exchange(options_.early, {});
  while (true) {
    if (!ending_ && !buffer.empty()) {
      Step step = [&buffer](Session& session) { session.receive(buffer); };
      co_await with_session(std::move(step));
      pull_.notify();
    }
    asio::error_code error;
    buffer.resize(kReadBytes);
    const std::size_t size = co_await stream_.async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
    if (error) break;
    buffer.resize(size);
    last_read_ = Clock::now();
  }
  Step step = [](Session& session) { session.disconnected(); };
  co_await with_session(std::move(step));
  die();
}

asio::awaitable<void> Connection::pull_loop() {
  while (!drained_) {
    co_await pull_.wait();
    if (dead_) break;
    if (writing_ || !outbox_.empty()) continue;
    Step step = [](Session& session) { session.start(); };
    std::string output = co_await with_session(std::move(step), true);
    drained_ = ending_ && output.empty();
    said_hello_ = said_hello_ || !output.empty();
    outbox_ += output;
    write_.notify();
  }
}

asio::awaitable<void> Connection::write_loop() {
  while (!dead_) {
    if (outbox_.empty()) {
      if (drained_) break;
      co_await write_.wait();
      continue;
    }
    const std::string bytes = std::exchange(outbox_, {});
    writing_ = true;
    write_began_ = Clock::now();
    asio::error_code error;
    co_await asio::async_write(stream_, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    writing_ = false;
    if (error) break;  // reading fails, too, and says so to the session
    pull_.notify();
  }
  asio::error_code ignored;
  stream_.next_layer().shutdown(asio::socket_base::shutdown_send, ignored);
}

milliseconds Connection::until_tick() const {
  const bool idle =
      said_hello_ && !ending_ && !writing_ && !comparing_ && steps_ == 0 && last_read_ < last_tick_;
  return idle ? idle_interval_ : tick_interval_;
}

asio::awaitable<void> Connection::tick_loop() {
  while (!dead_) {
    asio::error_code cancelled;
    ticker_.expires_after(until_tick());
    co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    if (dead_) break;
    const auto now = Clock::now();
    on_tick(now);
    if (steps_ == 0 && !ending_) {
      session_time_ += std::chrono::duration_cast<milliseconds>(now - last_tick_);
      Step step = [time = session_time_](Session& session) { session.tick(time); };
      co_await with_session(std::move(step));
      pull_.notify();
    }
    last_tick_ = now;
  }
}

void Connection::on_tick(Clock::time_point now) {
  const SessionTimeouts& timeouts = options_.session.timeouts;
  asio::error_code ignored;
  if (ending_ && now - ending_since_ >= kLinger) stream_.next_layer().close(ignored);
  if (writing_ && now - write_began_ >= timeouts.stall) stream_.next_layer().close(ignored);
  if (steps_ > 0 && now - busy_since_ >= timeouts.stall / 4) {
    busy_since_ = now;
    say(Session::working_frame());
  }
}

void Connection::say(std::string frame) {
  if (!said_hello_ || ending_ || writing_ || !outbox_.empty()) return;
  outbox_ = std::move(frame);
  write_.notify();
}

void Connection::die() {
  dead_ = true;
  asio::error_code ignored;
  stream_.next_layer().close(ignored);
  ticker_.cancel();
  pull_.notify();
  write_.notify();
}

}  // namespace rill
