#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/delta.hpp"
#include "rill/dot.hpp"
#include "rill/epoch.hpp"
#include "rill/fork.hpp"
#include "rill/row_digest.hpp"
#include "rill/subscription.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// A replicated column, as told to peers.
struct ColumnSummary {
  /// The column's name.
  std::string name;
  /// `Rule::name`.
  std::string rule;
  /// `Rule::version`.
  std::uint32_t rule_version = 1;

  friend bool operator==(const ColumnSummary&, const ColumnSummary&) = default;
};

/// A replicated table, as told to peers, so that rules which differ are noticed.
struct TableSummary {
  /// The table's name.
  std::string name;
  /// The columns that merge, without the primary key.
  std::vector<ColumnSummary> columns;
  /// How whole rows merge: the delete policy ("update_wins", "delete_wins"), then ", row " and the
  /// row rule's name where there is one.
  std::string rule = "update_wins";
  /// The row rule's version; 1 without one.
  std::uint32_t rule_version = 1;

  friend bool operator==(const TableSummary&, const TableSummary&) = default;
};

/// A delta of several chunks that has come in part: what stands in a receiver's inbox.
struct InboxSummary {
  /// The sender's opening; only that can go on.
  FileNonce opening{};
  /// How many chunks have come, numbers 0 to `chunks` - 1.
  std::uint32_t chunks = 0;
  /// `Delta::position` of the last chunk.
  std::uint64_t position = 0;

  friend bool operator==(const InboxSummary&, const InboxSummary&) = default;
};
/// How many of them a receiver keeps, and may tell a peer.
inline constexpr std::size_t kMaxInboxes = 16;

/// What a replica says of itself when a session begins.
struct ReplicaSummary {
  /// Who it is.
  ReplicaId id;
  /// The file's, changed by every opening that writes: the same in a copy until either writes.
  FileNonce nonce{};
  /// This opening's, never the same again.
  FileNonce opening{};
  /// What it has seen, all of it durable.
  VersionVector vector;
  /// One for each replica of `vector` whose epochs are known; ascending.
  std::vector<EpochTip> epochs;
  /// The certificates by which its events are called as they are.
  Forks forks;
  /// Transfers that were cut, at most `kMaxInboxes`: where their senders may go on.
  std::vector<InboxSummary> inboxes;
  /// What its schema replicates.
  std::vector<TableSummary> tables;

  friend bool operator==(const ReplicaSummary&, const ReplicaSummary&) = default;
};

/// The past of one replica, as some other remembers it.
struct ReplicaHistory {
  /// Whose it is.
  ReplicaId replica;
  /// The last event of it that has been seen.
  std::uint64_t counter = 0;
  /// Its epochs, ascending; the newest `kMaxHistory` of them.
  std::vector<Epoch> epochs;

  friend bool operator==(const ReplicaHistory&, const ReplicaHistory&) = default;
};

/// What became of a received chunk.
struct ReceiveResult {
  /// True if the chunk completed its delta, which now stands in the database.
  bool applied = false;
  /// Rows whose entries changed; 0 while chunks are only staged.
  std::uint64_t rows_changed = 0;
  /// What the replica has seen now, and no power cut takes from it; empty while chunks are only
  /// staged.
  VersionVector vector;
};

/// One delta, produced chunk by chunk from one snapshot, so that memory does not grow with its
/// size. Thread safety: one user at a time; may be used from another thread than the one that made
/// it.
class ChangeStream {
 public:
  virtual ~ChangeStream() = default;
  /// The next encoded `Delta`, of about `target_bytes` (more only if a single row is larger); empty
  /// after the one marked `last`. Throws `Error`, for a row beyond `kMaxDeltaBytes` limit_exceeded.
  virtual std::optional<std::string> next(std::size_t target_bytes) = 0;
  /// The vector that the receiver reaches by applying all of it.
  [[nodiscard]] virtual const VersionVector& sender_vector() const = 0;
};

/// The digests of all live rows of one snapshot, taken bit by bit, since a large file takes long to
/// read. Thread safety: one user at a time; may be used from another thread than the one that made
/// it.
class DigestScan {
 public:
  virtual ~DigestScan() = default;
  /// Reads further rows, about `target_bytes` of them; false once all were read. Throws `Error`.
  virtual bool advance(std::size_t target_bytes) = 0;
  /// What the replica had seen at the snapshot.
  [[nodiscard]] virtual const VersionVector& vector() const = 0;
  /// The digests of what was read so far.
  [[nodiscard]] virtual const RowDigests& digests() const = 0;
};

/// The port between storage and sync: what a session needs of a database, and all it sees of one.
///
/// Contract: nothing that `summary` or a `ChangeStream` gives out reveals an event that a power cut
/// could still undo; and `receive` returns only when what it reports would survive one.
/// Thread safety: all calls may come from any thread.
class Replica {
 public:
  virtual ~Replica() = default;

  /// What to tell a peer of this replica now. Makes durable what it reveals. Throws `Error`: busy,
  /// io, disk_full, corrupt.
  [[nodiscard]] virtual ReplicaSummary summary() = 0;

  /// Compares what a peer remembers of the events that both have seen with what stands here.
  ///
  /// Takes over the peer's certificates of forks, and renames what they rename. Throws
  /// `Error{renamed}` where the two sides' were not the same: the peer's vector is not to be
  /// believed then, or is about to change.
  ///
  /// Returns a replica of whose events both know other ones under the same dots, if there is one:
  /// no changes may be exchanged then. The peer is to be told `history` of it, for `settle_fork`.
  ///
  /// A peer that knows events of this replica which are not here shows that the file is an older
  /// state of itself: it takes a new id for its future events, so that no dot is used twice, and
  /// the lost ones come back as an ordinary delta. The same where peer and this are one replica, as
  /// a copy is that nobody has written to, or another opening of the same file.
  /// Throws `Error{forked}` where the peer is this very object, and `Error{limit_exceeded}` for
  /// more certificates than `Forks` takes.
  virtual std::optional<ReplicaId> check_history(const ReplicaSummary& peer) = 0;

  /// What is known of a replica's past. Makes durable what it reveals. Throws `Error`.
  [[nodiscard]] virtual ReplicaHistory history(const ReplicaId& replica) = 0;

  /// Makes the certificate that the peer's history of a replica calls for beside this replica's
  /// own, and renames what it renames; a replica whose own events are renamed takes a new id. All
  /// events stay, as concurrent ones. Does nothing where the two histories do not differ.
  /// Throws `Error{forked}` where a certificate would be no help, and `Error{limit_exceeded}` as
  /// `check_history` does.
  virtual void settle_fork(const ReplicaHistory& peer) = 0;

  /// Everything beyond `known`, from one snapshot. A stream that has nothing to say still yields
  /// one chunk if this replica's vector is not covered by `known`, and none otherwise.
  ///
  /// `received`: what the peer holds of a delta that was cut. If it came from this opening, the
  /// stream goes on behind it; otherwise it begins anew, with chunk 0.
  virtual std::unique_ptr<ChangeStream> changes_since(
      const VersionVector& known, SpaceId space = kMainSpace,
      const std::optional<InboxSummary>& received = std::nullopt) = 0;

  /// Takes one encoded chunk. A delta of a single chunk is applied at once, in one transaction; the
  /// chunks of a larger one are kept durably until the last arrives, and then applied in one
  /// transaction. Chunks come in order; chunk 0 starts anew.
  /// Throws `Error`: malformed, limit_exceeded, causality_gap (the delta starts beyond what was
  /// seen), protocol (a chunk out of order), renamed (the sender has other certificates, or another
  /// past: say HELLO anew), or a storage error.
  /// Whatever is thrown, nothing was applied.
  virtual ReceiveResult receive(std::string_view encoded_delta) = 0;

  /// Reads the present state to compare it with a peer's: replicas of equal schemas that have seen
  /// the same have the same digests. Lists the rows of the ranges `listed`. While the scan lives it
  /// holds a snapshot. Throws `Error`.
  virtual std::unique_ptr<DigestScan> digest_scan(
      const std::vector<std::uint32_t>& listed = {}) = 0;

  /// Calls `changed` after each commit, local or received, that raised this replica's vector. The
  /// call comes from any thread and must not block; ending the subscription waits for a running
  /// call.
  virtual Subscription on_vector_change(std::function<void()> changed) = 0;
};

}  // namespace rill
