#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rill::testing {

class SimulatedVfs;

/// What SQLite asks of a disk, as far as it can fail.
enum class DiskCall : std::uint8_t {
  open,  ///< Opening a file that exists, or need not.
  create,
  remove,
  access,  ///< Asking whether a file exists.
  read,
  write,
  truncate,
  sync,
  size,
  map,  ///< Mapping a region of shared memory (the WAL index).
};

/// A set of `DiskCall`s.
class DiskCalls {
 public:
  constexpr DiskCalls() = default;
  constexpr DiskCalls(DiskCall call) : bits_(1U << static_cast<unsigned>(call)) {}
  [[nodiscard]] constexpr bool contains(DiskCall call) const {
    return (bits_ >> static_cast<unsigned>(call) & 1U) != 0;
  }
  friend constexpr DiskCalls operator|(DiskCalls left, DiskCalls right) {
    left.bits_ |= right.bits_;
    return left;
  }

 private:
  unsigned bits_ = 0;
};

constexpr DiskCalls operator|(DiskCall left, DiskCall right) {
  return DiskCalls(left) | DiskCalls(right);
}

/// The calls that change what is on the disk, or whether it stays there.
inline constexpr DiskCalls kMutatingCalls =
    DiskCall::create | DiskCall::remove | DiskCall::write | DiskCall::truncate | DiskCall::sync;
/// The calls that may find the disk full; file systems that allocate late notice in fsync.
inline constexpr DiskCalls kAllocatingCalls =
    DiskCall::create | DiskCall::write | DiskCall::sync | DiskCall::map;
inline constexpr DiskCalls kAllCalls = kMutatingCalls | DiskCall::open | DiskCall::access |
                                       DiskCall::read | DiskCall::size | DiskCall::map;

/// How a call fails.
enum class DiskFailure : std::uint8_t {
  io_error,   ///< EIO. Part of a write may have been done.
  disk_full,  ///< ENOSPC. Part of a write may have been done.
  /// A read gives fewer bytes than there are. Other calls: EIO.
  short_read,
  /// fsync fails, and what was pending is never written, though it can still be read and later
  /// fsyncs succeed (Rebello et al. 2020, "Can applications recover from fsync failures?"). As on
  /// Linux, the failure is reported once to each of those who had the file open. Other calls: EIO.
  forgetful_sync,
};

/// Which calls fail, and how.
struct DiskFault {
  DiskFailure failure = DiskFailure::io_error;
  DiskCalls calls = kMutatingCalls;
  /// So many of these calls still succeed.
  std::uint64_t after = 0;
  /// All of these calls fail from then on; false: one does.
  bool lasting = false;
};

/// How everything stops.
enum class Crash : std::uint8_t {
  kill,            ///< The process dies: what it wrote stays; locks and shared memory go.
  lose_unsynced,   ///< The power fails: nothing stays that was not synced.
  keep_some,       ///< The power fails: each unsynced sector stays or goes by lot.
  keep_beginning,  ///< The power fails: unsynced changes stay up to some point, the last torn.
};

inline constexpr std::array<Crash, 3> kPowerCuts = {Crash::lose_unsynced, Crash::keep_some,
                                                    Crash::keep_beginning};

/// A disk in memory, as a SQLite VFS: one folder of files that loses power, fails and fills up when
/// told to.
///
///     SimulatedDisk disk{seed};
///     DatabaseOptions options;
///     options.vfs = disk.vfs();
///     auto db = std::make_unique<Database>("/a.db", options);
///     …
///     disk.crash(Crash::lose_unsynced);  // every call fails from here on
///     db.reset();
///     disk.start();                      // what was synced is there
///
/// Model. A file has what was written (programs read that) and what was synced (a power cut leaves
/// that; of the rest it leaves none, some sectors, or a beginning with a torn end). A name is
/// durable once any file was synced after it appeared, as SQLite's own VFS syncs the folder. A
/// removed or replaced file lives on for those who have it open. Writes do not damage bytes beside
/// them (SQLITE_IOCAP_POWERSAFE_OVERWRITE, as SQLite takes it of real disks). There is no memory
/// mapping of databases. Waiting takes no time: a lock is free at once or BUSY, so no wait can hang
/// a test.
///
/// All connections to a disk are one process: a crash hits them all. They fail all calls until
/// closed, also once the disk has been started again. A process on a machine of its own is a disk
/// of its own.
///
/// Chance comes from the seed: the same calls meet the same fate, and `trace` tells whether they
/// were the same. (SQLite's salts in a log come from its own generator, one per process; they
/// change bytes, never the calls.) Time stands where `set_time_ms` puts it.
///
/// Thread safety: all members may be called from any thread. Close all connections before the disk
/// goes.
class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed = 0);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  /// The name under which SQLite knows this disk.
  [[nodiscard]] const std::string& vfs() const noexcept { return name_; }

  // Crashes
  // ----------------------------------------------------------------------------------------------

  void crash(Crash how);
  /// Crashes in the middle of the mutating call after the next `mutations`.
  void crash_after(std::uint64_t mutations, Crash how);
  /// Whether it crashed and was not started again.
  [[nodiscard]] bool is_down() const;
  /// Lets connections be opened again. Lifts all faults.
  void start();

  // Faults
  // ----------------------------------------------------------------------------------------------

  /// Replaces the fault there was.
  void inject(const DiskFault& fault);
  /// Ends the fault, the planned crash, and the limit of `set_capacity`.
  void lift();
  /// How many calls failed by the fault or for lack of space, since it was set.
  [[nodiscard]] std::uint64_t failures() const;
  /// A drive that says of every sync that it is done and does not do it; when it is told to do so
  /// no more, it has written everything.
  void lie(bool lying);
  /// The disk is full when its files have so many bytes together.
  void set_capacity(std::uint64_t bytes);
  /// The bytes of all files.
  [[nodiscard]] std::uint64_t used() const;
  /// Calls `looking` before each call that changes something; it must not change anything itself.
  void observe(std::function<void()> looking);
  /// How many calls of these kinds there were, failed ones included.
  [[nodiscard]] std::uint64_t count(DiskCalls calls) const;

  // Files
  // ----------------------------------------------------------------------------------------------

  [[nodiscard]] std::vector<std::string> files() const;
  [[nodiscard]] bool contains(const std::string& path) const;
  /// What a program that reads the file finds; throws `std::out_of_range` if there is none.
  [[nodiscard]] std::string read(const std::string& path) const;
  /// Puts a new file in the place of any old one, durably, as a copy and a rename do.
  void put(const std::string& path, std::string bytes);
  /// Writes over the file's bytes, durably, under whoever has it open.
  void overwrite(const std::string& path, std::string bytes);
  void remove(const std::string& path);
  /// Inverts the bits of `mask` in one byte of the file, as rot does.
  void flip(const std::string& path, std::uint64_t offset, unsigned char mask);

  /// A database file and its log, by suffix ("", "-wal").
  using Copy = std::map<std::string, std::string>;
  /// A copy of a database as it stands, as a backup program takes it that copies files.
  [[nodiscard]] Copy copy(const std::string& path) const;
  /// The same as a crash would leave it that came now; `seed` is its chance. Nothing happens. Empty
  /// where there would be no such file.
  [[nodiscard]] Copy left_by(const std::string& path, Crash how, std::uint64_t seed) const;
  /// Puts a copy there in place of what is there, its log included.
  void restore(const std::string& path, Copy copy);

  /// The time that SQLite sees, in milliseconds since 1970.
  void set_time_ms(std::uint64_t time_ms);
  /// A hash over all calls so far: kind, file, place and size.
  [[nodiscard]] std::uint64_t trace() const;

 private:
  friend class SimulatedVfs;
  struct Node;
  struct Handle;
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr>;

  // With the lock held.
  /// Counts a call and decides its fate: nothing, or the way it fails. A crash may come of it.
  std::optional<DiskFailure> enter(DiskCall call, const std::string& path, std::uint64_t offset = 0,
                                   std::uint64_t bytes = 0);
  void crash_now(Crash how);
  static void keep_beginning(Names& names, const Names& synced_names, std::uint64_t last_order,
                             std::mt19937_64& random);
  static void crash_names(Names& names, Names& synced_names, std::uint64_t last_order, Crash how,
                          std::mt19937_64& random);
  void sync_names() { synced_names_ = names_; }
  [[nodiscard]] std::uint64_t used_now() const;
  Node& node(const std::string& path) const;

  std::size_t lot(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  mutable std::recursive_mutex mutex_;
  std::function<void()> looking_;
  std::string name_;
  std::unique_ptr<SimulatedVfs> vfs_;
  std::mt19937_64 random_;
  Names names_;
  Names synced_names_;
  std::uint64_t life_ = 0;  // raised by each crash; handles of another life are dead
  bool down_ = false;
  std::uint64_t order_ = 0;
  std::optional<DiskFault> fault_;
  std::optional<std::pair<std::uint64_t, Crash>> planned_;
  std::optional<Crash> dying_;  // crashes at the end of the running write
  std::uint64_t failures_ = 0;
  std::optional<std::uint64_t> capacity_;
  bool lying_ = false;
  std::map<DiskCall, std::uint64_t> counts_;
  std::uint64_t time_ms_ = 1'700'000'000'000ULL;
  std::uint64_t trace_ = 0;
  std::size_t handles_ = 0;
};

}  // namespace rill::testing
