#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>

#include "support/simulated_disk.hpp"
#include "support/simulated_file.hpp"
#include "support/simulated_locks.hpp"

namespace rill::testing {

/// A file, whatever its name.
struct SimulatedDisk::Node {
  SimulatedFile file;
  SimulatedFileLock lock;
  /// Lives as long as a connection uses it.
  std::weak_ptr<SimulatedMemory> memory;
  /// How often a sync forgot what was pending.
  std::uint64_t forgotten = 0;
};

/// A file as one connection has it open.
struct SimulatedDisk::Handle {
  SimulatedDisk& disk;
  std::string path;
  NodePtr node;
  std::uint64_t life = 0;
  int level = SQLITE_LOCK_NONE;
  std::shared_ptr<SimulatedMemory> memory;
  bool delete_on_close = false;
  /// Of the node's, those that a sync through this handle has reported.
  std::uint64_t forgotten = 0;

  /// Whether a crash has come between.
  [[nodiscard]] bool dead() const { return life != disk.life_; }
};

/// The face of a `SimulatedDisk` to SQLite: registers it, and does what the callbacks ask. Every
/// call returns SQLite's result code.
class SimulatedVfs {
 public:
  SimulatedVfs(SimulatedDisk& disk, const char* name);
  ~SimulatedVfs();
  SimulatedVfs(const SimulatedVfs&) = delete;
  SimulatedVfs& operator=(const SimulatedVfs&) = delete;

  using Handle = SimulatedDisk::Handle;

  int open(const char* path, int flags, std::unique_ptr<Handle>& handle);
  int remove(const char* path, bool sync_folder);
  int access(const char* path, int& result);
  [[nodiscard]] sqlite3_int64 time_ms() const;

  static int close(std::unique_ptr<Handle> handle);
  static int read(Handle& handle, char* buffer, std::size_t bytes, std::uint64_t offset);
  static int write(Handle& handle, std::string_view bytes, std::uint64_t offset);
  static int truncate(Handle& handle, std::uint64_t size);
  static int sync(Handle& handle);
  static int size(Handle& handle, sqlite3_int64& size);
  static int lock(Handle& handle, int level);
  static int unlock(Handle& handle, int level);
  static int reserved(Handle& handle, int& result);
  static int moved(Handle& handle, int& result);
  static int map(Handle& handle, std::size_t region, std::size_t bytes, bool extend,
                 volatile void** start);
  static int lock_memory(Handle& handle, int first, int count, int flags);
  static int unmap(Handle& handle);
  static void barrier(Handle& handle);

 private:
  static void drop(Handle& handle);

  SimulatedDisk& disk_;
  sqlite3_vfs vfs_{};
};

}  // namespace rill::testing
