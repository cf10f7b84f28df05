#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/change_set.hpp"
#include "rill/device_store.hpp"
#include "rill/environment.hpp"
#include "rill/finding.hpp"
#include "rill/replica.hpp"
#include "rill/rows.hpp"
#include "rill/rule.hpp"
#include "rill/schema.hpp"
#include "rill/subscription.hpp"
#include "rill/text_edit.hpp"
#include "rill/value.hpp"
#include "rill/witness.hpp"

struct sqlite3;

namespace rill {

/// When a local commit is on the disk. What leaves for a peer is always on the disk first.
enum class Durability : std::uint8_t {
  normal,  ///< A power cut may undo the last commits, whole and in order (SQLite's NORMAL in WAL
           ///< mode).
  full,    ///< A commit survives a power cut as soon as it returns.
};

/// How a database is opened. The defaults suit an app.
struct DatabaseOptions {
  /// Create the file if it does not exist.
  bool create = true;
  /// How soon the app's own commits survive a power cut.
  Durability durability = Durability::normal;
  /// How long a write waits for another connection's lock.
  std::chrono::milliseconds busy_timeout{5'000};
  /// Where callbacks run; empty: on a thread of the database's own.
  Executor executor = {};
  /// Call custom rules twice and report those that are not pure.
#ifdef NDEBUG
  bool check_rule_purity = false;
#else
  bool check_rule_purity = true;
#endif
  /// Fail a transaction that wrote past the capture (triggers disabled, values of its own for
  /// `_rill_*`), where SQLite has the preupdate hook. It takes a third of a bulk insert's time.
#ifdef NDEBUG
  bool tripwire = false;
#else
  bool tripwire = true;
#endif
  /// Where it is noted how far the file has come, so that a copy or an old backup of it is known
  /// for one.
  std::shared_ptr<WitnessStore> witness = witness_files();
  /// Disk that unfinished transfers may take, in bytes; a peer that sends more is refused.
  std::uint64_t max_inbox_bytes = std::uint64_t{4} << 30U;
  /// Seams for tests and simulations.
  std::shared_ptr<WallClock> clock = system_clock();
  /// Where identities and `new_id` come from. A seam for tests and simulations.
  std::shared_ptr<RandomSource> random = system_random();
  /// Name of a registered SQLite VFS; empty: SQLite's default.
  std::string vfs = {};
};

/// An app's SQLite file that can sync: plain SQL in, merged rows out.
///
/// The app keeps its tables and its SQL. Writes through `execute`, `transaction` or the raw
/// `handle()` take effect at once, online or not, and are captured as events; `changes_since` and
/// `receive` (the `Replica` port that sessions use) exchange them with other files.
///
///     rill::Database db{"notes.db"};
///     db.migrate(1, [](rill::Schema& schema) {
///       schema.execute("CREATE TABLE notes(id TEXT PRIMARY KEY NOT NULL, title TEXT)");
///       schema.replicate("notes", {{"title", rill::last_writer()}});
///     });
///     db.execute("INSERT INTO notes(id, title) VALUES(?, ?)", db.new_id(), "Milk");
///
/// Errors: every call may throw `Error`; whatever is thrown, a transaction is done whole or not at
/// all. Thread safety: all members may be called from any thread. Writing calls exclude one
/// another; queries outside a transaction run beside them. Callbacks run on the executor, never
/// under a lock; dropping the database waits for the running one. Several processes may open one
/// file.
class Database final : public Replica, public DeviceStore {
 public:
  /// Opens or creates `path`. Throws `Error`: cannot_open, not_a_database, read_only, newer_format,
  /// corrupt, unsupported.
  explicit Database(const std::filesystem::path& path, DatabaseOptions options = {});
  ~Database() override;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Schema
  // ----------------------------------------------------------------------------------------------

  /// Makes a custom rule known. Needed at every open, before `migrate`, for each rule that the file
  /// names; a rule that is missing shows `last_writer`'s choice.
  void register_rule(const Rule& rule);
  /// The same for a rule over whole rows.
  void register_rule(const RowRule& rule);

  /// Runs `change` once per file if the schema's version is below `version` (1 or more), in one
  /// transaction, and sets the version. Versions are run in ascending order of the calls. Devices
  /// run it at different times: what becomes of dropped tables and of dropped and renamed columns
  /// meanwhile, see `Schema::execute`.
  /// Throws whatever `change` throws, having undone all of it; `Error{capture_lost}` if a
  /// replicated table was changed outside a migration: see `recapture`. `Error{newer_format}` if
  /// the file's schema is above every version the app knows is not checked: see `schema_version`.
  void migrate(std::uint32_t version, const std::function<void(Schema&)>& change);
  /// The version of the last migration run on this file; 0 for none.
  [[nodiscard]] std::uint32_t schema_version();

  /// Takes up a replicated table again that was changed outside `migrate`: rebuilt, altered or
  /// stripped of Rill's triggers by another program or by SQL of the app's. Until then sync refuses
  /// with `Error{capture_lost}`, and so does `migrate`.
  ///
  /// The table is adopted as it is: columns, defaults, index and triggers are restored, new columns
  /// become `last_writer`, and what differs from what the file knows is written anew in the name of
  /// this device. Rows without Rill's values become inserts. Where the triggers for updates were
  /// gone nothing tells which values changed, so all of them count as written now. A row deleted
  /// while the trigger for deletes was gone left no trace here and stays on other devices; delete
  /// it again where it is. Runs in one transaction; repeating it changes nothing.
  ///
  /// Throws `Error`: unknown_table, cannot_replicate (the table as it is cannot be replicated),
  /// capture_lost (the table itself is gone, with its rows), and whatever SQL throws.
  void recapture(std::string_view table);
  /// Compares everything that Rill keeps in the file with the tables, and runs SQLite's own
  /// `PRAGMA integrity_check`. Empty if all is well. Reads every row, as of one snapshot; writes
  /// nothing. Stops at `kMaxFindings`. Throws `Error` where something keeps it from reading the
  /// file, of which a disk that fails (`io`) is one: that is no finding.
  [[nodiscard]] std::vector<Finding> check();

  // SQL
  // -------------------------------------------------------------------------------------------------

  /// Runs one statement with its parameters bound in order; returns the number of rows it changed.
  /// Throws `Error`: sql, constraint, busy, bad_value, too_large, disk_full, io, corrupt,
  /// read_only.
  template <typename... Arguments>
  std::int64_t execute(std::string_view sql, const Arguments&... arguments) {
    return execute_values(sql, {Value(arguments)...});
  }
  /// Runs one statement and reads all its rows. Inside `transaction` it sees the transaction's
  /// writes.
  template <typename... Arguments>
  Rows query(std::string_view sql, const Arguments&... arguments) {
    return query_values(sql, {Value(arguments)...});
  }
  /// `execute` with the parameters as a list.
  std::int64_t execute_values(std::string_view sql, const std::vector<Value>& arguments);
  /// `query` with the parameters as a list.
  Rows query_values(std::string_view sql, const std::vector<Value>& arguments);

  /// Runs `work` in one transaction: commits when it returns, rolls back when it throws, and throws
  /// on. Nested calls become savepoints. All captured writes of a transaction share one dot and
  /// reach other devices together. If the disk fails a statement (`io`, `disk_full`), SQLite rolls
  /// back all of the transaction; every later call inside it, and its end, throw that error again.
  void transaction(const std::function<void()>& work);

  /// The app's own connection, for ORMs and raw use: transactions, savepoints and prepared
  /// statements of one's own are captured like all else. Serialised by SQLite, and with this
  /// object: a single statement may be run from any thread at any time, and waits for a
  /// `transaction` of another thread. Do not close it, and do not leave a transaction open on it
  /// while other threads use this object.
  [[nodiscard]] sqlite3* handle() noexcept;

  /// A fresh globally unique text key, 36 characters, ordered by time (UUID version 7, RFC 9562).
  std::string new_id();
  /// A fresh 63-bit key for INTEGER PRIMARY KEY tables: 40 bits of time, 23 random bits.
  std::int64_t new_integer_id();

  // Text
  // ------------------------------------------------------------------------------------------------

  /// Opens a `text()` column of one row in an editor. Throws `Error`: unknown_table,
  /// unknown_column, invalid_argument (a column of another rule), not_found, bad_value (a value
  /// that is no UTF-8 text).
  TextEdit edit_text(std::string_view table, const std::vector<Value>& key,
                     std::string_view column);
  /// The same for a key of one column.
  TextEdit edit_text(std::string_view table, const Value& key, std::string_view column) {
    return edit_text(table, std::vector<Value>{key}, column);
  }

  // Observing
  // -------------------------------------------------------------------------------------------

  /// Calls `changed` after commits, local and received, that touch one of `tables` (empty: any);
  /// the commits of other processes are noticed within some 100 ms, or 400 ms where there were none
  /// for a while. What was received may be told before it is on the disk, so a power cut may undo
  /// it until the peer sends it again. Old values are known where only this object wrote since the
  /// last call. Throws `Error{unknown_table}`.
  Subscription observe(const std::vector<std::string>& tables,
                       std::function<void(const ChangeSet&)> changed);
  /// Calls `changed` with the rows of `sql` now and whenever a commit touches a replicated table
  /// that it reads. A query that fails later is told as a `background_error` event, and tried again
  /// after the next such commit. Throws `Error{sql}`, and `invalid_argument` if it reads no
  /// replicated table.
  Subscription watch(std::string_view sql, std::function<void(const Rows&)> changed);
  /// Calls `happened` for events that no call can report: failed rules, rejected writes.
  Subscription on_event(std::function<void(const DatabaseEvent&)> happened);

  // Conflicts
  // -------------------------------------------------------------------------------------------

  /// All columns that hold values written concurrently. The same is in SQL on this database's
  /// connections: `SELECT * FROM rill_conflicts` (tbl, key, col, shown, other, replica, time_ms),
  /// one row per value not shown; `key` is the key value, or a JSON array of them for composite
  /// keys.
  std::vector<ConflictRecord> conflicts();
  /// Settles the column's conflict for good by writing the shown value as one that has seen the
  /// others. Returns whether there was one. Throws `Error`: unknown_table, unknown_column,
  /// not_found.
  bool resolve(std::string_view table, const std::vector<Value>& key, std::string_view column);
  /// The same for a key of one column.
  bool resolve(std::string_view table, const Value& key, std::string_view column) {
    return resolve(table, std::vector<Value>{key}, column);
  }

  // Identity and sync
  // -----------------------------------------------------------------------------------

  /// The author of this file's events. A file that is found to be a copy, or an older state of
  /// itself, takes a new one; its earlier events keep the old.
  [[nodiscard]] ReplicaId id();
  /// What this file has seen, commits that a power cut may still undo included.
  [[nodiscard]] VersionVector vector();
  /// The file, as an absolute path.
  [[nodiscard]] const std::filesystem::path& path() const noexcept;
  /// A hash over all replicated rows, live ones by what they show and by their entries, independent
  /// of order and of how the file keeps them: equal on replicas that have seen the same events. 32
  /// hexadecimal digits. Reads every row.
  std::string digest();

  /// See `Replica::summary`.
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

  // Device
  // ----------------------------------------------------------------------------------------------

  /// See `DeviceStore::load`. Also throws `Error{file_replaced}`, as all of these do.
  [[nodiscard]] std::optional<std::string> load(std::string_view name) override;
  /// See `DeviceStore::store`. Writes by a connection of its own: inside `transaction` it would
  /// wait for itself, and throws `Error{busy}`. `invalid_argument` for the names "" and "reader".
  void store(std::string_view name, std::optional<std::string_view> value) override;
  /// See `DeviceStore::set_reader`. A transaction that has written already goes on; from the next
  /// one on, of any connection and process, the new state counts. Writes of a reader fail with
  /// `Error{read_only}`, those of tables that are not replicated do not. Migrations and `recapture`
  /// still may write: an app could not be updated otherwise.
  void set_reader(bool reader) override;
  /// `path()`.
  [[nodiscard]] std::filesystem::path file() const override;

 private:
  friend class TextEdit;
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace rill
