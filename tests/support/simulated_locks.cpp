#include "support/simulated_locks.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace rill::testing {

int SimulatedFileLock::raise(const void* owner, int held, int wanted) {
  if (held < SQLITE_LOCK_SHARED && wanted >= SQLITE_LOCK_SHARED) {
    if (blocking_) return held;
    ++shared_;
    held = SQLITE_LOCK_SHARED;
  }
  if (held < SQLITE_LOCK_RESERVED && wanted >= SQLITE_LOCK_RESERVED) {
    if (writer_ != nullptr && writer_ != owner) return held;
    writer_ = owner;
    held = SQLITE_LOCK_RESERVED;
  }
  if (wanted <= held) return held;
  blocking_ = true;
  return shared_ > 1 ? SQLITE_LOCK_PENDING : SQLITE_LOCK_EXCLUSIVE;
}

void SimulatedFileLock::lower(const void* owner, int held, int wanted) {
  if (held > SQLITE_LOCK_SHARED && wanted <= SQLITE_LOCK_SHARED && writer_ == owner) {
    writer_ = nullptr;
    blocking_ = false;
  }
  if (held >= SQLITE_LOCK_SHARED && wanted < SQLITE_LOCK_SHARED) --shared_;
}

void* SimulatedMemory::region(std::size_t index, std::size_t bytes, bool extend) {
  if (index >= regions_.size()) {
    if (!extend) return nullptr;
    while (regions_.size() <= index) regions_.push_back(std::make_unique<std::byte[]>(bytes));
  }
  return regions_[index].get();
}

bool SimulatedMemory::allows(const Lock& lock, const void* owner, bool exclusive) {
  if (lock.writer != nullptr && lock.writer != owner) return false;
  const auto other = [&](const void* reader) { return reader != owner; };
  return !exclusive || std::none_of(lock.readers.begin(), lock.readers.end(), other);
}

bool SimulatedMemory::lock(const void* owner, int first, int count, bool exclusive) {
  for (int index = first; index < first + count; ++index) {
    if (!allows(locks_.at(static_cast<std::size_t>(index)), owner, exclusive)) return false;
  }
  for (int index = first; index < first + count; ++index) {
    Lock& lock = locks_.at(static_cast<std::size_t>(index));
    if (exclusive) {
      lock.writer = owner;
    } else {
      lock.readers.push_back(owner);
    }
  }
  return true;
}

void SimulatedMemory::unlock(const void* owner, int first, int count) {
  for (int index = first; index < first + count; ++index) {
    Lock& lock = locks_.at(static_cast<std::size_t>(index));
    if (lock.writer == owner) lock.writer = nullptr;
    std::erase(lock.readers, owner);
  }
}

void SimulatedMemory::leave(const void* owner) { unlock(owner, 0, static_cast<int>(kLocks)); }

}  // namespace rill::testing
