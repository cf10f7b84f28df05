#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock_row.hpp"
#include "interner.hpp"
#include "rill/delta.hpp"
#include "rill/environment.hpp"
#include "rill/epoch.hpp"
#include "rill/replica.hpp"
#include "sqlite.hpp"

namespace rill {
class WitnessStore;
}

namespace rill::storage {

/// Who a file is as an author, and whether it may go on under that name.
///
/// A replica that forgot events it had sent, and used their dots again, would diverge for ever. So
/// a file that is not what its witness saw last takes a new replica id, and each opening that
/// writes starts an epoch, by which peers tell the events of a file from those of its copies. The
/// rules stand in storage/README.md under "Identity".
///
/// Thread safety: immutable but for the file; a connection is used under its own lock.
class Identity {
 public:
  /// Another VFS than the system's has no inodes to look at.
  Identity(std::string path, bool on_system_vfs, std::shared_ptr<WitnessStore> witness,
           std::shared_ptr<RandomSource> random);

  /// This opening's random name.
  [[nodiscard]] const FileNonce& opening() const noexcept { return opening_; }

  /// Whether the file is as its witness saw it last, or has gone on from there.
  [[nodiscard]] bool is_witnessed(sqlite::Connection& connection, Interner& interner) const;
  /// Renews the file, in a transaction of its own, unless it is witnessed after all.
  void confirm(sqlite::Connection& connection, Interner& interner) const;

  // Inside a write transaction of `connection` --------------------------------------------------

  /// Notes in the witness what the file says of itself now: once made, and at each barrier.
  void note(sqlite::Connection& connection, Interner& interner) const;
  /// Takes a new replica id for future events. The old one is another replica from now on.
  void renew(sqlite::Connection& connection) const;

  /// A new id and its number in the file, to be taken by `renew_as` when the transaction ends.
  struct Renewal {
    ReplicaId id;
    std::uint32_t number = 0;
  };
  [[nodiscard]] Renewal plan_renewal(sqlite::Connection& connection) const;
  void renew_as(sqlite::Connection& connection, const Renewal& renewal) const;

  /// The random parts of an epoch, drawn once although a commit may be tried again.
  struct NewEpoch {
    FileNonce nonce{};
    FileNonce previous{};
    std::uint64_t value = 0;
  };
  [[nodiscard]] NewEpoch draw_epoch(sqlite::Connection& connection) const;
  /// Begins an epoch of the clock's replica at its counter.
  void begin_epoch(sqlite::Connection& connection, Interner& interner, const ClockRow& clock,
                   const NewEpoch& epoch) const;

 private:
  struct Record;

  [[nodiscard]] Record present(sqlite::Connection& connection, const ReplicaId& replica,
                               std::uint64_t exported) const;

  std::string path_;
  bool on_system_vfs_;
  std::shared_ptr<WitnessStore> witness_;
  std::shared_ptr<RandomSource> random_;
  FileNonce opening_{};
};

/// The file's nonce. Throws `Error{corrupt}`.
FileNonce read_nonce(sqlite::Connection& connection);

/// The newest epoch of each replica.
std::vector<EpochTip> read_epoch_tips(sqlite::Connection& connection, Interner& interner);
/// `Epochs::between` of those in the file.
std::vector<Epoch> read_epochs(sqlite::Connection& connection, Interner& interner,
                               const VersionVector& known, const VersionVector& until);
/// All of them.
Epochs read_all_epochs(sqlite::Connection& connection, Interner& interner);
/// What the file knows of a replica's past.
ReplicaHistory read_history(sqlite::Connection& connection, const ReplicaId& replica,
                            std::uint64_t counter);
/// Adds epochs, ascending; those that are there already stay.
void add_epochs(sqlite::Connection& connection, Interner& interner,
                const std::vector<Epoch>& epochs);

/// Where the peer's past provably differs from this file's, whose vector is `own`.
std::optional<Dot> fork_with(sqlite::Connection& connection, Interner& interner,
                             const VersionVector& own, const ReplicaSummary& peer);
/// The error for events that two files made as one replica, and that no certificate tells apart.
Error forked_error(const ReplicaId& replica);

}  // namespace rill::storage
