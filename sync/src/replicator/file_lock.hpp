#pragma once

#include <filesystem>

namespace rill {

/// Holds a lock that one process at a time may have, by a file of its own that stays. The system
/// lets it go when the process ends, however that happens. Thread safety: one user at a time.
class FileLock {
 public:
  /// Throws `Error`: busy (somebody has it), io.
  explicit FileLock(const std::filesystem::path& file);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace rill
