#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/delta.hpp"
#include "rill/dot.hpp"
#include "rill/error.hpp"
#include "rill/replica.hpp"
#include "rill/row_state.hpp"
#include "rill/rule.hpp"
#include "rill/subscription.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"

namespace rill::test {

/// A replica id made of one byte, repeated.
ReplicaId replica_id(std::uint8_t byte);

/// A `Replica` in memory, built on the engine alone: rows by table and text key, changes in chunks,
/// staged receiving. "Durable" as long as the process lives.
///
/// Thread safety: all members may be called from any thread.
class MemoryReplica final : public Replica {
 public:
  using ShownRow = std::map<std::string, Value>;
  /// Table, key, column -> value; live rows only.
  using ShownTables = std::map<std::string, std::map<std::string, ShownRow>>;

  /// `epoch` is the value of the epoch of all its events.
  explicit MemoryReplica(ReplicaId id, std::uint64_t epoch = 1);
  ~MemoryReplica() override;
  MemoryReplica(const MemoryReplica&) = delete;
  MemoryReplica& operator=(const MemoryReplica&) = delete;

  /// Names a column's rule; columns never named are `last_writer`.
  void declare(const std::string& table, const std::string& column, Rule rule);

  // Local transactions of one statement each.
  void insert(const std::string& table, const std::string& key, const ShownRow& row);
  void update(const std::string& table, const std::string& key, const std::string& column,
              Value value);
  void erase(const std::string& table, const std::string& key);

  [[nodiscard]] ShownTables shown() const;
  [[nodiscard]] VersionVector vector() const;
  /// Vector and all rows as bytes: equal if and only if nothing changed.
  [[nodiscard]] std::string fingerprint() const;

  /// A file's copy, or a backup put back: the same replica in the same state, whose further events
  /// are of another epoch.
  [[nodiscard]] std::unique_ptr<MemoryReplica> copy(std::uint64_t epoch) const;
  [[nodiscard]] ReplicaId id() const;

  [[nodiscard]] ReplicaSummary summary() override;
  std::optional<ReplicaId> check_history(const ReplicaSummary& peer) override;
  [[nodiscard]] ReplicaHistory history(const ReplicaId& replica) override;
  void settle_fork(const ReplicaHistory& peer) override;
  std::unique_ptr<ChangeStream> changes_since(
      const VersionVector& known, SpaceId space = kMainSpace,
      const std::optional<InboxSummary>& received = std::nullopt) override;
  ReceiveResult receive(std::string_view encoded_delta) override;
  std::unique_ptr<DigestScan> digest_scan(const std::vector<std::uint32_t>& listed = {}) override;
  Subscription on_vector_change(std::function<void()> changed) override;

  // For tests -------------------------------------------------------------------------------------

  /// Chunks given to `receive` so far, refused ones included.
  [[nodiscard]] std::uint64_t chunks_received() const noexcept { return chunks_received_; }
  /// Rows in them.
  [[nodiscard]] std::uint64_t rows_received() const noexcept { return rows_received_; }
  /// Deltas applied so far, those without effect included.
  [[nodiscard]] std::uint64_t deltas_applied() const noexcept { return deltas_applied_; }
  /// Changes what a row holds past all rules, as damage does: no event tells of it.
  void damage(const std::string& table, const std::string& key, const std::string& column,
              const Value& value);
  /// Takes a row away in the same manner.
  void lose(const std::string& table, const std::string& key);
  /// Calls of `digest_scan` so far.
  [[nodiscard]] std::uint64_t scans() const noexcept { return scans_; }
  /// Runs at the start of each `receive`, outside the lock; may throw, or take its time.
  void before_receive(std::function<void()> hook);

 private:
  struct Table {
    std::vector<DeltaColumn> columns;
    std::vector<Rule> rules;
    std::map<std::string, RowState> rows;         ///< By encoded key.
    std::map<std::string, std::uint64_t> places;  ///< Of rows, in the order of change.
  };
  using Tables = std::map<std::string, Table>;
  struct Stage {
    FileNonce opening{};
    std::vector<Delta> chunks;
  };
  class Stream;
  class Scan;
  struct Observer;

  static ColumnId column_id(Table& table, const std::string& name, const Rule& rule);
  bool join_chunk(Tables& tables, const VersionVector& seen, const Delta& delta,
                  std::uint64_t& rows_changed);
  RowState& changing(Tables& tables, const std::string& table, const std::string& key);
  void check_epochs(const Delta& delta);
  void renew();
  void adopt_forks(const Forks& forks);
  Value shown_value(const std::string& name, const Table& table, const RowState& row,
                    ColumnId column) const;
  Stamp next_stamp();
  template <typename Change>
  void commit(const Change& change);
  ReceiveResult stage(Delta delta);
  void notify();

  mutable std::mutex mutex_;
  ReplicaId id_;
  std::uint64_t epoch_;
  bool wrote_ = false;  ///< In the present epoch.
  Epochs epochs_;
  Forks forks_;
  FileNonce nonce_{};
  std::uint64_t place_ = 0;
  Tables tables_;
  VersionVector vector_;
  std::uint64_t time_ms_ = 0;
  std::map<ReplicaId, Stage> stages_;
  std::function<void()> before_receive_;
  std::vector<std::weak_ptr<Observer>> observers_;
  std::atomic<std::uint64_t> chunks_received_ = 0;
  std::atomic<std::uint64_t> rows_received_ = 0;
  std::atomic<std::uint64_t> scans_ = 0;
  std::atomic<std::uint64_t> deltas_applied_ = 0;
};

}  // namespace rill::test
