#include "replicator/node.hpp"

#include <unistd.h>

#include <algorithm>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/ip/address.hpp>
#include <charconv>
#include <utility>

#include "replicator/search.hpp"
#include "transport/handshake.hpp"

namespace rill {
namespace {

using asio::ip::tcp;

/// Replicas write one at a time, so more threads would only wait. Fewer connections than threads
/// may be at work while the others' sockets are still served.
constexpr std::size_t kWorkers = 4;
/// How often it is looked whether another process changed the group, or an invitation is over.
constexpr std::chrono::milliseconds kHousekeeping{2'000};
/// In the device's store: where it listened last.
constexpr std::string_view kPortName = "port";

ReplicatorOptions completed(ReplicatorOptions options, const DeviceStore& store) {
  if (options.device_name.empty()) {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    options.device_name = host.data();
  }
  options.device_name.resize(std::min(options.device_name.size(), kMaxDeviceName));
  if (!options.key_store) {
    std::filesystem::path file = store.file();
    if (file.empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "a database without a file needs ReplicatorOptions::key_store for the device's "
                  "key");
    }
    file += "-key";
    options.key_store = std::make_shared<FileKeyStore>(file);
  }
  return options;
}

}  // namespace

Replicator::Implementation::Implementation(Replica& replica, DeviceStore& store,
                                           ReplicatorOptions options)
    : replica_(replica),
      store_(store),
      options_(completed(std::move(options), store)),
      key_(load_or_create(*options_.key_store)),
      group_(store, key_),
      workers_(kWorkers),
      tls_(tls_context(key_)),
      links_(io_, workers_, tls_, replica_, group_, peers_, feed_,
             {key_.id(),
              {options_.device_name, true, options_.timeouts},
              options_.handshake_timeout,
              [this](const DeviceId& id) { dialer_->retry(id); },
              [this](const DeviceId& id, const tcp::endpoint& endpoint) { on_met(id, endpoint); },
              [this] { stop_if_idle(); }}),
      dialer_(std::make_shared<Dialer>(io_, links_)),
      desk_(io_, tls_, key_, group_, feed_, {options_.device_name, options_.handshake_timeout}),
      discovery_(io_, {options_.discovery_port, options_.loopback_only},
                 {[this](const Discovery::Sighting& sighting) { on_sighting(sighting); },
                  [this] { on_network_change(); }}),
      addresses_(store),
      house_(io_),
      own_role_(group_.own_role()),
      work_(io_.get_executor()) {
  changes_ = replica_.on_vector_change([this] { push(); });
  group_changes_ = group_.on_change([this] { asio::post(io_, [this] { on_group_change(); }); });
  asio::co_spawn(io_, housekeeping(), asio::detached);
  thread_ = std::thread([this] { io_.run(); });
}

Replicator::Implementation::~Implementation() {
  peers_.interrupt();
  changes_.stop();
  group_changes_.stop();
  asio::post(io_, [this] { stop_on_io(); });
  thread_.join();
  workers_.join();
  feed_.stop();
}

void Replicator::Implementation::stop_on_io() {
  stopping_ = true;
  running_ = false;
  for (const auto& search : searches_) search->cancel();
  discovery_.stop();
  if (listener_) listener_->close();
  desk_.close();
  dialer_->end();
  links_.close();
  work_.reset();
  house_.notify();
  stop_if_idle();
}

void Replicator::Implementation::stop_if_idle() {
  // What still shakes hands then is dropped.
  if (stopping_ && links_.idle() && joins_ == 0) io_.stop();
}

template <typename Call>
auto Replicator::Implementation::on_io(Call call) -> decltype(call()) {
  std::packaged_task<decltype(call())()> task(std::move(call));
  auto result = task.get_future();
  asio::post(io_, [&task] { task(); });
  return result.get();
}

void Replicator::Implementation::tell(ReplicatorEvent::Kind kind, std::optional<Error> error) {
  ReplicatorEvent event;
  event.kind = kind;
  event.error = std::move(error);
  feed_.tell(std::move(event));
}

// Running ----------------------------------------------------------------------------------------

void Replicator::Implementation::start() {
  on_io([this] {
    if (running_) return;
    const std::filesystem::path file = store_.file();
    if (!lock_ && !file.empty()) {
      lock_ = std::make_unique<FileLock>(std::filesystem::path(file) += "-sync");
    }
    listen();
    remember_port();
    running_ = true;
    links_.resume();
    for (const AddressBook::Entry& entry : addresses_.entries()) {
      dialer_->add(entry.address, Dialer::Origin::remembered, entry.member);
    }
    dialer_->resume();
    announce();
  });
}

void Replicator::Implementation::pause() {
  on_io([this] {
    running_ = false;
    dialer_->pause();
    links_.close();
    announce();
    lock_.reset();
  });
}

void Replicator::Implementation::listen() {
  if (listener_) return;
  using asio::ip::address_v4;
  using asio::ip::address_v6;
  std::vector<asio::ip::address> addresses;
  if (options_.loopback_only) {
    addresses = {address_v4::loopback(), address_v6::loopback()};
  } else {
    addresses = {address_v4::any(), address_v6::any()};
  }
  auto listener =
      std::make_shared<Listener>(io_, [this](tcp::socket socket, Doorkeeper::Pass pass) {
        asio::co_spawn(io_, serve(std::move(socket), std::move(pass)), asio::detached);
      });
  // Others remember where they met this device.
  const std::uint16_t last = options_.port == 0 ? last_port() : std::uint16_t{0};
  try {
    listener->listen(addresses, last == 0 ? options_.port : last);
  } catch (const Error& error) {
    if (last == 0 || error.code() != ErrorCode::address_in_use) throw;
    listener->listen(addresses, 0);
  }
  listener_ = std::move(listener);
  links_.set_own_port(listener_->port());
}

std::uint16_t Replicator::Implementation::last_port() const {
  const std::optional<std::string> stored = store_.load(kPortName);
  std::uint16_t port = 0;
  if (stored) std::from_chars(stored->data(), stored->data() + stored->size(), port);
  return port;
}

void Replicator::Implementation::remember_port() {
  if (last_port() == listener_->port()) return;
  store_.store(kPortName, std::to_string(listener_->port()));
}

asio::awaitable<void> Replicator::Implementation::serve(tcp::socket socket, Doorkeeper::Pass pass) {
  try {
    SecureStream stream =
        co_await accept_secure(io_, tls_, std::move(socket), options_.handshake_timeout);
    const std::optional<Purpose> purpose = purpose_of(stream);
    if (purpose == Purpose::pairing && desk_.invited()) {
      co_await desk_.serve(std::move(stream), std::move(pass));
    } else if (purpose == Purpose::sync && running_ && group_.own_role()) {
      co_await links_.accept(std::move(stream), std::move(pass));
    } else {
      ++refused_;
    }
  } catch (const std::exception&) {
    ++refused_;  // somebody who does not speak Rill's protocol: not worth an event
  }
}

void Replicator::Implementation::announce() {
  announced_digits_ = desk_.public_digits();
  const bool wanted = running_ || desk_.open() || !searches_.empty();
  if (!options_.discovery || !wanted || stopping_) {
    discovery_.stop();
    looking_ = false;
    return;
  }
  discovery_.set_announcement({listener_ ? listener_->port() : std::uint16_t{0},
                               running_ ? group_.keys() : std::vector<GroupSecret>{},
                               announced_digits_});
  if (!std::exchange(looking_, true)) discovery_.start();
  discovery_.announce_now();
}

void Replicator::Implementation::on_sighting(const Discovery::Sighting& sighting) {
  const HostAndPort address{sighting.endpoint.address().to_string(), sighting.endpoint.port()};
  if (running_ && sighting.member) dialer_->add(address, Dialer::Origin::discovered);
  for (const auto& search : searches_) search->found(sighting);
}

void Replicator::Implementation::on_network_change() {
  links_.probe();
  dialer_->retry_all();
}

asio::awaitable<void> Replicator::Implementation::housekeeping() {
  while (!stopping_) {
    co_await house_.wait_for(kHousekeeping);
    if (stopping_) break;
    try {
      group_.reload();
    } catch (const Error& error) {
      tell(ReplicatorEvent::Kind::trouble, error);
    }
    if (announced_digits_ != desk_.public_digits()) announce();
  }
}

// Members ----------------------------------------------------------------------------------------

void Replicator::Implementation::push() {
  if (push_posted_.exchange(true)) return;
  asio::post(io_, [this] {
    push_posted_ = false;
    links_.push();
  });
}

void Replicator::Implementation::on_group_change() {
  if (stopping_) return;
  links_.group_changed();
  announce();
  dialer_->retry_all();
  tell(ReplicatorEvent::Kind::group_changed);
  const std::optional<Role> role = group_.own_role();
  if (own_role_ && !role && group_.exists()) tell(ReplicatorEvent::Kind::removed);
  own_role_ = role;
}

void Replicator::Implementation::on_met(const DeviceId& member, const tcp::endpoint& endpoint) {
  const HostAndPort address{endpoint.address().to_string(), endpoint.port()};
  peers_.set_address(member, to_string(address));
  dialer_->met(member, address);
  if (addresses_.note(member, address)) save_addresses();
}

void Replicator::Implementation::save_addresses() {
  asio::post(workers_, [this, encoded = addresses_.encoded()] {
    try {
      AddressBook::save(store_, encoded);
    } catch (const Error& error) {
      tell(ReplicatorEvent::Kind::trouble, error);
    }
  });
}

std::vector<PeerStatus> Replicator::Implementation::peers() const {
  std::vector<Member> members = group_.members();
  std::erase_if(members,
                [this](const Member& member) { return member.revoked || member.id == key_.id(); });
  return peers_.statuses(members);
}

ReplicatorStatus Replicator::Implementation::status() {
  return on_io([this] {
    ReplicatorStatus status;
    status.device = key_.id();
    status.name = options_.device_name;
    status.running = running_;
    status.role = group_.own_role();
    status.port = listener_ ? listener_->port() : std::uint16_t{0};
    status.refused = refused_;
    status.discovery_trouble = discovery_.trouble();
    return status;
  });
}

void Replicator::Implementation::revoke(const DeviceId& member) { group_.revoke(member); }

void Replicator::Implementation::set_role(const DeviceId& id, Role role) {
  const std::optional<Member> member = group_.find(id);
  if (!member) throw Error(ErrorCode::not_found, "the group has no member " + fingerprint(id));
  group_.admit(member->key, member->name, role);
}

void Replicator::Implementation::leave() {
  on_io([this] {
    links_.close();
    group_.leave();
    own_role_.reset();
    addresses_.clear();
    save_addresses();
    links_.resume();
  });
}

void Replicator::Implementation::dial(const std::string& address, Dialer::Origin origin) {
  const HostAndPort where = host_and_port(address);
  on_io([&] { dialer_->add(where, origin); });
}

// Pairing ----------------------------------------------------------------------------------------

void Replicator::Implementation::prepare_to_invite() {
  group_.reload();
  if (!group_.exists()) group_.create(options_.device_name);
  if (group_.own_role() != Role::admin) {
    throw Error(ErrorCode::not_allowed,
                "only an admin of the group may invite: ask one, or become one by set_role there");
  }
  listen();
}

std::string Replicator::Implementation::invite(Role role) {
  return on_io([&] {
    prepare_to_invite();
    std::string code = desk_.invite(role);
    announce();
    return code;
  });
}

std::string Replicator::Implementation::invite_link(Role role) {
  return on_io([&] {
    prepare_to_invite();
    std::string link = desk_.invite_link(role, own_addresses());
    announce();
    return link;
  });
}

std::vector<std::string> Replicator::Implementation::own_addresses() const {
  std::vector<std::string> addresses;
  for (const asio::ip::address& address : discovery_.own_addresses()) {
    if (addresses.size() == pairing::kMaxLinkAddresses) break;
    addresses.push_back(to_string(tcp::endpoint(address, listener_->port())));
  }
  return addresses;
}

void Replicator::Implementation::confirm(std::uint64_t request) {
  on_io([&] { desk_.confirm(request); });
}

void Replicator::Implementation::decline(std::uint64_t request) {
  on_io([&] { desk_.decline(request); });
}

}  // namespace rill
