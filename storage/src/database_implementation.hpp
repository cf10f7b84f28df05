#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apply.hpp"
#include "capture.hpp"
#include "catalog.hpp"
#include "conflict_table.hpp"
#include "dispatcher.hpp"
#include "identity.hpp"
#include "reader_pool.hpp"
#include "rill/database.hpp"
#include "sqlite.hpp"
#include "text/editor.hpp"

namespace rill {

/// What stands behind `Database`: three kinds of connections to one file.
///
/// - `app_`: the app's writing connection, `handle()`; its capture turns SQL into events.
/// - `own_`: Rill's, for applying received rows and housekeeping. It commits with an fsync, which
/// also
///   makes every earlier commit of the file durable: the barrier before anything leaves for a peer.
/// - readers: a pool, for queries, extraction and observers.
///
/// SQLite's lock orders the two writers. Locks are taken in the order app (`AppLock`), own.
class Database::Implementation {
 public:
  Implementation(const std::filesystem::path& path, DatabaseOptions options);
  ~Implementation();
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  // database_sql.cpp
  std::int64_t execute(std::string_view sql, const std::vector<Value>& arguments);
  Rows query(std::string_view sql, const std::vector<Value>& arguments);
  void transaction(const std::function<void()>& work);
  void migrate(std::uint32_t version, const std::function<void(Schema&)>& change);
  std::uint32_t schema_version();
  bool resolve(std::string_view table, const std::vector<Value>& key, std::string_view column);

  // database_text.cpp
  void refresh(storage::TextEditor& editor);
  void commit(storage::TextEditor& editor);

  // database_integrity.cpp
  void recapture(std::string_view table);
  std::vector<Finding> check();
  /// Throws `Error{capture_lost}` if the schema moved since the last call and a replicated table no
  /// longer is what capture needs. Cheap while it did not move.
  void check_capture(sqlite::Connection& connection, const storage::Catalog& catalog);

  // database_sync.cpp
  ReplicaSummary summary();
  std::unique_ptr<ChangeStream> changes_since(const VersionVector& known, SpaceId space,
                                              const std::optional<InboxSummary>& received);
  ReceiveResult receive(std::string_view encoded_delta);
  ReplicaId id();
  VersionVector vector();
  std::string digest();
  std::unique_ptr<DigestScan> digest_scan(const std::vector<std::uint32_t>& listed);

  // database_forks.cpp
  std::optional<ReplicaId> check_history(const ReplicaSummary& peer);
  ReplicaHistory history(const ReplicaId& replica);
  void settle_fork(const ReplicaHistory& peer);

  // database_device.cpp
  std::optional<std::string> load(std::string_view name);
  void store(std::string_view name, std::optional<std::string_view> value);
  void set_reader(bool reader);

  // database.cpp
  void register_rule(const Rule& rule);
  void register_rule(const RowRule& rule);
  Subscription watch(std::string_view sql, std::function<void(const Rows&)> changed);
  /// The tables by the names that the schema gives them.
  std::vector<std::string> replicated_tables(const std::vector<std::string>& tables);
  std::vector<ConflictRecord> conflicts();

 private:
  friend class Database;

  /// Keeps the app's connection to this thread, against calls of `Database` and, by SQLite's own
  /// mutex, against statements that other threads run on `handle()`: none of those may slip into a
  /// transaction of this thread, and be rolled back with it.
  class AppLock {
   public:
    explicit AppLock(Implementation& database)
        : lock_(database.app_mutex_), mutex_(sqlite3_db_mutex(database.app_.raw())) {
      sqlite3_mutex_enter(mutex_);
    }
    ~AppLock() { sqlite3_mutex_leave(mutex_); }
    AppLock(const AppLock&) = delete;
    AppLock& operator=(const AppLock&) = delete;

   private:
    std::lock_guard<std::recursive_mutex> lock_;
    sqlite3_mutex* mutex_;
  };

  void open();
  void configure(sqlite::Connection& connection, bool full) const;
  std::unique_ptr<storage::Capture> make_capture(sqlite::Connection& connection);
  std::shared_ptr<const storage::Catalog> load_catalog(sqlite::Connection& connection);
  void confirm_identity();
  void open_own();
  void check_file() const;
  /// Gives a connection what the app chose for its own by PRAGMA: cache_size and temp_store.
  void follow_app(sqlite::Connection& connection);
  void read_app_settings();
  void reload_catalogs();

  [[nodiscard]] bool in_own_transaction() const noexcept;
  sqlite::Statement& prepared(std::string_view sql);
  [[noreturn]] void rethrow(const Error& error);
  void check_transaction() const;
  static void bind_all(sqlite::Statement& statement, std::string_view sql,
                       const std::vector<Value>& arguments);
  /// Whether this thread's reads are to see what a running transaction has written.
  [[nodiscard]] bool reads_own_writes() const noexcept;
  std::optional<Rows> query_reader(std::string_view sql, const std::vector<Value>& arguments);
  Rows query_app(std::string_view sql, const std::vector<Value>& arguments);
  /// Inside a transaction: received deltas may have added columns since the app's last write.
  void refresh_catalog();
  void run_migration(std::uint32_t version, const std::function<void(Schema&)>& change);

  storage::ReaderLease exportable_snapshot();
  void write_mark(const VersionVector& vector, std::int64_t seq);
  bool renew_if_forgotten(const ReplicaSummary& peer);
  /// Brings the file to the names that `forks`, more than it has, call for.
  void adopt_forks(const Forks& forks);
  /// Takes over what of a peer's certificates is new; throws `Error{renamed}` unless both had the
  /// same.
  void unite_forks(const Forks& theirs);
  /// Runs `work`, which writes rows on `own_` past the capture.
  void write_past_capture(const std::function<void()>& work);
  /// Applies what the inbox holds of a delta, and its last chunk.
  ReceiveResult apply_chunks(const Delta& last, std::string_view encoded);
  /// Whether each commit of `own_` is to be on the disk when it returns; until `open_own`, which
  /// every use of `own_` begins with.
  void sync_own_commits(bool full);
  /// Commits and tells observers at once, then returns when what was applied is on the disk.
  void commit_applied(sqlite::Transaction& transaction, storage::ApplyReport& report);
  void finish_apply(storage::ApplyReport& report);
  /// Inside a transaction: writes the log anew if it is in doubt.
  void mend_log();
  /// Sees to it that no power cut undoes what is about to be told to a peer.
  void make_durable(const VersionVector& vector);
  /// Runs `work` in a transaction of `own_` that survives a power cut once this returns.
  void write_durably(const std::function<void()>& work);
  /// After `mend_log`.
  void commit_durably(sqlite::Transaction& transaction);
  /// Runs `work`, which ends with an fsync of the log.
  void sync_log_by(const std::function<void()>& work);
  /// After a commit of `own_`: puts a log that has grown long into the file, as far as readers let
  /// it. Does not throw.
  void fold_log() noexcept;

  std::filesystem::path path_;
  DatabaseOptions options_;
  std::shared_ptr<const storage::Identity> identity_;
  sqlite::Connection app_;
  sqlite3_file* file_ = nullptr;  // the database file, as `app_` has it open
  std::unique_ptr<storage::Dispatcher> dispatcher_;

  storage::RuleRegistry registry_;
  /// `PRAGMA schema_version` at which all tables were as capture needs them.
  std::atomic<std::int64_t> sound_schema_{-1};

  // As last read; a size of 0: not yet.
  std::atomic<int> app_cache_size_{0};
  std::atomic<int> app_temp_store_{0};

  std::recursive_mutex app_mutex_;
  std::unique_ptr<storage::Capture> app_capture_;
  std::atomic<std::thread::id> transaction_thread_{};
  int transaction_depth_ = 0;
  /// What made SQLite roll back the whole of the running `transaction`.
  std::optional<Error> transaction_failure_;

  std::mutex own_mutex_;
  sqlite::Connection own_;
  std::unique_ptr<storage::Capture> own_capture_;
  /// The file was replaced by an older state: what `own_capture_` has learnt of it is void.
  std::atomic<bool> replaced_ = false;
  bool own_full_ = false;  ///< What `sync_own_commits` was told last.
  int own_log_pages_ = 0;  ///< In the log, after the last commit of `own_`.
  VersionVector durable_;  ///< What the log is known to hold durably.
  std::shared_ptr<storage::LogDoubt> log_doubt_ = std::make_shared<storage::LogDoubt>();
  storage::LogDoubt::Mark log_mark_ = 0;  ///< As far as `mend_log` has written it anew.

  std::unique_ptr<storage::ReaderPool> readers_;
};

}  // namespace rill
