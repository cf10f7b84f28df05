#pragma once

#include <asio/awaitable.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/ssl/context.hpp>
#include <asio/thread_pool.hpp>
#include <atomic>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "discovery/discovery.hpp"
#include "group/group.hpp"
#include "replicator/address_book.hpp"
#include "replicator/dialer.hpp"
#include "replicator/event_feed.hpp"
#include "replicator/file_lock.hpp"
#include "replicator/links.hpp"
#include "replicator/pairing_desk.hpp"
#include "replicator/peer_table.hpp"
#include "rill/replicator.hpp"
#include "transport/listener.hpp"

namespace rill {

/// What stands behind a `Replicator`: one I/O thread for sockets, timers and all decisions, worker
/// threads for the sessions, one thread for the app's callbacks.
///
///     discovery ─┐
///     addresses ─┴→ Dialer ─→ Links ←─ Listener      PairingDesk ←─ Listener, join
///                               │  one Connection for each member
///                           PeerTable → EventFeed → the app
///
/// Thread safety: public members, any thread but the I/O thread; the others are the I/O thread's.
class Replicator::Implementation {
 public:
  Implementation(Replica& replica, DeviceStore& store, ReplicatorOptions options);
  ~Implementation();
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  void start();
  void pause();
  std::string invite(Role role);
  std::string invite_link(Role role);
  void confirm(std::uint64_t request);
  void decline(std::uint64_t request);
  Member join(std::string_view code_or_link, const std::string& address,
              std::chrono::milliseconds patience);
  void revoke(const DeviceId& member);
  void set_role(const DeviceId& member, Role role);
  void leave();
  void dial(const std::string& address, Dialer::Origin origin);
  bool wait_in_sync(std::chrono::milliseconds timeout) { return peers_.wait_in_sync(timeout); }
  [[nodiscard]] std::vector<PeerStatus> peers() const;
  [[nodiscard]] std::vector<Member> members() const { return group_.members(); }
  [[nodiscard]] ReplicatorStatus status();
  Subscription on_event(ReplicatorCallback callback) {
    return feed_.subscribe(std::move(callback));
  }

 private:
  /// A join that looks for its inviter.
  struct Search;
  /// What came of a join, as values: exceptions stay in their thread.
  struct Joined {
    std::optional<Member> member;
    ErrorCode code = ErrorCode::internal;
    std::string text;
  };

  template <typename Call>
  auto on_io(Call call) -> decltype(call());

  // Listening and looking.
  void listen();
  [[nodiscard]] std::uint16_t last_port() const;
  void remember_port();
  void announce();
  asio::awaitable<void> serve(asio::ip::tcp::socket socket, Doorkeeper::Pass pass);
  void on_sighting(const Discovery::Sighting& sighting);
  void on_network_change();
  asio::awaitable<void> housekeeping();
  void stop_on_io();
  /// Ends the I/O thread once nothing is left that somebody waits for.
  void stop_if_idle();

  // Members.
  void push();
  void on_group_change();
  void on_met(const DeviceId& member, const asio::ip::tcp::endpoint& endpoint);
  void prepare_to_invite();
  void save_addresses();
  void tell(ReplicatorEvent::Kind kind, std::optional<Error> error = std::nullopt);
  [[nodiscard]] std::vector<std::string> own_addresses() const;

  // Joining.
  asio::awaitable<Joined> run_join(pairing::Invitation invitation, std::string address,
                                   std::chrono::milliseconds patience);
  asio::awaitable<Member> join_on_io(pairing::Invitation invitation, std::string address,
                                     std::chrono::milliseconds patience);
  asio::awaitable<Member> join_at(pairing::Invitation invitation,
                                  std::vector<HostAndPort> addresses);
  asio::awaitable<Member> join_found(pairing::PairingCode code, std::chrono::milliseconds patience);

  Replica& replica_;
  DeviceStore& store_;
  const ReplicatorOptions options_;
  const DeviceKey key_;
  EventFeed feed_;
  PeerTable peers_{feed_};
  Group group_;
  asio::thread_pool workers_;  ///< Outlives the I/O context: connections end with that.
  asio::io_context io_{1};
  asio::ssl::context tls_;
  Links links_;
  std::shared_ptr<Dialer> dialer_;
  PairingDesk desk_;
  std::shared_ptr<Listener> listener_;
  Discovery discovery_;
  AddressBook addresses_;
  std::list<std::shared_ptr<Search>> searches_;
  std::unique_ptr<FileLock> lock_;
  Signal house_;
  std::optional<Role> own_role_;
  std::optional<std::string> announced_digits_;
  std::uint64_t refused_ = 0;
  unsigned joins_ = 0;  ///< Under way.
  bool running_ = false;
  bool looking_ = false;
  bool stopping_ = false;
  std::atomic<bool> push_posted_ = false;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Subscription changes_;
  Subscription group_changes_;
  std::thread thread_;
};

}  // namespace rill
