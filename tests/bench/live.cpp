#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "device_pair.hpp"

// What two connected devices take from a commit to the other's observer, and while nothing happens.

namespace rill::bench {
namespace {

/// One after the other: from the COMMIT on one device to the call of an observer on the other.
std::vector<double> latencies(const Setting& setting) {
  DevicePair devices(setting.folder);
  devices.connect();
  std::mutex mutex;
  std::condition_variable arrived;
  std::size_t seen = 0;
  const Subscription observing = devices.there().observe({"notes"}, [&](const ChangeSet& changes) {
    const std::lock_guard lock(mutex);
    seen += changes.changes.size();
    arrived.notify_all();
  });
  NoteInsert insert(devices.handle());
  const std::size_t count = std::max<std::size_t>(setting.scale.transactions / 20, 5);
  std::vector<double> result;
  result.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const Note row = note(index);
    const auto began = Clock::now();
    insert.run(row);
    std::unique_lock lock(mutex);
    if (!arrived.wait_for(lock, kPatience, [&] { return seen > index; })) {
      throw std::runtime_error("a change does not arrive");
    }
    result.push_back(Milliseconds(Clock::now() - began).count());
  }
  std::ranges::sort(result);
  return result;
}

Figures latency_at(const Setting& setting, double quantile) {
  const std::vector<double> sorted = latencies(setting);
  const auto index = static_cast<std::size_t>(quantile * static_cast<double>(sorted.size() - 1));
  return {sorted.at(index), 0, sorted.at(index)};
}

double process_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// The share of a core that one of two connected devices takes while nothing happens.
Figures idle_cpu(const Setting& setting) {
  DevicePair devices(setting.folder);
  devices.connect();
  // Whatever is done once both are in sync is done by then: digests are compared after 5 s.
  const bool tiny = setting.scale.rounds == 1;
  std::this_thread::sleep_for(std::chrono::seconds(tiny ? 0 : 8));
  const auto span = std::chrono::seconds(tiny ? 1 : 60);
  const double before = process_seconds();
  std::this_thread::sleep_for(span);
  const double share = (process_seconds() - before) / static_cast<double>(span.count()) / 2;
  return {share, 0, share};
}

}  // namespace

std::vector<Metric> live_metrics() {
  return {{"live_latency_p50_ms", "ms", 3, [](const Setting& s) { return latency_at(s, 0.5); }},
          {"live_latency_p99_ms", "ms", 15, [](const Setting& s) { return latency_at(s, 0.99); }},
          {"idle_cpu", "share of a core", 0.001, idle_cpu}};
}

}  // namespace rill::bench
