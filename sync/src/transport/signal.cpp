#include "transport/signal.hpp"

#include <asio/error_code.hpp>
#include <asio/redirect_error.hpp>
#include <asio/use_awaitable.hpp>

namespace rill {

asio::awaitable<void> Signal::wait_until(asio::steady_timer::time_point end) {
  if (!set_) {
    asio::error_code cancelled;
    timer_.expires_at(end);
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
  set_ = false;
}

asio::awaitable<void> Signal::wait() { return wait_until(asio::steady_timer::time_point::max()); }

asio::awaitable<void> Signal::wait_for(std::chrono::milliseconds longest) {
  return wait_until(asio::steady_timer::clock_type::now() + longest);
}

void Signal::notify() {
  set_ = true;
  timer_.cancel();
}

}  // namespace rill
