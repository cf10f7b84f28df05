#include "reader_pool.hpp"

#include <utility>

namespace rill::storage {

ReaderLease ReaderPool::lease() {
  check_();
  std::unique_ptr<Reader> reader;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (reader == nullptr) {
    reader = std::make_unique<Reader>();
    reader->connection = sqlite::Connection(path_, options_);
    setup_(*reader);
    check_();  // what was opened is the database itself
  }
  return {reader.release(), [this](Reader* returned) { give_back(returned); }};
}

ReaderLease ReaderPool::snapshot() {
  ReaderLease reader = lease();
  reader->connection.cached("BEGIN").run();
  // The first read takes the snapshot.
  const std::int64_t generation =
      reader->connection.integer("SELECT generation FROM main.rill_clock WHERE space = 1");
  if (reader->catalog == nullptr || reader->catalog->generation() != generation) {
    reader->catalog = load_(reader->connection);
  }
  return reader;
}

void ReaderPool::forget() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

void ReaderPool::give_back(Reader* reader) noexcept {
  std::unique_ptr<Reader> owned(reader);
  if (owned->connection.in_transaction()) {
    sqlite3_exec(owned->connection.raw(), "COMMIT", nullptr, nullptr, nullptr);
  }
  if (owned->connection.in_transaction()) return;  // it could not be ended, but by closing
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(owned));
}

}  // namespace rill::storage
