#pragma once

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>

namespace rill {

/// Lets coroutines of one thread wait for each other. A notification without a waiter is kept for
/// the next wait; several count as one. One waiter at a time.
class Signal {
 public:
  explicit Signal(asio::io_context& io) : timer_(io) {}
  asio::awaitable<void> wait();
  /// Returns at the latest when the time is up.
  asio::awaitable<void> wait_for(std::chrono::milliseconds longest);
  void notify();

 private:
  asio::awaitable<void> wait_until(asio::steady_timer::time_point end);

  asio::steady_timer timer_;
  bool set_ = false;
};

}  // namespace rill
