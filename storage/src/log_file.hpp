#pragma once

#include "sqlite.hpp"

namespace rill::storage {

/// Writes every byte of the write-ahead log anew, as it is.
///
/// For after an fsync that failed: many file systems then take what was pending for written, so
/// that the next fsync succeeds without having saved it. What was written again is pending again.
/// The caller holds the write lock, so that the log does not change meanwhile.
/// Throws `Error{io, disk_full}`; the log is whole in any case.
/// Source: Rebello et al. 2020, "Can applications recover from fsync failures?".
void rewrite_log(sqlite::Connection& connection);

/// Whether there is a log, and anything in it. Throws `Error{io}`.
[[nodiscard]] bool has_log(sqlite::Connection& connection);

/// Puts the write-ahead log on the disk, as a commit with synchronous=FULL would. Throws
/// `Error{io}`; what the log holds is then in doubt.
void sync_log(sqlite::Connection& connection);

}  // namespace rill::storage
