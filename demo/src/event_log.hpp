#pragma once

#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>

#include "application.hpp"
#include "rill/change_set.hpp"
#include "rill/replicator.hpp"

namespace notes {

/// Prints what happens while `run` and `watch` do: a line each, with the time.
/// Thread safety: all members may be called from any thread.
class EventLog {
 public:
  explicit EventLog(Application& application);

  void line(std::string_view text);
  /// The latest changes of a set, one line each, and how many more there were.
  void changes(const rill::ChangeSet& set);
  /// Devices that come and go, and what they bring.
  void replicator_event(const rill::ReplicatorEvent& event);
  void database_event(const rill::DatabaseEvent& event);

 private:
  [[nodiscard]] std::string describe(const rill::Change& change) const;

  Application& application_;
  std::mutex mutex_;
};

/// How a change of one column reads: "title: “Milk” → “Oat milk”", "tags: +home -shop", "views: 2 →
/// 3". Empty for columns that nobody watches.
std::string describe_column(const rill::ColumnChange& change);

}  // namespace notes
