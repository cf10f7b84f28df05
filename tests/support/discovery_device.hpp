#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "discovery/discovery.hpp"
#include "rill/error.hpp"

namespace rill::test {

/// A group's key of 32 equal bytes.
inline BeaconKey discovery_key(std::uint8_t seed) {
  BeaconKey key;
  key.fill(seed);
  return key;
}

/// A UDP port that no other test that runs now takes, below those that the system gives out. The
/// ports after it that discovery takes, too, are as free.
inline std::uint16_t free_discovery_port() {
  static std::atomic<unsigned> calls = 0;
  constexpr unsigned kStep = 10;
  constexpr unsigned kSteps = 1'200;
  const unsigned number = static_cast<unsigned>(::getpid()) + 397 * calls++;
  return static_cast<std::uint16_t>(20'000 + kStep * (number % kSteps));
}

/// A device that looks for others, in a thread of its own, and notes whom it finds.
class DiscoveryDevice {
 public:
  /// `enter` runs in the thread before anything else.
  DiscoveryDevice(DiscoveryOptions options, Discovery::Announcement announcement,
                  const std::function<void()>& enter = {})
      : work_(asio::require(io_.get_executor(), asio::execution::outstanding_work.tracked)),
        thread_([this, enter] {
          if (enter) enter();
          io_.run();
        }) {
    on_io([&] {
      discovery_.emplace(io_, std::move(options),
                         Discovery::Callbacks{[this](const auto& sighting) { note(sighting); },
                                              [this] { ++network_changes_; }});
      discovery_->set_announcement(std::move(announcement));
      discovery_->start();
    });
  }
  ~DiscoveryDevice() {
    on_io([&] { discovery_.reset(); });
    work_.reset();
    thread_.join();
  }
  DiscoveryDevice(const DiscoveryDevice&) = delete;
  DiscoveryDevice& operator=(const DiscoveryDevice&) = delete;

  void start() {
    on_io([&] { discovery_->start(); });
  }
  void stop() {
    on_io([&] { discovery_->stop(); });
  }
  void announce(Discovery::Announcement announcement) {
    on_io([&] { discovery_->set_announcement(std::move(announcement)); });
  }
  /// Whether the announcement is an invalid argument.
  bool refuses(Discovery::Announcement announcement) {
    bool refused = false;
    on_io([&] {
      try {
        discovery_->set_announcement(std::move(announcement));
      } catch (const Error& error) {
        refused = error.code() == ErrorCode::invalid_argument;
      }
    });
    return refused;
  }
  void announce_now() {
    on_io([&] { discovery_->announce_now(); });
  }
  std::string trouble() {
    std::string result;
    on_io([&] { result = discovery_->trouble(); });
    return result;
  }
  std::vector<std::string> own_addresses() {
    std::vector<std::string> result;
    on_io([&] {
      for (const auto& address : discovery_->own_addresses()) result.push_back(address.to_string());
    });
    return result;
  }
  /// What the thread has used of the processor.
  std::chrono::nanoseconds cpu_time() {
    timespec time{};
    on_io([&] { ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time); });
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }
  [[nodiscard]] unsigned network_changes() const { return network_changes_; }

  /// Waits for a sighting at an address that begins with `host`; returns whether it came.
  bool finds(const std::string& host, std::uint16_t port) {
    std::unique_lock lock(mutex_);
    return found_.wait_for(lock, kPatience, [&] {
      return std::ranges::any_of(sightings_, [&](const Discovery::Sighting& sighting) {
        return sighting.endpoint.port() == port &&
               sighting.endpoint.address().to_string().starts_with(host);
      });
    });
  }
  std::size_t times_found(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count_if(
        sightings_, [&](const auto& sighting) { return sighting.endpoint.port() == port; }));
  }
  bool has_found(std::uint16_t port) { return times_found(port) > 0; }
  /// The last one of the port; an empty one if there is none.
  Discovery::Sighting sighting(std::uint16_t port) {
    const std::lock_guard lock(mutex_);
    Discovery::Sighting result;
    for (const Discovery::Sighting& sighting : sightings_) {
      if (sighting.endpoint.port() == port) result = sighting;
    }
    return result;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    sightings_.clear();
  }

 private:
  static constexpr std::chrono::seconds kPatience{15};
  using Work = decltype(asio::require(std::declval<asio::io_context&>().get_executor(),
                                      asio::execution::outstanding_work.tracked));

  template <typename Call>
  void on_io(const Call& call) {
    std::promise<void> done;
    asio::execution::execute(io_.get_executor(), [&] {
      call();
      done.set_value();
    });
    done.get_future().wait();
  }
  void note(const Discovery::Sighting& sighting) {
    const std::lock_guard lock(mutex_);
    sightings_.push_back(sighting);
    found_.notify_all();
  }

  asio::io_context io_{1};
  std::mutex mutex_;
  std::condition_variable found_;
  std::vector<Discovery::Sighting> sightings_;
  std::atomic<unsigned> network_changes_ = 0;
  std::optional<Discovery> discovery_;  ///< The thread's.
  std::optional<Work> work_;
  std::thread thread_;
};

}  // namespace rill::test
