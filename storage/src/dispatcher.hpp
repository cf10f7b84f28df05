#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "apply.hpp"
#include "bounded_events.hpp"
#include "change_reader.hpp"
#include "reader_pool.hpp"
#include "rill/change_set.hpp"
#include "rill/environment.hpp"
#include "rill/rows.hpp"
#include "rill/subscription.hpp"

namespace rill::storage {

/// Tells subscribers what committed: one thread, woken by commits of this process and looking for
/// those of others.
///
/// Callbacks run on the app's executor (or this thread), never under a lock of Rill's. Memory is
/// bounded, whatever commits and however slow callbacks are: by the limits of change_set.hpp.
/// Thread safety: all members may be called from any thread.
class Dispatcher {
 public:
  Dispatcher(ReaderPool& readers, Executor executor);
  /// Ends all subscriptions and waits for a running callback.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  Subscription observe(std::vector<std::string> tables,
                       std::function<void(const ChangeSet&)> changed);
  /// `tables`: the replicated tables that `sql` reads.
  Subscription watch(std::string sql, std::vector<std::string> tables,
                     std::function<void(const Rows&)> changed);
  Subscription on_event(std::function<void(const DatabaseEvent&)> happened);
  Subscription on_vector_change(std::function<void()> changed);

  /// Whether anyone wants old values.
  [[nodiscard]] bool observed() const noexcept { return observers_ > 0; }

  /// A transaction of this process committed.
  void committed(ReplacedRows replaced);
  void happened(BoundedEvents events);

 private:
  /// One registration; its mutex is held while its callback runs.
  struct Listener {
    std::recursive_mutex running;
    bool active = true;
    std::vector<std::string> tables;
    std::string sql;
    // Used by the dispatcher's thread alone.
    bool fresh = true;               // a watch that has to run, whatever changed
    bool failing = false;            // its query failed last time
    bool vector_owed = false;        // a call of on_vector did not fit
    std::set<std::string> unlisted;  // tables whose changes were not handed out
    std::uint64_t events_omitted = 0;
    // Calls that the executor has not run yet, and whether something waits for their end.
    std::atomic<std::size_t> waiting{0};
    std::atomic<bool> owed{false};
    std::function<void(const ChangeSet&)> on_changes;
    std::function<void(const Rows&)> on_rows;
    std::function<void(const DatabaseEvent&)> on_event;
    std::function<void()> on_vector;

    /// Whether another call may be handed to the executor; if not, the last one to run wakes the
    /// dispatcher.
    bool has_room();
    /// Waits for a running call and lets none follow; false if that was done before.
    bool retire();
  };
  using ListenerPtr = std::shared_ptr<Listener>;

  Subscription add(const ListenerPtr& listener);
  void remove(const ListenerPtr& listener);
  void run();
  void restart();
  void wake();
  void keep(ReplacedRows replaced);
  /// Whether anything was committed since the last call. Cheap: no snapshot is taken.
  bool others_committed();
  void look(std::vector<ReplacedRows>& replaced, BoundedEvents& events);
  void deliver_vector(const ListenerPtr& listener, bool moved);
  void deliver_changes(const ListenerPtr& listener, const SeenChanges& seen);
  void deliver_rows(const ListenerPtr& listener, Reader& reader, const SeenChanges& seen,
                    BoundedEvents& events);
  void deliver_events(const BoundedEvents& events);
  void post(const ListenerPtr& listener, std::function<void(Listener&)> call);
  std::vector<ListenerPtr> listeners();

  ReaderPool& readers_;
  Executor executor_;
  std::atomic<int> observers_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<ListenerPtr> listeners_;
  std::vector<ReplacedRows> replaced_;  // not reported yet; no two follow directly
  BoundedEvents events_;
  std::unique_ptr<ChangeReader> restarted_;  // where the first of new subscriptions begins
  bool pending_ = false;
  bool stopping_ = false;
  std::thread thread_;  // started with the first subscription

  // Used by the thread alone.
  std::unique_ptr<ChangeReader> changes_;
  bool failing_ = false;     // the last look did not succeed
  ReaderLease probe_;        // its connection tells whether others have committed
  std::int64_t probed_ = 0;  // by `PRAGMA data_version`
  int quiet_looks_ = 0;      // in a row; a cap of `kQuietLooks`
};

/// Runs a query and reads its rows.
Rows read_rows(sqlite::Statement& statement);

}  // namespace rill::storage
