#pragma once

#include <iosfwd>
#include <mutex>
#include <string>
#include <string_view>

#include "application.hpp"
#include "rill/change_set.hpp"
#include "rill/tcp.hpp"

namespace notes {

/// Prints what happens while `serve` and `watch` run: a line each, with the time.
/// Thread safety: all members may be called from any thread.
class EventLog {
 public:
  explicit EventLog(Application& application);

  void line(std::string_view text);
  /// The latest changes of a set, one line each, and how many more there were.
  void changes(const rill::ChangeSet& set);
  /// Connections that come and go, and what they moved.
  void connection(const rill::TcpEvent& event);
  void database_event(const rill::DatabaseEvent& event);

 private:
  [[nodiscard]] std::string describe(const rill::Change& change) const;

  Application& application_;
  std::mutex mutex_;
};

/// How a change of one column reads: "title: “Milk” → “Oat milk”", "tags: +home -shop", "views: 2 →
/// 3". Empty for columns that nobody watches.
std::string describe_column(const rill::ColumnChange& change);

/// "desk (3f2a…)", or the address of a peer that has not said who it is.
std::string peer_name(const rill::TcpEvent& event);

}  // namespace notes
