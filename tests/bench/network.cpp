#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <ctime>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "metric.hpp"
#include "notes.hpp"
#include "rill/replicator.hpp"

// What devices cost and take that stay in sync over TLS on the loopback interface. Both are threads
// of this process.

namespace rill::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::chrono::seconds kPatience{120};

class KeyInMemory final : public KeyStore {
 public:
  [[nodiscard]] std::optional<std::string> load() override { return secret_; }
  void store(std::string_view secret) override { secret_ = std::string(secret); }

 private:
  std::optional<std::string> secret_;
};

ReplicatorOptions options() {
  ReplicatorOptions options;
  options.key_store = std::make_shared<KeyInMemory>();
  options.loopback_only = true;
  options.discovery = false;
  return options;
}

/// Two devices with a file each, paired and connected.
class Devices {
 public:
  explicit Devices(const Setting& setting, const std::vector<Note>& rows = {})
      : here_(setting.folder, rows),
        there_(setting.folder),
        a_(here_->database(), options()),
        b_(there_->database(), options()) {
    confirming_ = a_.on_event([this](const ReplicatorEvent& event) {
      if (event.request) a_.confirm(event.request->number);
    });
  }

  /// From the invitation to the moment when both have everything.
  Milliseconds connect() {
    a_.start();
    b_.start();
    const auto began = Clock::now();
    b_.join(a_.invite(), "127.0.0.1:" + std::to_string(a_.status().port));
    if (!b_.wait_in_sync(kPatience)) throw std::runtime_error("two devices do not get in sync");
    return Clock::now() - began;
  }

  Database& here() { return here_->database(); }
  Database& there() { return there_->database(); }
  sqlite3* handle() { return here_->handle(); }

 private:
  Temporary<RillNotes> here_;
  Temporary<RillNotes> there_;
  Replicator a_;
  Replicator b_;
  Subscription confirming_;
};

/// One after the other: from the COMMIT on one device to the call of an observer on the other.
std::vector<double> latencies(const Setting& setting) {
  Devices devices(setting);
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

/// The same rows handed over in one thread, chunk by chunk.
Milliseconds extract_and_apply(const Setting& setting, const std::vector<Note>& rows) {
  Temporary<RillNotes> sender(setting.folder, rows);
  Temporary<RillNotes> receiver(setting.folder);
  const auto began = Clock::now();
  const auto stream = sender->database().changes_since({});
  while (const auto chunk = stream->next(std::size_t{64} << 10U)) {
    receiver->database().receive(*chunk);
  }
  return Clock::now() - began;
}

Figures first_sync(const Setting& setting) {
  const std::vector<Note> rows = notes(setting.scale.rows);
  std::vector<double> values;
  std::vector<double> baselines;
  for (int round = 0; round < setting.scale.rounds; ++round) {
    Devices devices(setting, rows);
    values.push_back(devices.connect().count());
    baselines.push_back(extract_and_apply(setting, rows).count());
  }
  const auto median = [](std::vector<double>& of) {
    std::ranges::sort(of);
    return of.at(of.size() / 2);
  };
  const double value = median(values);
  const double baseline = median(baselines);
  return {value, baseline, value / baseline};
}

double process_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// The share of a core that one of two connected devices takes while nothing happens.
Figures idle_cpu(const Setting& setting) {
  Devices devices(setting);
  devices.connect();
  const auto span = std::chrono::seconds(setting.scale.rounds > 1 ? 60 : 1);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const double before = process_seconds();
  std::this_thread::sleep_for(span);
  const double share = (process_seconds() - before) / static_cast<double>(span.count()) / 2;
  return {share, 0, share};
}

}  // namespace

std::vector<Metric> network_metrics() {
  return {{"live_latency_p50_ms", "ms", 3, [](const Setting& s) { return latency_at(s, 0.5); }},
          {"live_latency_p99_ms", "ms", 15, [](const Setting& s) { return latency_at(s, 0.99); }},
          {"first_sync", "ms", 1.6, first_sync},
          {"idle_cpu", "share of a core", 0.001, idle_cpu}};
}

}  // namespace rill::bench
