#pragma once

#include <atomic>
#include <cstdint>

#include "sqlite.hpp"

namespace rill::storage {

/// Whether the write-ahead log may hold what no fsync will ever write: an fsync has failed since
/// the log was last written anew and synced, whoever's it was, or a process before this one has
/// left a log. Behind such a hole a power cut takes every later commit, fsync or not.
///
/// Raised by whoever sees a sync or a commit fail. Settled by whoever has called `mend_log` and
/// then sees an fsync of the log succeed; a failure in between has raised it anew.
///
/// Thread safety: any thread.
class LogDoubt {
 public:
  using Mark = std::uint64_t;

  void raise() noexcept { ++raised_; }
  [[nodiscard]] Mark mark() const noexcept { return raised_; }
  void settle(Mark mark) noexcept {
    Mark settled = settled_;
    while (settled < mark && !settled_.compare_exchange_weak(settled, mark)) {
    }
  }
  [[nodiscard]] bool exists() const noexcept { return settled_ < raised_; }

 private:
  std::atomic<Mark> raised_ = 0;
  std::atomic<Mark> settled_ = 0;
};

/// If the write-ahead log is in doubt, writes every byte of it anew, as it is. Returns what to
/// settle the doubt with once an fsync of the log has succeeded.
///
/// After an fsync that failed, many file systems take what was pending for written, so that the
/// next fsync succeeds without having saved it. What was written again is pending again.
/// The caller holds the write lock, so that the log does not change meanwhile.
/// Throws `Error{io, disk_full}`; the log is whole in any case, and still in doubt.
/// Source: Rebello et al. 2020, "Can applications recover from fsync failures?".
[[nodiscard]] LogDoubt::Mark mend_log(sqlite::Connection& connection, const LogDoubt& doubt);

/// Whether there is a log, and anything in it. Throws `Error{io}`.
[[nodiscard]] bool has_log(sqlite::Connection& connection);

/// Puts the write-ahead log on the disk, as a commit with synchronous=FULL would. Throws
/// `Error{io}`; what the log holds is then in doubt.
void sync_log(sqlite::Connection& connection);

}  // namespace rill::storage
