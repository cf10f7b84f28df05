#include "identity.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#if __has_include(<sys/stat.h>)
#include <sys/stat.h>
#endif

#include "byte_view.hpp"
#include "damage.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"
#include "rill/witness.hpp"

namespace rill::storage {
namespace {

constexpr std::uint8_t kRecordFormat = 1;
constexpr std::size_t kMaxPathBytes = 65'536;

FileNonce random_nonce(RandomSource& random) {
  FileNonce nonce{};
  random.fill(std::as_writable_bytes(std::span(nonce)));
  return nonce;
}

/// 0 where there is none.
std::uint64_t inode_of([[maybe_unused]] const std::string& path) {
#if __has_include(<sys/stat.h>)
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) return status.st_ino;
#endif
  return 0;
}

}  // namespace

/// What the witness keeps: the format stands in storage/README.md.
struct Identity::Record {
  std::string path;
  std::uint64_t inode = 0;
  ReplicaId replica;
  /// The highest counter that may have left the file.
  std::uint64_t exported = 0;
  /// Both stand in the file's row, one after the other, while an epoch begins.
  FileNonce nonce{};
  FileNonce previous{};

  [[nodiscard]] std::string encode() const {
    ByteWriter writer;
    writer.byte(kRecordFormat);
    writer.string(path);
    writer.varint(inode);
    writer.replica(replica);
    writer.varint(exported);
    writer.raw(view(nonce));
    writer.raw(view(previous));
    return writer.take();
  }

  static std::optional<Record> decode(std::string_view bytes) try {
    ByteReader reader(bytes);
    if (reader.byte() != kRecordFormat) return std::nullopt;
    Record record;
    record.path = reader.string(kMaxPathBytes);
    record.inode = reader.varint();
    record.replica = reader.replica();
    record.exported = reader.varint();
    record.nonce = reader.replica().bytes;
    record.previous = reader.replica().bytes;
    reader.expect_end();
    return record;
  } catch (const Error&) {
    return std::nullopt;  // as good as none
  }
};

FileNonce read_nonce(sqlite::Connection& connection) {
  sqlite::Using row(connection.cached("SELECT nonce FROM main.rill_file"));
  FileNonce nonce{};
  if (!row->step() || row->bytes(0).size() != nonce.size()) {
    throw damaged("rill_file holds no nonce");
  }
  std::memcpy(nonce.data(), row->bytes(0).data(), nonce.size());
  return nonce;
}

Identity::Identity(std::string path, bool on_system_vfs, std::shared_ptr<WitnessStore> witness,
                   std::shared_ptr<RandomSource> random)
    : path_(std::move(path)),
      on_system_vfs_(on_system_vfs),
      witness_(std::move(witness)),
      random_(std::move(random)),
      opening_(random_nonce(*random_)) {
  if (!on_system_vfs_) return;
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(path_, error);
  if (!error) path_ = canonical.string();
}

Identity::Record Identity::present(sqlite::Connection& connection, const ReplicaId& replica,
                                   std::uint64_t exported) const {
  Record record;
  record.path = path_;
  if (on_system_vfs_) record.inode = inode_of(path_);
  record.replica = replica;
  record.exported = exported;
  record.nonce = record.previous = read_nonce(connection);
  return record;
}

bool Identity::is_witnessed(sqlite::Connection& connection, Interner& interner) const {
  // Read before the file: what the file says then is newer, never older, than what a witness of the
  // same moment says.
  const std::optional<Record> seen = Record::decode(witness_->read(path_));
  if (!seen) return false;
  const ClockRow clock = ClockRow::read(connection);
  const Record now = present(connection, interner.id(clock.replica), clock.exported);
  return seen->path == now.path && seen->inode == now.inode && seen->replica == now.replica &&
         (now.nonce == seen->nonce || now.nonce == seen->previous) &&
         clock.counter >= seen->exported;
}

void Identity::confirm(sqlite::Connection& connection, Interner& interner) const {
  sqlite::Transaction transaction(connection, sqlite::Transaction::Kind::immediate);
  // Another process may have been between file and witness.
  if (is_witnessed(connection, interner)) return;
  renew(connection);
  transaction.commit();
}

void Identity::note(sqlite::Connection& connection, Interner& interner) const {
  const ClockRow clock = ClockRow::read(connection);
  witness_->write(path_, present(connection, interner.id(clock.replica), clock.exported).encode());
}

Identity::Renewal Identity::plan_renewal(sqlite::Connection& connection) const {
  Renewal renewal;
  renewal.id.bytes = random_nonce(*random_);
  renewal.number = static_cast<std::uint32_t>(
      connection.integer("SELECT coalesce(max(id), 0) + 1 FROM main.rill_replica"));
  return renewal;
}

void Identity::renew(sqlite::Connection& connection) const {
  renew_as(connection, plan_renewal(connection));
}

void Identity::renew_as(sqlite::Connection& connection, const Renewal& renewal) const {
  connection
      .cached(
          "INSERT INTO main.rill_vector(space, replica, counter) SELECT space, replica, counter "
          "FROM main.rill_clock WHERE counter > 0 ON CONFLICT(space, replica) DO UPDATE SET "
          "counter = max(counter, excluded.counter)")
      .run();
  connection.cached("INSERT INTO main.rill_replica(id, replica) VALUES(?, ?)")
      .bind(1, renewal.number)
      .bind_blob(2, view(renewal.id.bytes))
      .run();
  connection.cached("UPDATE main.rill_clock SET replica = ?, counter = 0, exported = 0")
      .bind(1, renewal.number)
      .run();
  const FileNonce nonce = random_nonce(*random_);
  Record record = present(connection, renewal.id, 0);
  connection.cached("UPDATE main.rill_file SET nonce = ?").bind_blob(1, view(nonce)).run();
  record.nonce = nonce;
  witness_->write(path_, record.encode());
}

Identity::NewEpoch Identity::draw_epoch(sqlite::Connection& connection) const {
  NewEpoch epoch;
  epoch.previous = read_nonce(connection);
  epoch.nonce = random_nonce(*random_);
  random_->fill(std::as_writable_bytes(std::span(&epoch.value, 1)));
  return epoch;
}

void Identity::begin_epoch(sqlite::Connection& connection, Interner& interner,
                           const ClockRow& clock, const NewEpoch& epoch) const {
  connection.cached("UPDATE main.rill_file SET nonce = ?").bind_blob(1, view(epoch.nonce)).run();
  const ReplicaId replica = interner.id(clock.replica);
  add_epochs(connection, interner, {{replica, clock.counter, epoch.value}});
  Record record = present(connection, replica, clock.exported);
  record.previous = epoch.previous;
  witness_->write(path_, record.encode());
}

// Epochs -----------------------------------------------------------------------------------------

namespace {

Epoch read_epoch(const sqlite::Statement& row, Interner& interner) {
  return {interner.id(static_cast<std::uint32_t>(row.integer(0))), row.unsigned_integer(1),
          row.unsigned_integer(2)};
}

}  // namespace

std::vector<EpochTip> read_epoch_tips(sqlite::Connection& connection, Interner& interner) {
  std::vector<EpochTip> tips;
  sqlite::Using rows(connection.cached(
      "SELECT e.replica, e.first, e.value, e.history FROM main.rill_replica r JOIN main.rill_epoch "
      "e ON e.replica = r.id AND e.first = (SELECT max(first) FROM main.rill_epoch WHERE "
      "replica = r.id)"));
  while (rows->step()) tips.push_back({read_epoch(*rows, interner), rows->unsigned_integer(3)});
  std::ranges::sort(tips, {}, [](const EpochTip& tip) { return tip.newest.replica; });
  return tips;
}

std::vector<Epoch> read_epochs(sqlite::Connection& connection, Interner& interner,
                               const VersionVector& known, const VersionVector& until) {
  std::vector<Epoch> epochs;
  for (const auto& [replica, counter] : until) {
    if (known[replica] >= counter) continue;
    sqlite::Using rows(connection.cached(
        "SELECT replica, first, value FROM main.rill_epoch WHERE replica = ?1 AND first <= ?3 AND "
        "first >= coalesce((SELECT max(first) FROM main.rill_epoch WHERE replica = ?1 AND "
        "first <= ?2), 0) ORDER BY first"));
    rows->bind(1, interner.number(replica)).bind(2, known[replica]).bind(3, counter);
    while (rows->step()) epochs.push_back(read_epoch(*rows, interner));
  }
  return epochs;
}

Epochs read_all_epochs(sqlite::Connection& connection, Interner& interner) {
  Epochs epochs;
  sqlite::Using rows(connection.cached("SELECT replica, first, value FROM main.rill_epoch"));
  while (rows->step()) epochs.add(read_epoch(*rows, interner));
  return epochs;
}

ReplicaHistory read_history(sqlite::Connection& connection, const ReplicaId& replica,
                            std::uint64_t counter) {
  ReplicaHistory history{replica, counter, {}};
  sqlite::Using rows(connection.cached(
      "SELECT e.first, e.value FROM main.rill_replica r JOIN main.rill_epoch e ON e.replica = r.id "
      "WHERE r.replica = ? ORDER BY e.first DESC LIMIT ?"));
  rows->bind_blob(1, view(replica.bytes)).bind(2, static_cast<std::int64_t>(kMaxHistory));
  while (rows->step()) {
    history.epochs.push_back({replica, rows->unsigned_integer(0), rows->unsigned_integer(1)});
  }
  std::ranges::reverse(history.epochs);
  return history;
}

void add_epochs(sqlite::Connection& connection, Interner& interner,
                const std::vector<Epoch>& epochs) {
  for (const Epoch& epoch : epochs) {
    const std::uint32_t replica = interner.number(epoch.replica);
    std::uint64_t history = 0;
    sqlite::Using before(connection.cached(
        "SELECT first, value, history FROM main.rill_epoch WHERE replica = ? AND first < ? "
        "ORDER BY first DESC LIMIT 1"));
    before->bind(1, replica).bind(2, epoch.first);
    if (before->step()) {
      history =
          extend_history(before->unsigned_integer(2),
                         {epoch.replica, before->unsigned_integer(0), before->unsigned_integer(1)});
    }
    connection
        .cached(
            "INSERT INTO main.rill_epoch(replica, first, value, history) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(replica, first) DO UPDATE SET value = excluded.value")
        .bind(1, replica)
        .bind(2, epoch.first)
        .bind(3, epoch.value)
        .bind(4, history)
        .run();
  }
}

std::optional<Dot> fork_with(sqlite::Connection& connection, Interner& interner,
                             const VersionVector& own, const ReplicaSummary& peer) {
  return find_fork(own, peer.vector, peer.epochs, [&](const Dot& dot) {
    EpochPlace place;
    // Both sides have seen the dot, so the replica has a number here.
    sqlite::Using rows(connection.cached(
        "SELECT replica, first, value, history FROM main.rill_epoch WHERE replica = ? AND "
        "first >= ? ORDER BY first LIMIT 2"));
    rows->bind(1, interner.number(dot.replica)).bind(2, dot.counter);
    while (rows->step()) {
      const Epoch epoch = read_epoch(*rows, interner);
      if (epoch.first == dot.counter) {
        place.here = EpochTip{epoch, rows->unsigned_integer(3)};
      } else if (!place.next) {
        place.next = epoch.first;
      }
    }
    return place;
  });
}

Error forked_error(const ReplicaId& replica) {
  return {ErrorCode::forked,
          "two files made different events under the same names, those of replica " +
              replica.to_string() +
              ", and their histories do not tell them apart. These two do not sync, and neither "
              "lost anything: keep one of them, and start the other device from an empty file"};
}

}  // namespace rill::storage
