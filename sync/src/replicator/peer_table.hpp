#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "replicator/event_feed.hpp"
#include "rill/member.hpp"
#include "rill/replicator.hpp"
#include "rill/session.hpp"

namespace rill {

class Connection;

/// What an app can ask about its peers, and what it is told of their sessions. Thread safety: all
/// members, any thread.
class PeerTable {
 public:
  explicit PeerTable(EventFeed& feed) : feed_(feed) {}

  /// A session with the member begins; it replaces an earlier one. `number`, above 0, is what
  /// `step` and `offline` tell it from that by.
  void online(const Member& member, const std::string& address, std::uint64_t number,
              std::weak_ptr<Connection> connection);
  /// What happened in a step of the session. What it moved counts even where another has taken its
  /// place.
  void step(const DeviceId& id, std::uint64_t number, const Session& session, std::uint64_t handled,
            const std::vector<SessionEvent>& events);
  /// The session is over.
  void offline(const DeviceId& id, std::uint64_t number);
  /// Where the member was last.
  void set_address(const DeviceId& id, const std::string& address);

  /// One for each of `members`.
  [[nodiscard]] std::vector<PeerStatus> statuses(const std::vector<Member>& members) const;
  /// Waits until everything was exchanged with a member, now or earlier, and all that are online
  /// are in sync as of this call; or until the time is up, or `interrupt`.
  bool wait_in_sync(std::chrono::milliseconds timeout);
  /// Ends all waits, now and later, and returns when they are over.
  void interrupt();

 private:
  struct Peer {
    PeerStatus status;
    std::uint64_t number = 0;  ///< Of the session; 0 without one.
    bool told = false;         ///< That it is online.
    std::weak_ptr<Connection> connection;
    /// What `status.moved` holds of each session that goes on, by its number.
    std::map<std::uint64_t, SessionProgress> counted;
    std::uint64_t handled = 0;
    std::uint64_t wanted = 0;  ///< What `handled` has to reach for a wait to end.
  };

  void count(Peer& peer, std::uint64_t number, const SessionProgress& progress);
  void tell(Peer& peer, const SessionEvent& event);
  [[nodiscard]] bool all_in_sync() const;

  EventFeed& feed_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<DeviceId, Peer> peers_;
  bool exchanged_ = false;  ///< With some member, at some time.
  bool interrupted_ = false;
  unsigned waiting_ = 0;  ///< Threads in `wait_in_sync`.
};

}  // namespace rill
