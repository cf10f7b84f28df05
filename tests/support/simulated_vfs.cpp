#include "support/simulated_vfs.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace rill::testing {
namespace {

/// What SQLite allocates for an open file.
struct OpenFile {
  sqlite3_file base;
  SimulatedVfs::Handle* handle;
};

int code_of(DiskFailure failure, int otherwise) {
  return failure == DiskFailure::disk_full ? SQLITE_FULL : otherwise;
}

}  // namespace

// What the callbacks do --------------------------------------------------------------------------

int SimulatedVfs::open(const char* path, int flags, std::unique_ptr<Handle>& handle) {
  const std::lock_guard lock(disk_.mutex_);
  if (disk_.down_) return SQLITE_IOERR;
  const std::string name = path != nullptr ? path : "";
  const auto found = disk_.names_.find(name);
  const bool exists = found != disk_.names_.end();
  const bool creates = !exists && (flags & SQLITE_OPEN_CREATE) != 0;
  if (disk_.enter(creates ? DiskCall::create : DiskCall::open, name)) return SQLITE_CANTOPEN;
  if (!exists && !creates) return SQLITE_CANTOPEN;
  if (exists && (flags & SQLITE_OPEN_EXCLUSIVE) != 0) return SQLITE_CANTOPEN;
  SimulatedDisk::NodePtr node = exists ? found->second : std::make_shared<SimulatedDisk::Node>();
  if (creates && path != nullptr) disk_.names_.emplace(name, node);
  handle =
      std::make_unique<Handle>(Handle{disk_, name, std::move(node), disk_.life_, SQLITE_LOCK_NONE,
                                      nullptr, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0});
  handle->forgotten = handle->node->forgotten;
  ++disk_.handles_;
  return SQLITE_OK;
}

int SimulatedVfs::remove(const char* path, bool sync_folder) {
  const std::lock_guard lock(disk_.mutex_);
  if (disk_.down_) return SQLITE_IOERR_DELETE;
  if (disk_.enter(DiskCall::remove, path)) return SQLITE_IOERR_DELETE;
  if (disk_.names_.erase(path) == 0) return SQLITE_IOERR_DELETE_NOENT;
  if (sync_folder) disk_.sync_names();
  return SQLITE_OK;
}

int SimulatedVfs::access(const char* path, int& result) {
  const std::lock_guard lock(disk_.mutex_);
  if (disk_.down_ || disk_.enter(DiskCall::access, path)) return SQLITE_IOERR_ACCESS;
  const auto found = disk_.names_.find(path);
  // As SQLite's own VFS has it, an empty file does not exist.
  result = found != disk_.names_.end() && !found->second->file.written().empty() ? 1 : 0;
  return SQLITE_OK;
}

sqlite3_int64 SimulatedVfs::time_ms() const {
  const std::lock_guard lock(disk_.mutex_);
  return static_cast<sqlite3_int64>(disk_.time_ms_);
}

void SimulatedVfs::drop(Handle& handle) {
  if (handle.memory) handle.memory->leave(&handle);
  handle.memory.reset();
}

int SimulatedVfs::close(std::unique_ptr<Handle> handle) {
  const std::lock_guard lock(handle->disk.mutex_);
  drop(*handle);
  if (!handle->dead()) {
    handle->node->lock.lower(handle.get(), handle->level, SQLITE_LOCK_NONE);
    if (handle->delete_on_close) handle->disk.names_.erase(handle->path);
  }
  --handle->disk.handles_;
  return SQLITE_OK;
}

int SimulatedVfs::read(Handle& handle, char* buffer, std::size_t bytes, std::uint64_t offset) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_READ;
  const auto failure = handle.disk.enter(DiskCall::read, handle.path, offset, bytes);
  if (failure && *failure != DiskFailure::short_read) return SQLITE_IOERR_READ;
  const std::string& content = handle.node->file.written();
  std::size_t got = offset < content.size() ? std::min(bytes, content.size() - offset) : 0;
  if (failure) got = handle.disk.lot(got + 1);
  if (got > 0) std::memcpy(buffer, content.data() + offset, got);
  if (got == bytes && !failure) return SQLITE_OK;
  std::memset(buffer + got, 0, bytes - got);
  return SQLITE_IOERR_SHORT_READ;
}

int SimulatedVfs::write(Handle& handle, std::string_view bytes, std::uint64_t offset) {
  SimulatedDisk& disk = handle.disk;
  const std::lock_guard lock(disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_WRITE;
  SimulatedFile& file = handle.node->file;
  auto failure = disk.enter(DiskCall::write, handle.path, offset, bytes.size());
  std::size_t done = failure ? disk.lot(bytes.size() + 1) : bytes.size();
  const std::uint64_t end = offset + bytes.size();
  if (!failure && disk.capacity_ && end > file.written().size()) {
    const std::uint64_t used = disk.used_now();
    const std::uint64_t room = *disk.capacity_ > used ? *disk.capacity_ - used : 0;
    const std::uint64_t reach = file.written().size() + room;
    if (reach < end) {
      failure = DiskFailure::disk_full;
      done = reach > offset ? static_cast<std::size_t>(reach - offset) : 0;
      ++disk.failures_;
    }
  }
  if (done > 0) file.write(offset, bytes.substr(0, done), ++disk.order_);
  if (disk.dying_) disk.crash_now(*std::exchange(disk.dying_, std::nullopt));
  return failure ? code_of(*failure, SQLITE_IOERR_WRITE) : SQLITE_OK;
}

int SimulatedVfs::truncate(Handle& handle, std::uint64_t size) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_TRUNCATE;
  if (handle.disk.enter(DiskCall::truncate, handle.path, size)) return SQLITE_IOERR_TRUNCATE;
  handle.node->file.resize(size, ++handle.disk.order_);
  return SQLITE_OK;
}

int SimulatedVfs::sync(Handle& handle) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_FSYNC;
  SimulatedDisk::Node& node = *handle.node;
  if (const auto failure = handle.disk.enter(DiskCall::sync, handle.path)) {
    if (*failure != DiskFailure::forgetful_sync) return SQLITE_IOERR_FSYNC;
    node.file.forget();
    ++node.forgotten;
  } else if (!handle.disk.lying_) {
    node.file.sync();
    handle.disk.sync_names();
  }
  return std::exchange(handle.forgotten, node.forgotten) == node.forgotten ? SQLITE_OK
                                                                           : SQLITE_IOERR_FSYNC;
}

int SimulatedVfs::size(Handle& handle, sqlite3_int64& size) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead() || handle.disk.enter(DiskCall::size, handle.path)) return SQLITE_IOERR_FSTAT;
  size = static_cast<sqlite3_int64>(handle.node->file.written().size());
  return SQLITE_OK;
}

int SimulatedVfs::lock(Handle& handle, int level) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_LOCK;
  if (handle.level < level) handle.level = handle.node->lock.raise(&handle, handle.level, level);
  return handle.level >= level ? SQLITE_OK : SQLITE_BUSY;
}

int SimulatedVfs::unlock(Handle& handle, int level) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (!handle.dead()) handle.node->lock.lower(&handle, handle.level, level);
  handle.level = std::min(handle.level, level);
  return SQLITE_OK;
}

int SimulatedVfs::reserved(Handle& handle, int& result) {
  const std::lock_guard lock(handle.disk.mutex_);
  if (handle.dead()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
  result = handle.node->lock.reserved() ? 1 : 0;
  return SQLITE_OK;
}

int SimulatedVfs::moved(Handle& handle, int& result) {
  const std::lock_guard lock(handle.disk.mutex_);
  const auto found = handle.disk.names_.find(handle.path);
  result = found == handle.disk.names_.end() || found->second != handle.node ? 1 : 0;
  return SQLITE_OK;
}

int SimulatedVfs::map(Handle& handle, std::size_t region, std::size_t bytes, bool extend,
                      volatile void** start) {
  const std::lock_guard lock(handle.disk.mutex_);
  *start = nullptr;
  if (handle.dead()) return SQLITE_IOERR_SHMMAP;
  if (const auto failure = handle.disk.enter(DiskCall::map, handle.path, region)) {
    return *failure == DiskFailure::disk_full ? SQLITE_IOERR_SHMSIZE : SQLITE_IOERR_SHMMAP;
  }
  if (!handle.memory) {
    handle.memory = handle.node->memory.lock();
    if (!handle.memory) handle.memory = std::make_shared<SimulatedMemory>();
    handle.node->memory = handle.memory;
  }
  *start = handle.memory->region(region, bytes, extend);
  return SQLITE_OK;
}

int SimulatedVfs::lock_memory(Handle& handle, int first, int count, int flags) {
  const std::lock_guard lock(handle.disk.mutex_);
  if ((flags & SQLITE_SHM_UNLOCK) != 0) {
    if (handle.memory) handle.memory->unlock(&handle, first, count);
    return SQLITE_OK;
  }
  if (handle.dead() || !handle.memory) return SQLITE_IOERR_SHMLOCK;
  const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
  return handle.memory->lock(&handle, first, count, exclusive) ? SQLITE_OK : SQLITE_BUSY;
}

int SimulatedVfs::unmap(Handle& handle) {
  const std::lock_guard lock(handle.disk.mutex_);
  drop(handle);
  return SQLITE_OK;
}

void SimulatedVfs::barrier(Handle& handle) { const std::lock_guard fence(handle.disk.mutex_); }

// The callbacks ----------------------------------------------------------------------------------

namespace {

SimulatedVfs::Handle& handle_of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file)->handle;
}

SimulatedVfs& vfs_of(sqlite3_vfs* vfs) { return *static_cast<SimulatedVfs*>(vfs->pAppData); }

const sqlite3_io_methods& io_methods() {
  static const sqlite3_io_methods kMethods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 2;
    made.xClose = [](sqlite3_file* file) {
      return SimulatedVfs::close(std::unique_ptr<SimulatedVfs::Handle>(&handle_of(file)));
    };
    made.xRead = [](sqlite3_file* file, void* buffer, int bytes, sqlite3_int64 offset) {
      return SimulatedVfs::read(handle_of(file), static_cast<char*>(buffer),
                                static_cast<std::size_t>(bytes),
                                static_cast<std::uint64_t>(offset));
    };
    made.xWrite = [](sqlite3_file* file, const void* buffer, int bytes, sqlite3_int64 offset) {
      return SimulatedVfs::write(
          handle_of(file), {static_cast<const char*>(buffer), static_cast<std::size_t>(bytes)},
          static_cast<std::uint64_t>(offset));
    };
    made.xTruncate = [](sqlite3_file* file, sqlite3_int64 size) {
      return SimulatedVfs::truncate(handle_of(file), static_cast<std::uint64_t>(size));
    };
    made.xSync = [](sqlite3_file* file, int /*flags*/) {
      return SimulatedVfs::sync(handle_of(file));
    };
    made.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
      return SimulatedVfs::size(handle_of(file), *size);
    };
    made.xLock = [](sqlite3_file* file, int level) {
      return SimulatedVfs::lock(handle_of(file), level);
    };
    made.xUnlock = [](sqlite3_file* file, int level) {
      return SimulatedVfs::unlock(handle_of(file), level);
    };
    made.xCheckReservedLock = [](sqlite3_file* file, int* result) {
      return SimulatedVfs::reserved(handle_of(file), *result);
    };
    made.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
      if (operation != SQLITE_FCNTL_HAS_MOVED) return SQLITE_NOTFOUND;
      return SimulatedVfs::moved(handle_of(file), *static_cast<int*>(argument));
    };
    made.xSectorSize = [](sqlite3_file* /*file*/) { return 4096; };
    made.xDeviceCharacteristics = [](sqlite3_file* /*file*/) {
      return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
    };
    made.xShmMap = [](sqlite3_file* file, int region, int bytes, int extend,
                      volatile void** start) {
      return SimulatedVfs::map(handle_of(file), static_cast<std::size_t>(region),
                               static_cast<std::size_t>(bytes), extend != 0, start);
    };
    made.xShmLock = [](sqlite3_file* file, int first, int count, int flags) {
      return SimulatedVfs::lock_memory(handle_of(file), first, count, flags);
    };
    made.xShmBarrier = [](sqlite3_file* file) { SimulatedVfs::barrier(handle_of(file)); };
    made.xShmUnmap = [](sqlite3_file* file, int /*remove*/) {
      return SimulatedVfs::unmap(handle_of(file));
    };
    return made;
  }();
  return kMethods;
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  std::unique_ptr<SimulatedVfs::Handle> handle;
  const int result_code = vfs_of(vfs).open(path, flags, handle);
  if (result_code != SQLITE_OK) return result_code;
  file->pMethods = &io_methods();
  reinterpret_cast<OpenFile*>(file)->handle = handle.release();
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* path, int room, char* result) {
  if (std::strlen(path) >= static_cast<std::size_t>(room)) return SQLITE_CANTOPEN;
  std::strcpy(result, path);
  return SQLITE_OK;
}

/// Only for names of temporary files, which meet nobody.
int randomness(sqlite3_vfs* /*vfs*/, int bytes, char* result) {
  std::memset(result, 0x5A, static_cast<std::size_t>(bytes));
  return bytes;
}

int time_now(sqlite3_vfs* vfs, sqlite3_int64* result) {
  constexpr sqlite3_int64 kEpochMs = 210'866'760'000'000;  // 1970 in Julian milliseconds
  *result = kEpochMs + vfs_of(vfs).time_ms();
  return SQLITE_OK;
}

}  // namespace

SimulatedVfs::SimulatedVfs(SimulatedDisk& disk, const char* name) : disk_(disk) {
  vfs_.iVersion = 2;
  vfs_.szOsFile = sizeof(OpenFile);
  vfs_.mxPathname = 512;
  vfs_.zName = name;
  vfs_.pAppData = this;
  vfs_.xOpen = open_file;
  vfs_.xDelete = [](sqlite3_vfs* vfs, const char* path, int sync_folder) {
    return vfs_of(vfs).remove(path, sync_folder != 0);
  };
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int /*flags*/, int* result) {
    return vfs_of(vfs).access(path, *result);
  };
  vfs_.xFullPathname = full_path;
  vfs_.xRandomness = randomness;
  vfs_.xSleep = [](sqlite3_vfs* /*vfs*/, int microseconds) { return microseconds; };
  vfs_.xCurrentTime = [](sqlite3_vfs* vfs, double* result) {
    sqlite3_int64 milliseconds = 0;
    time_now(vfs, &milliseconds);
    *result = static_cast<double>(milliseconds) / 86'400'000.0;
    return SQLITE_OK;
  };
  vfs_.xGetLastError = [](sqlite3_vfs* /*vfs*/, int /*room*/, char* /*text*/) { return 0; };
  vfs_.xCurrentTimeInt64 = time_now;
  sqlite3_vfs_register(&vfs_, 0);
}

SimulatedVfs::~SimulatedVfs() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace rill::testing
