#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "rill/delta.hpp"
#include "rill/replica.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// The chunks of deltas that are not complete, kept in the file, so that a transfer larger than
/// memory applies as one, and one that was cut goes on.
///
/// There is at most one delta for each sender, and `kMaxInboxes` in all: a new one drives out the
/// one that has waited longest. Thread safety: used under its connection's lock.
class Inbox {
 public:
  Inbox(sqlite::Connection& connection, std::uint64_t max_bytes)
      : connection_(connection), max_bytes_(max_bytes) {}

  /// Keeps a chunk that is not the last, in the transaction that the caller holds. Chunk 0 starts
  /// anew. Throws `Error`: protocol (not the next of its delta), limit_exceeded (more than the
  /// inboxes may take).
  void add(const Delta& chunk, std::string_view encoded);
  /// Throws `Error` (protocol) unless `chunk` is the next of its sender's delta.
  void check_next(const Delta& chunk);
  /// Calls `use` with each encoded chunk from `sender`, in order, and removes it: what it took is
  /// room for what `use` writes.
  void drain(const ReplicaId& sender, const std::function<void(std::string_view)>& use);
  void clear(const ReplicaId& sender);

  /// All of them, the newest first.
  static std::vector<InboxSummary> summaries(sqlite::Connection& connection);

 private:
  struct Tail {
    FileNonce opening{};
    std::uint32_t chunks = 0;
    std::uint64_t bytes = 0;
  };
  Tail tail(const ReplicaId& sender);
  static void check_follows(const Tail& before, const Delta& chunk);
  void make_room(std::uint64_t bytes);

  sqlite::Connection& connection_;
  std::uint64_t max_bytes_;
};

}  // namespace rill::storage
