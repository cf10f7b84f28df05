#define SQLITE_ENABLE_PREUPDATE_HOOK 1  // before the first inclusion of the header
#include <sqlite3.h>

// Where SQLite was built without the hook these are null, and the tripwire is off.
#pragma weak sqlite3_preupdate_hook
#pragma weak sqlite3_preupdate_depth
#pragma weak sqlite3_preupdate_old
#pragma weak sqlite3_preupdate_new

#include <atomic>
#include <cstring>
#include <exception>
#include <mutex>
#include <unordered_map>

#include "tripwire.hpp"

namespace rill::storage {
namespace {

/// Comparing values makes SQLite decode whole records, so it is done for the first rows of a
/// transaction: whoever brings values of his own mostly does so in all of them.
constexpr int kMaxProbes = 4;

/// The tripwires of this process by connection.
///
/// The natural place for the pointer would be the hook's context. But `sqlite3session_create` takes
/// the context of the hook that it finds for the head of its own list, so that must be null.
class Registry {
 public:
  static Registry& instance() {
    static Registry registry;
    return registry;
  }

  void add(sqlite3* db, Tripwire* tripwire) {
    const std::lock_guard lock(mutex_);
    tripwires_.insert_or_assign(db, tripwire);
    generation_.fetch_add(1, std::memory_order_release);
  }

  void remove(const Tripwire* tripwire) {
    const std::lock_guard lock(mutex_);
    std::erase_if(tripwires_, [&](const auto& item) { return item.second == tripwire; });
    generation_.fetch_add(1, std::memory_order_release);
  }

  /// Null if there is none. A thread asks about the same connection many times over.
  Tripwire* find(sqlite3* db) {
    struct Latest {
      sqlite3* db = nullptr;
      Tripwire* tripwire = nullptr;
      std::uint64_t generation = 0;
    };
    static thread_local Latest latest;
    const std::uint64_t generation = generation_.load(std::memory_order_acquire);
    if (latest.db == db && latest.generation == generation) return latest.tripwire;
    const std::lock_guard lock(mutex_);
    const auto found = tripwires_.find(db);
    latest = {db, found != tripwires_.end() ? found->second : nullptr, generation};
    return latest.tripwire;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<sqlite3*, Tripwire*> tripwires_;
  std::atomic<std::uint64_t> generation_{1};
};

void hook(void* /*context*/, sqlite3* db, int operation, const char* schema, const char* table,
          sqlite3_int64 /*old_rowid*/, sqlite3_int64 /*new_rowid*/) {
  if (std::strcmp(schema, "main") != 0 || std::strncmp(table, "rill_", 5) == 0) return;
  if (Tripwire* tripwire = Registry::instance().find(db)) tripwire->written(operation, table);
}

bool equal(sqlite3_value* left, sqlite3_value* right) {
  if (sqlite3_value_type(left) != sqlite3_value_type(right)) return false;
  if (sqlite3_value_type(left) == SQLITE_INTEGER) {
    return sqlite3_value_int64(left) == sqlite3_value_int64(right);
  }
  return sqlite::bytes_of(left) == sqlite::bytes_of(right);
}

/// Whether an UPDATE gives a column another value.
bool is_replaced(sqlite3* db, int column) {
  sqlite3_value* before = nullptr;
  sqlite3_value* after = nullptr;
  return sqlite3_preupdate_old(db, column, &before) == SQLITE_OK &&
         sqlite3_preupdate_new(db, column, &after) == SQLITE_OK && !equal(before, after);
}

}  // namespace

Tripwire::Tripwire(sqlite::Connection& connection, Hooks hooks)
    : connection_(connection), hooks_(std::move(hooks)) {
  if (sqlite3_preupdate_hook == nullptr) return;
  if (sqlite3_compileoption_used("ENABLE_PREUPDATE_HOOK") == 0) return;
  Registry::instance().add(connection.raw(), this);
  sqlite3_preupdate_hook(connection.raw(), hook, nullptr);
}

Tripwire::~Tripwire() { Registry::instance().remove(this); }

bool Tripwire::is_replicated(const char* table) {
  if (last_table_ != table) {
    last_table_ = table;
    last_seq_column_ = hooks_.seq_column(table);
  }
  return last_seq_column_.has_value();
}

void Tripwire::suspect(const char* table) {
  // The first that is left over, not the latest that is being dealt with.
  const bool clean = counts_.unanswered == 0 && counts_.foreign_values == 0;
  if (clean && suspect_ != table) suspect_ = table;
}

void Tripwire::answered() noexcept {
  if (counts_.unanswered == 0) return;
  for (Replaced& replaced : replaced_) {
    if (replaced.number == counts_.unanswered) replaced.number = 0;
  }
  --counts_.unanswered;
}

void Tripwire::replace_may_begin() {
  const int depth = sqlite3_preupdate_depth(connection_.raw());
  while (!replaced_.empty() && replaced_.back().depth >= depth) replaced_.pop_back();
  replaced_.push_back({depth, counts_.unanswered, seq_made_ && meta_made_, seq_});
  seq_made_ = meta_made_ = false;
}

void Tripwire::replace_may_end() {
  const int depth = sqlite3_preupdate_depth(connection_.raw());
  while (!replaced_.empty() && replaced_.back().depth > depth) replaced_.pop_back();
  if (replaced_.empty() || replaced_.back().depth < depth) return;
  const Replaced replaced = replaced_.back();
  replaced_.pop_back();
  // With values made since then, the DELETE was a statement of its own.
  if (seq_made_ && meta_made_) return;
  if (replaced.number > 0 && replaced.number == counts_.unanswered) --counts_.unanswered;
  if (!replaced.made) return;
  seq_made_ = meta_made_ = true;
  seq_ = replaced.seq;
}

bool Tripwire::brings_values(int operation) const {
  sqlite3* db = connection_.raw();
  const int seq = last_seq_column_.value_or(-1);
  if (seq < 0) return false;  // the position is not that of the stored record
  if (operation == SQLITE_UPDATE) return is_replaced(db, seq) || is_replaced(db, seq + 1);
  sqlite3_value* value = nullptr;
  return sqlite3_preupdate_new(db, seq, &value) == SQLITE_OK && sqlite3_value_int64(value) != seq_;
}

void Tripwire::written(int operation, const char* table) {
  if (!armed_ || !is_replicated(table)) return;
  const bool erased = operation == SQLITE_DELETE;
  if (!erased && !replaced_.empty()) replace_may_end();
  const bool own = meta_made_ && (seq_made_ || operation == SQLITE_UPDATE);
  if (own && !erased) {
    // The row comes with a stamp; most inserts end here.
    if (operation == SQLITE_INSERT && probes_ < kMaxProbes) probe(operation, table);
    seq_made_ = meta_made_ = false;
    return;
  }
  try {
    hooks_.enlist();
  } catch (const std::exception&) {
    return;  // the trigger meets the same obstacle, and reports it
  }
  if (operation == SQLITE_INSERT) return note_foreign(table);
  suspect(table);
  ++counts_.unanswered;
  if (erased) {
    replace_may_begin();
  } else {
    seq_made_ = meta_made_ = false;
    if (probes_ < kMaxProbes) probe(operation, table);
  }
}

void Tripwire::note_foreign(const char* table) {
  suspect(table);
  ++counts_.foreign_values;
}

void Tripwire::probe(int operation, const char* table) {
  ++probes_;
  if (brings_values(operation)) note_foreign(table);
}

void Tripwire::reset() noexcept {
  counts_ = {};
  replaced_.clear();
  savepoints_.clear();
  seq_made_ = meta_made_ = false;
  probes_ = 0;
  last_table_.clear();  // what is replicated may change between transactions
}

void Tripwire::begin_savepoint(int number) {
  release_savepoint(number);
  savepoints_.emplace_back(number, counts_);
}

void Tripwire::release_savepoint(int number) noexcept {
  while (!savepoints_.empty() && savepoints_.back().first >= number) savepoints_.pop_back();
}

void Tripwire::roll_back_to_savepoint(int number) noexcept {
  while (!savepoints_.empty() && savepoints_.back().first > number) savepoints_.pop_back();
  // A savepoint that was not heard of is older than the first write.
  const bool known = !savepoints_.empty() && savepoints_.back().first == number;
  counts_ = known ? savepoints_.back().second : Counts();
  replaced_.clear();
  seq_made_ = meta_made_ = false;
}

const std::string& Tripwire::tripped() const noexcept {
  return counts_.unanswered > 0 || counts_.foreign_values > 0 ? suspect_ : none_;
}

}  // namespace rill::storage
