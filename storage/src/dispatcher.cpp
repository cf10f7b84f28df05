#include "dispatcher.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "rill/error.hpp"

namespace rill::storage {
namespace {

/// How often other processes' commits are looked for, while anyone listens.
constexpr std::chrono::milliseconds kLookInterval{100};
/// The same once so many looks in a row found none.
constexpr std::chrono::milliseconds kQuietInterval{400};
constexpr int kQuietLooks = 50;

/// How many stretches of replaced rows may wait to be reported: other processes' commits part them.
constexpr std::size_t kMaxReplacedRuns = 1'000;

bool touches(const SeenChanges& seen, const std::vector<std::string>& tables) {
  return std::any_of(tables.begin(), tables.end(),
                     [&](const std::string& table) { return seen.tables.contains(table); });
}

/// What a subscription to `tables` (empty: all) is told, where those of `unlisted` cannot be.
ChangeSet told(const ChangeSet& listed, const std::vector<std::string>& tables,
               const std::set<std::string>& unlisted) {
  const auto asked = [&](const std::string& table) {
    return tables.empty() || std::find(tables.begin(), tables.end(), table) != tables.end();
  };
  ChangeSet result;
  result.unlisted.assign(unlisted.begin(), unlisted.end());
  for (const std::string& table : listed.unlisted) {
    if (asked(table) && !unlisted.contains(table)) result.unlisted.push_back(table);
  }
  for (const Change& change : listed.changes) {
    if (asked(change.table) && !unlisted.contains(change.table)) result.changes.push_back(change);
  }
  return result;
}

}  // namespace

Rows read_rows(sqlite::Statement& statement) {
  auto names = std::make_shared<std::vector<std::string>>();
  for (int index = 0; index < statement.column_count(); ++index) {
    names->push_back(statement.column_name(index));
  }
  std::vector<Row> rows;
  while (statement.step()) {
    std::vector<Value> values;
    values.reserve(names->size());
    for (int index = 0; index < statement.column_count(); ++index) {
      values.push_back(statement.value(index));
    }
    rows.emplace_back(names, std::move(values));
  }
  return {std::move(names), std::move(rows)};
}

Dispatcher::Dispatcher(ReaderPool& readers, Executor executor)
    : readers_(readers), executor_(std::move(executor)) {}

Dispatcher::~Dispatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const ListenerPtr& listener : listeners()) listener->retire();
}

bool Dispatcher::Listener::retire() {
  const std::lock_guard lock(running);
  return std::exchange(active, false);
}

Subscription Dispatcher::observe(std::vector<std::string> tables,
                                 std::function<void(const ChangeSet&)> changed) {
  auto listener = std::make_shared<Listener>();
  listener->tables = std::move(tables);
  listener->on_changes = std::move(changed);
  return add(listener);
}

Subscription Dispatcher::watch(std::string sql, std::vector<std::string> tables,
                               std::function<void(const Rows&)> changed) {
  auto listener = std::make_shared<Listener>();
  listener->tables = std::move(tables);
  listener->sql = std::move(sql);
  listener->on_rows = std::move(changed);
  return add(listener);
}

Subscription Dispatcher::on_event(std::function<void(const DatabaseEvent&)> happened) {
  auto listener = std::make_shared<Listener>();
  listener->on_event = std::move(happened);
  return add(listener);
}

Subscription Dispatcher::on_vector_change(std::function<void()> changed) {
  auto listener = std::make_shared<Listener>();
  listener->on_vector = std::move(changed);
  return add(listener);
}

void Dispatcher::restart() {
  const ReaderLease reader = readers_.snapshot();
  restarted_ = std::make_unique<ChangeReader>(*reader);
  replaced_.clear();
  events_ = {};
}

void Dispatcher::wake() {
  {
    const std::lock_guard lock(mutex_);
    pending_ = true;
  }
  wake_.notify_all();
}

Subscription Dispatcher::add(const ListenerPtr& listener) {
  {
    const std::lock_guard lock(mutex_);
    // Changes count from here on: a commit right after this call is not missed, and what happened
    // while nobody listened is nobody's news.
    if (listeners_.empty()) restart();
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    if (listener->on_changes) ++observers_;
    listeners_.push_back(listener);
  }
  // Only a watched query has something to be told now.
  if (listener->on_rows) wake();
  // A subscription may outlive the dispatcher, which retires its listeners when it goes.
  return Subscription([this, listener] {
    if (listener->retire()) remove(listener);
  });
}

void Dispatcher::remove(const ListenerPtr& listener) {
  const std::lock_guard lock(mutex_);
  if (listener->on_changes) --observers_;
  listeners_.remove(listener);
}

void Dispatcher::committed(ReplacedRows replaced) {
  {
    const std::lock_guard lock(mutex_);
    if (listeners_.empty()) return;
    keep(std::move(replaced));
    pending_ = true;
  }
  wake_.notify_all();
}

void Dispatcher::keep(ReplacedRows replaced) {
  std::size_t bytes = replaced.bytes();
  for (const ReplacedRows& run : replaced_) bytes += run.bytes();
  // What is not kept leaves a gap, and the rows behind it are reported without old values.
  const bool kept = replaced.complete() && bytes <= kMaxReplacedBytes;
  if (kept && (replaced_.empty() || !replaced_.back().append(replaced)) &&
      replaced_.size() < kMaxReplacedRuns) {
    replaced_.push_back(std::move(replaced));
  }
}

void Dispatcher::happened(BoundedEvents events) {
  if (events.count() == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (listeners_.empty()) return;
    events_.add(std::move(events));
    pending_ = true;
  }
  wake_.notify_all();
}

std::vector<Dispatcher::ListenerPtr> Dispatcher::listeners() {
  const std::lock_guard lock(mutex_);
  return {listeners_.begin(), listeners_.end()};
}

void Dispatcher::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto interval = quiet_looks_ < kQuietLooks ? kLookInterval : kQuietInterval;
    wake_.wait_for(lock, interval, [this] { return stopping_ || pending_; });
    if (stopping_) return;
    const bool told = std::exchange(pending_, false);
    if (restarted_) changes_ = std::move(restarted_);
    std::vector<ReplacedRows> replaced = std::exchange(replaced_, {});
    BoundedEvents events = std::exchange(events_, {});
    lock.unlock();
    try {
      const bool news = others_committed() || told || failing_;
      quiet_looks_ = news ? 0 : std::min(quiet_looks_ + 1, kQuietLooks);
      if (news) look(replaced, events);
      replaced.clear();
      failing_ = false;
    } catch (const Error& error) {
      // Reported once: it is tried again at each look.
      if (!std::exchange(failing_, true)) {
        events.add({DatabaseEvent::Kind::background_error,
                    error.code(),
                    {},
                    {},
                    {},
                    std::string("while looking for changes: ") + error.what()});
      }
    }
    deliver_events(events);
    lock.lock();
    // What a look that failed did not report waits for the next.
    std::vector<ReplacedRows> later = std::exchange(replaced_, std::move(replaced));
    for (ReplacedRows& run : later) keep(std::move(run));
  }
}

bool Dispatcher::others_committed() {
  readers_.check();
  if (!probe_) probe_ = readers_.lease();
  sqlite::Using version(probe_->connection.cached("PRAGMA data_version"));
  version->step();
  // Commits of this process count, too: they cost one look more.
  const std::int64_t now = version->integer(0);
  return std::exchange(probed_, now) != now;
}

void Dispatcher::look(std::vector<ReplacedRows>& replaced, BoundedEvents& events) {
  const std::vector<ListenerPtr> everyone = listeners();
  if (everyone.empty()) return;
  ChangeReader::Wanted wanted;
  for (const ListenerPtr& listener : everyone) {
    if (!listener->on_changes) continue;
    wanted.all |= listener->tables.empty();
    wanted.tables.insert(listener->tables.begin(), listener->tables.end());
  }
  const ReaderLease reader = readers_.snapshot();
  const SeenChanges seen = changes_->read(*reader, wanted, replaced);
  for (const ListenerPtr& listener : everyone) {
    listener->owed = false;
    if (listener->on_vector) deliver_vector(listener, seen.vector_moved);
    if (listener->on_changes) deliver_changes(listener, seen);
    if (listener->on_rows) deliver_rows(listener, *reader, seen, events);
  }
}

bool Dispatcher::Listener::has_room() {
  if (waiting < kMaxWaitingCalls) return true;
  owed = true;
  // The last waiting call may have run just now, and not have seen that something is owed.
  return waiting < kMaxWaitingCalls;
}

void Dispatcher::deliver_vector(const ListenerPtr& listener, bool moved) {
  listener->vector_owed |= moved;
  if (!listener->vector_owed || !listener->has_room()) return;
  listener->vector_owed = false;
  post(listener, [](Listener& self) { self.on_vector(); });
}

void Dispatcher::deliver_changes(const ListenerPtr& listener, const SeenChanges& seen) {
  ChangeSet set = told(seen.listed, listener->tables, listener->unlisted);
  if (set.changes.empty() && set.unlisted.empty()) return;
  if (!listener->has_room()) {
    listener->unlisted.insert(set.unlisted.begin(), set.unlisted.end());
    for (const Change& change : set.changes) listener->unlisted.insert(change.table);
    return;
  }
  listener->unlisted.clear();
  post(listener, [set = std::move(set)](Listener& self) { self.on_changes(set); });
}

void Dispatcher::deliver_rows(const ListenerPtr& listener, Reader& reader, const SeenChanges& seen,
                              BoundedEvents& events) {
  listener->fresh |= touches(seen, listener->tables);
  if (!listener->fresh || !listener->has_room()) return;
  listener->fresh = false;
  try {
    sqlite::Statement statement(reader.connection.raw(), listener->sql, false);
    Rows rows = read_rows(statement);
    listener->failing = false;
    post(listener, [rows = std::move(rows)](Listener& self) { self.on_rows(rows); });
  } catch (const Error& error) {
    // The others' news must not suffer. A query that is wrong may be mended by the next change of a
    // table; anything else is tried again at the next look.
    listener->fresh = error.code() != ErrorCode::sql;
    if (std::exchange(listener->failing, true)) return;
    events.add({DatabaseEvent::Kind::background_error,
                error.code(),
                {},
                {},
                {},
                "the watched query \"" + listener->sql + "\" failed: " + error.what()});
  }
}

void Dispatcher::deliver_events(const BoundedEvents& events) {
  for (const ListenerPtr& listener : listeners()) {
    if (!listener->on_event) continue;
    if (events.count() + listener->events_omitted == 0) continue;
    if (!listener->has_room()) {
      listener->events_omitted += events.count();
      continue;
    }
    BoundedEvents due = events;
    due.omit(std::exchange(listener->events_omitted, 0));
    post(listener, [due = due.take()](Listener& self) {
      for (const DatabaseEvent& event : due) self.on_event(event);
    });
  }
}

void Dispatcher::post(const ListenerPtr& listener, std::function<void(Listener&)> call) {
  auto run = [this, listener, call = std::move(call)] {
    const std::lock_guard running(listener->running);
    --listener->waiting;
    if (!listener->active) return;
    // From here to the end of the call the dispatcher is there: it retires its listeners first.
    if (listener->owed.exchange(false)) wake();
    try {
      call(*listener);
    } catch (const std::exception& error) {
      // There is nobody to pass it to; a callback that throws must not end the thread.
      std::fprintf(stderr, "rill: a callback threw: %s\n", error.what());
    }
  };
  ++listener->waiting;
  if (executor_) {
    executor_(std::move(run));
  } else {
    run();
  }
}

}  // namespace rill::storage
