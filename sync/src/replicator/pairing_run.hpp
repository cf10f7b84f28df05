#pragma once

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pairing/pairing_session.hpp"
#include "rill/error.hpp"
#include "transport/handshake.hpp"
#include "transport/signal.hpp"
#include "transport/tls.hpp"

namespace rill {

/// The time for the machines of a pairing.
inline std::chrono::milliseconds pairing_time() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

/// Carries the bytes of one side of a pairing, `Joiner` or `Inviter`, over its connection.
/// Thread safety: the I/O thread's.
template <typename Machine>
class PairingRun : public std::enable_shared_from_this<PairingRun<Machine>> {
 public:
  PairingRun(asio::io_context& io, SecureStream secure, std::unique_ptr<Machine> side)
      : io_(io), stream_(std::move(secure)), machine_(std::move(side)), wake_(io) {}

  [[nodiscard]] Machine& machine() noexcept { return *machine_; }
  /// The machine has something new to say.
  void wake() { wake_.notify(); }
  /// Breaks the connection.
  void abort() {
    asio::error_code ignored;
    stream_.next_layer().close(ignored);
  }

  /// Until the run is over. `on_event` is told of every event.
  asio::awaitable<void> run(std::function<void(const pairing::PairingEvent&)> on_event) {
    asio::co_spawn(io_, read_loop(this->shared_from_this()), asio::detached);
    while (true) {
      const bool over = machine_->closed();
      std::string output = machine_->take_output();
      if (!output.empty()) co_await write(std::move(output));
      for (const pairing::PairingEvent& event : machine_->take_events()) on_event(event);
      if (over) break;
      if (!machine_->closed()) co_await wake_.wait_for(kTick);
      machine_->tick(pairing_time());
    }
    asio::error_code ignored;
    stream_.next_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    // The last words are on their way; the peer closes first, or has had its time.
    const SocketDeadline linger(io_, stream_.next_layer(), kLinger);
    while (!reading_ended_) co_await wake_.wait_for(kTick);
  }

 private:
  static constexpr std::chrono::milliseconds kTick{250};
  static constexpr std::chrono::milliseconds kLinger{1'000};

  asio::awaitable<void> write(std::string output) {
    try {
      co_await send_all(stream_, std::move(output));
    } catch (const Error&) {
      machine_->disconnected();
    }
  }

  asio::awaitable<void> read_loop(std::shared_ptr<PairingRun> self) {
    try {
      while (true) {
        const std::string bytes = co_await receive_some(stream_);
        machine_->receive(bytes, pairing_time());
        wake_.notify();
      }
    } catch (const Error&) {
      machine_->disconnected();
    }
    reading_ended_ = true;
    wake_.notify();
    self.reset();
  }

  asio::io_context& io_;
  SecureStream stream_;
  std::unique_ptr<Machine> machine_;
  Signal wake_;
  bool reading_ended_ = false;
};

}  // namespace rill
