#pragma once

#include <functional>
#include <utility>

namespace rill {

/// Keeps a callback registered for as long as it lives. Dropping it (or `stop`) ends the
/// registration and, unless called from inside that callback, waits for a running call to return.
/// Thread safety: move-only; one owner at a time.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  /// Takes over a registration that `stop`, called at most once, ends.
  explicit Subscription(std::function<void()> stop) : stop_(std::move(stop)) {}
  /// Takes over the other's registration and leaves it none.
  Subscription(Subscription&& other) noexcept : stop_(std::exchange(other.stop_, nullptr)) {}
  /// Ends its own registration and takes over the other's.
  Subscription& operator=(Subscription&& other) noexcept {
    if (this != &other) {
      stop();
      stop_ = std::exchange(other.stop_, nullptr);
    }
    return *this;
  }
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription() { stop(); }

  /// Ends the registration; further calls do nothing.
  void stop() {
    if (auto stop = std::exchange(stop_, nullptr)) stop();
  }

 private:
  std::function<void()> stop_;
};

}  // namespace rill
