#include "discovery/discovery.hpp"

#include <algorithm>
#include <array>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <deque>
#include <span>
#include <utility>

#include "discovery/interfaces.hpp"
#include "discovery/multicast.hpp"
#include "discovery/sightings.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

using std::chrono::milliseconds;
using Clock = asio::steady_timer::clock_type;

/// Between a beacon and the next at the start.
constexpr std::array<milliseconds, 2> kFirstIntervals{milliseconds{1'000}, milliseconds{2'000}};
/// Own nonces that are remembered: a beacon may still be on its way when its nonce is given up.
constexpr std::size_t kOwnNonces = 16;

std::optional<std::uint8_t> digits_of(const std::optional<std::string>& text) {
  if (!text) return {};
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text->size() != 2 || !std::ranges::all_of(*text, digit)) {
    throw Error(ErrorCode::invalid_argument, "a pairing code has two public digits");
  }
  return static_cast<std::uint8_t>(10 * ((*text)[0] - '0') + ((*text)[1] - '0'));
}

std::string text_of(std::uint8_t digits) {
  return {static_cast<char>('0' + digits / 10), static_cast<char>('0' + digits % 10)};
}

bool link_local(const asio::ip::address& address) {
  if (address.is_v6()) return address.to_v6().is_link_local();
  const auto bytes = address.to_v4().to_bytes();
  return bytes[0] == 169 && bytes[1] == 254;  // RFC 3927
}

}  // namespace

/// Timers hold it weakly, so it may go while they wait.
class Discovery::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::io_context& io, DiscoveryOptions options, Callbacks callbacks);

  void start();
  void stop();
  void set_announcement(Announcement announcement);
  void announce_now();
  [[nodiscard]] std::vector<asio::ip::address> own_addresses() const;
  [[nodiscard]] std::string trouble() const { return multicast_.trouble(); }

 private:
  [[nodiscard]] std::vector<Interface> wanted_interfaces() const;
  void poll();
  void schedule_poll();
  void renew_beacon();
  void restart_beacons();
  void schedule_beacon(milliseconds delay);
  void send_beacon();
  void tell_inviters();
  bool on_datagram(const asio::ip::address& source, std::string_view bytes);
  void tell(const std::string& host, const BeaconHeader& header, bool member);
  [[nodiscard]] Sightings::Time now() const;

  asio::io_context& io_;
  const DiscoveryOptions options_;
  const Callbacks callbacks_;
  Multicast multicast_;
  asio::steady_timer poll_timer_;
  asio::steady_timer beacon_timer_;
  std::vector<Interface> interfaces_;
  Sightings sightings_;
  Announcement announcement_;
  std::string beacon_;  ///< Encoded; empty if nothing is to be said.
  std::deque<BeaconNonce> own_nonces_;
  std::size_t sent_ = 0;  ///< Since the sequence began.
  bool started_ = false;
};

Discovery::Implementation::Implementation(asio::io_context& io, DiscoveryOptions options,
                                          Callbacks callbacks)
    : io_(io),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      multicast_(io, options_.port,
                 [this](const asio::ip::address& source, std::string_view bytes) {
                   return on_datagram(source, bytes);
                 }),
      poll_timer_(io),
      beacon_timer_(io) {}

Sightings::Time Discovery::Implementation::now() const {
  return std::chrono::duration_cast<milliseconds>(Clock::now().time_since_epoch());
}

// Starting, stopping and changes of the network ---------------------------------------------------

void Discovery::Implementation::start() {
  if (std::exchange(started_, true)) return;
  interfaces_ = wanted_interfaces();
  multicast_.open(interfaces_);
  schedule_poll();
  renew_beacon();
  restart_beacons();
}

void Discovery::Implementation::stop() {
  started_ = false;
  poll_timer_.cancel();
  beacon_timer_.cancel();
  multicast_.close();
  sightings_.clear();
}

std::vector<Interface> Discovery::Implementation::wanted_interfaces() const {
  std::vector<Interface> interfaces = list_interfaces();
  if (options_.loopback_only) {
    std::erase_if(interfaces, [](const Interface& interface) { return !interface.loopback; });
  }
  return interfaces;
}

void Discovery::Implementation::schedule_poll() {
  poll_timer_.expires_after(kInterfacePoll);
  poll_timer_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (self && !error && self->started_) self->poll();
  });
}

void Discovery::Implementation::poll() {
  schedule_poll();
  std::vector<Interface> interfaces = wanted_interfaces();
  if (interfaces == interfaces_) {
    multicast_.retry(beacon_);
    return;
  }
  interfaces_ = std::move(interfaces);
  // Sockets and memberships may have died with what they were bound to, and no call tells.
  multicast_.open(interfaces_);
  sightings_.clear();
  renew_beacon();
  restart_beacons();
  if (callbacks_.on_network_change) callbacks_.on_network_change();
}

std::vector<asio::ip::address> Discovery::Implementation::own_addresses() const {
  std::vector<asio::ip::address> own;
  std::vector<asio::ip::address> loopback;
  for (const Interface& interface : wanted_interfaces()) {
    auto& list = interface.loopback ? loopback : own;
    std::ranges::remove_copy_if(interface.addresses, std::back_inserter(list), link_local);
  }
  return own.empty() ? loopback : own;
}

// Sending -----------------------------------------------------------------------------------------

void Discovery::Implementation::set_announcement(Announcement announcement) {
  static_cast<void>(digits_of(announcement.inviting));
  if (announcement == announcement_) return;
  // What was a stranger's may match now, and the other way round.
  if (announcement.keys != announcement_.keys) sightings_.clear();
  announcement_ = std::move(announcement);
  renew_beacon();
  if (started_) restart_beacons();
}

void Discovery::Implementation::renew_beacon() {
  beacon_.clear();
  if (announcement_.port == 0 || (announcement_.keys.empty() && !announcement_.inviting)) return;
  BeaconHeader header{announcement_.port, digits_of(announcement_.inviting), {}};
  options_.random->fill(std::as_writable_bytes(std::span(header.nonce)));
  beacon_ = encode(header, announcement_.keys, *options_.random);
  own_nonces_.push_front(header.nonce);
  if (own_nonces_.size() > kOwnNonces) own_nonces_.pop_back();
}

void Discovery::Implementation::restart_beacons() {
  sent_ = 0;
  schedule_beacon(milliseconds{0});
}

void Discovery::Implementation::schedule_beacon(milliseconds delay) {
  beacon_timer_.expires_after(delay);
  beacon_timer_.async_wait([weak = weak_from_this()](const asio::error_code& error) {
    const auto self = weak.lock();
    if (self && !error && self->started_) self->send_beacon();
  });
}

void Discovery::Implementation::send_beacon() {
  if (beacon_.empty()) return;  // until there is something to say
  multicast_.send(beacon_);
  const milliseconds later = announcement_.inviting ? kInvitingInterval : kBeaconInterval;
  schedule_beacon(sent_ < kFirstIntervals.size() ? kFirstIntervals.at(sent_) : later);
  ++sent_;
}

void Discovery::Implementation::announce_now() {
  if (!started_) return;
  restart_beacons();
  asio::post(io_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->started_) self->tell_inviters();
  });
}

void Discovery::Implementation::tell_inviters() {
  for (const Sightings::Known& known : sightings_.inviters(now())) {
    tell(known.where.host, {known.where.port, known.inviting, known.where.nonce}, known.member);
  }
}

// Receiving ---------------------------------------------------------------------------------------

bool Discovery::Implementation::on_datagram(const asio::ip::address& source,
                                            std::string_view bytes) {
  if (!sightings_.admit(now())) return false;
  const std::optional<Beacon> beacon = decode_beacon(bytes);
  if (!beacon || source.is_unspecified() || source.is_multicast()) return true;
  if (std::ranges::find(own_nonces_, beacon->header.nonce) != own_nonces_.end()) return true;
  const bool member = matches(*beacon, announcement_.keys);
  const std::string host = source.to_string();
  if (sightings_.note(host, *beacon, member, now())) tell(host, beacon->header, member);
  return true;
}

void Discovery::Implementation::tell(const std::string& host, const BeaconHeader& header,
                                     bool member) {
  if (!callbacks_.on_found) return;
  asio::error_code error;
  Sighting sighting;
  sighting.endpoint = {asio::ip::make_address(host, error), header.port};
  sighting.member = member;
  if (header.inviting) sighting.inviting = text_of(*header.inviting);
  sighting.device.assign(header.nonce.begin(), header.nonce.end());
  if (!error) callbacks_.on_found(sighting);
}

// Discovery ---------------------------------------------------------------------------------------

Discovery::Discovery(asio::io_context& io, DiscoveryOptions options, Callbacks callbacks)
    : implementation_(
          std::make_shared<Implementation>(io, std::move(options), std::move(callbacks))) {}

Discovery::~Discovery() = default;

void Discovery::start() { implementation_->start(); }
void Discovery::stop() { implementation_->stop(); }

void Discovery::set_announcement(Announcement announcement) {
  implementation_->set_announcement(std::move(announcement));
}

void Discovery::announce_now() { implementation_->announce_now(); }

std::vector<asio::ip::address> Discovery::own_addresses() const {
  return implementation_->own_addresses();
}

std::string Discovery::trouble() const { return implementation_->trouble(); }

}  // namespace rill
