#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rill::testing {

/// SQLite's lock on a database file ("File Locking And Concurrency In SQLite Version 3"), among the
/// connections of one `SimulatedDisk`. Owners are told apart by address.
///
/// Thread safety: used under its disk's lock.
class SimulatedFileLock {
 public:
  /// Raises the owner's lock from `held` (SQLITE_LOCK_…) as far towards `wanted` as others allow.
  /// Returns the level reached.
  int raise(const void* owner, int held, int wanted);
  /// Lowers the owner's lock from `held` to `wanted` (SHARED or NONE).
  void lower(const void* owner, int held, int wanted);
  /// Whether someone holds RESERVED or more.
  [[nodiscard]] bool reserved() const noexcept { return writer_ != nullptr; }

 private:
  int shared_ = 0;  // the writer included
  const void* writer_ = nullptr;
  bool blocking_ = false;  // the writer waits for readers, or has the file to itself
};

/// The shared memory of one database file: the WAL index and its eight locks.
///
/// It lives as long as a connection holds it. After a crash the connections of before keep their
/// own (SQLite writes to it through pointers), and new ones get a fresh one.
/// Thread safety: used under its disk's lock, but for the memory itself, which is SQLite's to
/// guard.
class SimulatedMemory {
 public:
  /// The region's first byte; null if it does not exist and `extend` is false.
  void* region(std::size_t index, std::size_t bytes, bool extend);
  /// SQLite's xShmLock. Returns false if another owner is in the way.
  bool lock(const void* owner, int first, int count, bool exclusive);
  void unlock(const void* owner, int first, int count);
  /// Drops all locks of the owner.
  void leave(const void* owner);

 private:
  static constexpr std::size_t kLocks = 8;
  struct Lock {
    std::vector<const void*> readers;
    const void* writer = nullptr;
  };

  [[nodiscard]] static bool allows(const Lock& lock, const void* owner, bool exclusive);

  std::vector<std::unique_ptr<std::byte[]>> regions_;
  std::array<Lock, kLocks> locks_;
};

}  // namespace rill::testing
