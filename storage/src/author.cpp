#include "author.hpp"

#include <algorithm>
#include <utility>

namespace rill::storage {

ClockRow Author::begin() {
  ClockRow clock = ClockRow::read(connection_);
  renewal_.reset();
  epoch_.reset();
  if (clock.replica == replica_ && clock.counter < counter_) {
    // SQLite's backup API wrote an older state over the open file.
    interner_.forget();
    renewal_ = identity_->plan_renewal(connection_);
    interner_.expect(renewal_->number, renewal_->id);
    clock.replica = renewal_->number;
    clock.counter = 0;
    clock.exported = 0;
  }
  clock.counter += 1;
  return clock;
}

std::uint64_t Author::fold_after(const ClockRow& clock) const noexcept {
  const bool goes_on = clock.replica == replica_ && clock.counter == counter_ + 1;
  return std::max(clock.exported, (goes_on ? begun_ : clock.counter) - 1);
}

void Author::write(const ClockRow& clock) {
  if (renewal_) identity_->renew_as(connection_, *renewal_);
  connection_.cached("UPDATE main.rill_clock SET counter = ?, seq = ?, time = ? WHERE space = 1")
      .bind(1, clock.counter)
      .bind(2, clock.seq)
      .bind(3, clock.time.bits)
      .run();
  if (clock.replica == replica_) return;
  if (!epoch_) epoch_ = identity_->draw_epoch(connection_);
  identity_->begin_epoch(connection_, interner_, clock, *epoch_);
}

bool Author::committed(const ClockRow& clock) {
  if (clock.replica != replica_ || clock.counter != counter_ + 1) begun_ = clock.counter;
  replica_ = clock.replica;
  counter_ = clock.counter;
  epoch_.reset();
  return std::exchange(renewal_, std::nullopt).has_value();
}

void Author::rolled_back() noexcept {
  renewal_.reset();
  epoch_.reset();
}

}  // namespace rill::storage
