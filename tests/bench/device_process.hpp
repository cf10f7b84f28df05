#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace rill::bench {

/// How a device in a process of its own is started: followed by its file and the size of SQLite's
/// cache, as in `PRAGMA cache_size`.
inline constexpr std::string_view kDeviceOption = "--device";

/// A device that was paired before, in a process of its own: this program, run anew. It speaks over
/// the loopback interface. The process ends with the object.
///
/// Throws `std::runtime_error` from each call if the process does not do as told.
/// Thread safety: one user at a time.
class DeviceProcess {
 public:
  /// Returns when the file is open. Nothing is listened to or sent yet.
  DeviceProcess(const std::filesystem::path& file, int cache_size);
  ~DeviceProcess();
  DeviceProcess(const DeviceProcess&) = delete;
  DeviceProcess& operator=(const DeviceProcess&) = delete;

  /// Starts the replicator; returns when it listens.
  void start();
  /// Waits until it is in sync with the other.
  void wait_in_sync();
  /// By how much the greatest resident size since `start` exceeds that before it, in bytes.
  [[nodiscard]] std::uint64_t growth();

 private:
  /// Sends a word and returns what is answered behind "done ".
  std::string ask(std::string_view word);
  std::string answer();

  pid_t child_ = 0;
  int to_child_ = -1;
  int from_child_ = -1;
};

/// The process's part. Obeys what comes by standard input until it ends; returns the exit code.
int run_device(const std::filesystem::path& file, int cache_size);

}  // namespace rill::bench
