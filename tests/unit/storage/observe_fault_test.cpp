#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "support/disk_device.hpp"

namespace rill {
namespace {

using testing::DiskCall;
using testing::DiskDevice;
using testing::DiskFailure;

/// What callbacks brought, for a test to wait for.
class Received {
 public:
  template <typename Change>
  void note(Change change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  template <typename Condition>
  [[nodiscard]] bool wait_for(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

// The background thread is started by the first subscription.
TEST(ObserveFaultThreads, AReadThatFailsIsReportedAndNoChangeIsMissed) {
  bool reported = false;
  for (unsigned call = 0; call < 12; ++call) {
    SCOPED_TRACE("read " + std::to_string(call));
    DiskDevice device(call);
    Database& db = device.open();
    db.execute("INSERT INTO notes(id, title) VALUES('n', 'old'), ('gone', 'old')");
    Received received;
    std::vector<Change> changes;
    std::vector<std::string> shown;
    std::vector<DatabaseEvent> events;
    const Subscription on_events = db.on_event(
        [&](const DatabaseEvent& event) { received.note([&] { events.push_back(event); }); });
    const Subscription failing = db.watch(
        "SELECT title FROM notes WHERE id = 'n'",
        [&](auto& rows) { received.note([&] { shown.push_back(rows.front()["title"].text()); }); });
    const Subscription observing = db.observe({}, [&](const ChangeSet& set) {
      received.note([&] { changes.insert(changes.end(), set.changes.begin(), set.changes.end()); });
    });
    ASSERT_TRUE(received.wait_for([&] { return !shown.empty(); }));

    device.disk.inject({DiskFailure::io_error, DiskCall::read, call});
    db.transaction([&] {
      db.execute("UPDATE notes SET title = 'new' WHERE id = 'n'");
      db.execute("DELETE FROM notes WHERE id = 'gone'");
    });
    EXPECT_TRUE(received.wait_for([&] { return changes.size() >= 2 && shown.back() == "new"; }));
    received.note([&] {
      ASSERT_EQ(changes.size(), 2U);
      EXPECT_EQ(changes[0].columns[0].old_value, Value("old"));
      reported |= !events.empty();
      for (const DatabaseEvent& event : events) {
        EXPECT_EQ(event.kind, DatabaseEvent::Kind::background_error);
        EXPECT_EQ(to_string(event.code), to_string(ErrorCode::io)) << event.message;
      }
    });
    if (HasFailure()) return;
  }
  EXPECT_TRUE(reported) << "no read failed in the background";
}

TEST(ObserveFaultThreads, AFailureThatLastsIsReportedOnce) {
  DiskDevice device;
  Database& db = device.open();
  Received received;
  std::vector<DatabaseEvent> events;
  std::size_t changes = 0;
  const Subscription on_events = db.on_event(
      [&](const DatabaseEvent& event) { received.note([&] { events.push_back(event); }); });
  const Subscription observing = db.observe(
      {}, [&](const ChangeSet& set) { received.note([&] { changes += set.changes.size(); }); });
  db.execute("INSERT INTO notes(id) VALUES('n')");
  ASSERT_TRUE(received.wait_for([&] { return changes == 1; }));
  db.execute("UPDATE notes SET title = 'seen or not'");
  device.disk.inject({DiskFailure::io_error, DiskCall::read, 0, true});
  sqlite3_exec(db.handle(), "UPDATE notes SET title = 'new'", nullptr, nullptr, nullptr);
  EXPECT_TRUE(received.wait_for([&] { return !events.empty(); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(350));
  received.note([&] { EXPECT_EQ(events.size(), 1U); });
  device.disk.lift();
  db.execute("INSERT INTO notes(id) VALUES('m')");
  EXPECT_TRUE(received.wait_for([&] { return changes >= 3; }));
}

}  // namespace
}  // namespace rill
