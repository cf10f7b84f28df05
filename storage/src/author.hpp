#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "clock_row.hpp"
#include "identity.hpp"
#include "interner.hpp"
#include "sqlite.hpp"

namespace rill::storage {

/// Signs the local transactions of one connection: gives each its dot, and starts an epoch with the
/// first that commits.
///
/// What is decided at a transaction's begin is written at its end alone: a savepoint rolled back in
/// between would undo rows, and leave memory believing in them.
/// Thread safety: used under its connection's lock.
class Author {
 public:
  Author(sqlite::Connection& connection, Interner& interner,
         std::shared_ptr<const Identity> identity)
      : connection_(connection), interner_(interner), identity_(std::move(identity)) {}

  /// The clock that the transaction writes by, with its counter and replica.
  ClockRow begin();
  /// Up to here the contributions to a counter are not to be folded with the transaction's own:
  /// they have left the file, or a copy of it may have them.
  [[nodiscard]] std::uint64_t fold_after(const ClockRow& clock) const noexcept;
  /// Inside the transaction, at its end, perhaps several times: writes `clock`.
  void write(const ClockRow& clock);
  /// It committed. Returns whether the file was found to be an older state of itself, so that
  /// whatever was learnt of it is void.
  bool committed(const ClockRow& clock);
  void rolled_back() noexcept;

 private:
  sqlite::Connection& connection_;
  Interner& interner_;
  std::shared_ptr<const Identity> identity_;

  /// The last dot this connection committed.
  std::uint32_t replica_ = 0;
  std::uint64_t counter_ = 0;
  /// Since this dot nobody else wrote, so that all is of one epoch.
  std::uint64_t begun_ = 0;
  // Of the present transaction.
  std::optional<Identity::Renewal> renewal_;
  std::optional<Identity::NewEpoch> epoch_;
};

}  // namespace rill::storage
