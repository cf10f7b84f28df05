#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metric.hpp"
#include "notes.hpp"
#include "rill/replicator.hpp"

namespace rill::bench {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// How long anything between two devices may take before the measurement is given up.
inline constexpr std::chrono::seconds kPatience{600};

/// A device's key for as long as the object lives.
class KeyInMemory final : public KeyStore {
 public:
  [[nodiscard]] std::optional<std::string> load() override { return secret_; }
  void store(std::string_view secret) override { secret_ = std::string(secret); }

 private:
  std::optional<std::string> secret_;
};

/// Options of a device that keeps to the loopback interface and finds nobody by itself.
ReplicatorOptions loopback_options();

/// Lets whoever asks be let in, for as long as the result lives.
Subscription confirm_all(Replicator& inviter);

/// Lets `joiner` into the group of `inviter`, over the inviter's `host`, and waits until both are
/// in sync. Both must have been started. Throws `std::runtime_error` if they do not get there.
void pair(Replicator& inviter, Replicator& joiner, const std::string& host);

/// Two devices with a file each, in this process, that speak over the loopback interface.
class DevicePair {
 public:
  /// Each with an empty file below `folder`.
  explicit DevicePair(const std::filesystem::path& folder);

  /// Pairs the two, and returns when they are in sync.
  void connect() { pair(a_, b_, "127.0.0.1"); }

  [[nodiscard]] Database& there() { return there_->database(); }
  /// The connection that the first device's app writes with.
  [[nodiscard]] sqlite3* handle() { return here_->handle(); }

 private:
  Temporary<RillNotes> here_;
  Temporary<RillNotes> there_;
  Replicator a_;
  Replicator b_;
};

}  // namespace rill::bench
