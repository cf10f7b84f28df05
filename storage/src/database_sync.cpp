#include <cstdint>
#include <utility>

#include "damage.hpp"
#include "database_implementation.hpp"
#include "digest.hpp"
#include "forks.hpp"
#include "inbox.hpp"
#include "log_file.hpp"
#include "rill/delta_reader.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

/// Marks beyond this number are thinned out, the old ones first.
constexpr std::int64_t kMaxMarks = 64;
/// A log of so many pages goes into the file; as SQLite has it by default.
constexpr int kLongLogPages = 1'000;

/// A stream for a peer that lacks nothing.
class NothingNew final : public ChangeStream {
 public:
  explicit NothingNew(VersionVector vector) : vector_(std::move(vector)) {}
  std::optional<std::string> next(std::size_t /*target_bytes*/) override { return std::nullopt; }
  [[nodiscard]] const VersionVector& sender_vector() const override { return vector_; }

 private:
  VersionVector vector_;
};

/// Lets the capture pass received rows, for as long as it lives.
class Applying {
 public:
  explicit Applying(storage::Capture& capture) : capture_(capture) { capture.begin_apply(); }
  ~Applying() { capture_.end_apply(); }
  Applying(const Applying&) = delete;
  Applying& operator=(const Applying&) = delete;

 private:
  storage::Capture& capture_;
};

/// Applies a chunk from the inbox: it was readable when it came.
void apply_stored(storage::Applier& applier, std::string_view chunk) {
  try {
    applier.apply(chunk);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::malformed || error.code() == ErrorCode::limit_exceeded) {
      storage::read_stored("rill_inbox", [&] { return decode_delta(chunk); });
    }
    throw;
  }
}

void check_space(SpaceId space) {
  if (space == kMainSpace) return;
  throw Error(ErrorCode::unsupported,
              "space " + std::to_string(space) + " does not exist in this database");
}

}  // namespace

ReplicaId Database::Implementation::id() {
  const storage::ReaderLease reader = readers_->snapshot();
  return reader->interner.id(storage::ClockRow::read(reader->connection).replica);
}

VersionVector Database::Implementation::vector() {
  const storage::ReaderLease reader = readers_->snapshot();
  return read_vector(reader->connection, reader->interner);
}

std::string Database::Implementation::digest() {
  storage::DigestExtraction scan(readers_->snapshot(), {});
  while (scan.advance(SIZE_MAX)) {
  }
  return scan.digests().total().to_string();
}

std::unique_ptr<DigestScan> Database::Implementation::digest_scan(
    const std::vector<std::uint32_t>& listed) {
  return std::make_unique<storage::DigestExtraction>(readers_->snapshot(), listed);
}

void Database::Implementation::write_mark(const VersionVector& vector, std::int64_t seq) {
  const std::string bytes = encode(vector);
  own_.cached("INSERT OR REPLACE INTO main.rill_mark(space, seq, vector) VALUES(1, ?, ?)")
      .bind(1, seq)
      .bind_blob(2, bytes)
      .run();
  if (own_.integer("SELECT count(*) FROM main.rill_mark") <= kMaxMarks) return;
  // Every second of the older half goes: the gaps grow with age, and a scan starts at most one too
  // early.
  own_.cached(
          "DELETE FROM main.rill_mark WHERE seq IN (SELECT seq FROM (SELECT seq, row_number() "
          "OVER (ORDER BY seq) AS place FROM main.rill_mark) WHERE place <= ? AND place % 2 = 0)")
      .bind(1, kMaxMarks / 2)
      .run();
}

void Database::Implementation::mend_log() { log_mark_ = storage::mend_log(own_, *log_doubt_); }

void Database::Implementation::commit_durably(sqlite::Transaction& transaction) {
  sync_log_by([&] { transaction.commit(); });
}

void Database::Implementation::sync_log_by(const std::function<void()>& work) {
  try {
    work();
  } catch (...) {
    log_doubt_->raise();
    throw;
  }
  log_doubt_->settle(log_mark_);
  fold_log();
}

void Database::Implementation::fold_log() noexcept {
  if (std::exchange(own_log_pages_, 0) < kLongLogPages) return;
  const int result_code =
      sqlite3_wal_checkpoint_v2(own_.raw(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // The next will write all of it again; but its first step was an fsync of the log.
  if (result_code != SQLITE_OK && result_code != SQLITE_BUSY) log_doubt_->raise();
}

void Database::Implementation::commit_applied(sqlite::Transaction& transaction,
                                              storage::ApplyReport& report) {
  sync_log_by([&] {
    transaction.commit();
    // Nothing leaves for a peer before the fsync: who exports waits for `own_mutex_`.
    finish_apply(report);
    storage::sync_log(own_);
  });
  durable_ = report.vector;
}

void Database::Implementation::make_durable(const VersionVector& vector) {
  if (vector == durable_) return;
  // Another process has received it, and may not have come to its fsync yet.
  sync_log_by([&] { storage::sync_log(own_); });
  durable_ = vector;
}

storage::ReaderLease Database::Implementation::exportable_snapshot() {
  const std::lock_guard lock(own_mutex_);
  check_file();
  open_own();
  {
    // Whatever was given out before is durable and marked; then nothing needs to be written.
    storage::ReaderLease reader = readers_->snapshot();
    const storage::ClockRow clock = storage::ClockRow::read(reader->connection);
    if (clock.counter == clock.exported && !log_doubt_->exists()) {
      make_durable(read_vector(reader->connection, reader->interner));
      return reader;
    }
  }
  sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
  mend_log();
  const storage::ClockRow clock = storage::ClockRow::read(own_);
  own_.cached("UPDATE main.rill_clock SET exported = counter WHERE space = 1").run();
  const VersionVector vector = read_vector(own_, own_capture_->interner());
  write_mark(vector, clock.seq);
  identity_->note(own_, own_capture_->interner());
  // Taken while nobody else can write, this snapshot holds exactly what is marked as exported.
  storage::ReaderLease reader = readers_->snapshot();
  commit_durably(transaction);  // with an fsync: the durability barrier
  durable_ = vector;
  return reader;
}

ReplicaSummary Database::Implementation::summary() {
  const storage::ReaderLease reader = exportable_snapshot();
  check_capture(reader->connection, *reader->catalog);
  ReplicaSummary summary;
  summary.id = reader->interner.id(storage::ClockRow::read(reader->connection).replica);
  summary.nonce = storage::read_nonce(reader->connection);
  summary.opening = identity_->opening();
  summary.vector = read_vector(reader->connection, reader->interner);
  summary.epochs = storage::read_epoch_tips(reader->connection, reader->interner);
  summary.forks = storage::read_forks(reader->connection);
  summary.inboxes = storage::Inbox::summaries(reader->connection);
  summary.tables = reader->catalog->summaries();
  return summary;
}

std::unique_ptr<ChangeStream> Database::Implementation::changes_since(
    const VersionVector& known, SpaceId space, const std::optional<InboxSummary>& received) {
  check_space(space);
  storage::ReaderLease reader = exportable_snapshot();
  check_capture(reader->connection, *reader->catalog);
  const VersionVector vector = read_vector(reader->connection, reader->interner);
  if (vector <= known) return std::make_unique<NothingNew>(vector);
  const bool resumed = received && received->opening == identity_->opening();
  return std::make_unique<storage::DeltaExtraction>(
      std::move(reader), known, resumed ? *received : InboxSummary{identity_->opening(), 0, 0});
}

void Database::Implementation::write_past_capture(const std::function<void()>& work) {
  const Applying applying(*own_capture_);
  try {
    work();
  } catch (const Error& error) {
    own_capture_->interner().forget();
    const Error cause = own_capture_->take_error().value_or(error);
    own_capture_->reload_catalog();
    throw cause;
  } catch (...) {
    own_capture_->interner().forget();
    throw;
  }
}

ReceiveResult Database::Implementation::apply_chunks(const Delta& last, std::string_view encoded) {
  storage::ApplyReport report;
  write_past_capture([&] {
    sync_own_commits(false);  // but after them, see commit_applied
    sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
    mend_log();
    storage::Applier applier(own_, *own_capture_, *identity_, *options_.clock,
                             {dispatcher_->observed(), options_.check_rule_purity});
    check_capture(own_, *own_capture_->catalog());
    applier.begin(last);
    if (last.chunk > 0) {
      storage::Inbox inbox(own_, options_.max_inbox_bytes);
      inbox.check_next(last);
      inbox.drain(last.sender, [&](std::string_view chunk) { apply_stored(applier, chunk); });
    }
    applier.apply(encoded);
    report = applier.finish();
    commit_applied(transaction, report);
  });
  return {true, report.rows_changed, report.vector};
}

void Database::Implementation::finish_apply(storage::ApplyReport& report) {
  dispatcher_->committed(std::move(report.replaced));
  dispatcher_->happened(std::move(report.events));
}

ReceiveResult Database::Implementation::receive(std::string_view encoded_delta) {
  DeltaReader reader(encoded_delta);
  const Delta& chunk = reader.header();
  check_space(chunk.space);
  while (reader.next()) {
    // What cannot be read is refused before anything is staged or locked.
  }
  const std::lock_guard lock(own_mutex_);
  check_file();
  open_own();
  // The last chunk never waits in the inbox: with it there, a peer would go on behind it, and the
  // delta would end twice.
  if (chunk.last) return apply_chunks(chunk, encoded_delta);
  // Nothing is acknowledged before the last, so what a power cut takes is sent again.
  sync_own_commits(false);
  sqlite::Transaction transaction(own_, sqlite::Transaction::Kind::immediate);
  mend_log();
  storage::check_covered(chunk.known, read_vector(own_, own_capture_->interner()));
  storage::check_names(chunk, storage::read_forks(own_).names());
  storage::Inbox(own_, options_.max_inbox_bytes).add(chunk, encoded_delta);
  transaction.commit();
  fold_log();
  return {};
}

}  // namespace rill
