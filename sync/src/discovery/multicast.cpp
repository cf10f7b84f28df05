#include "discovery/multicast.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/ip/multicast.hpp>
#include <asio/ip/udp.hpp>
#include <asio/ip/v6_only.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "discovery/beacon.hpp"

namespace rill {
namespace {

using asio::ip::udp;

/// How long a flooded socket is left alone.
constexpr std::chrono::milliseconds kFloodPause{100};
/// Room for about a hundred datagrams: what waits longer than a pause is not worth reading.
constexpr int kReceiveBufferBytes = 64 * 1024;

/// An option of the IP layer that Asio does not name.
template <typename Value>
asio::error_code set_option(udp::socket& socket, int level, int name, const Value& value) {
  if (::setsockopt(socket.native_handle(), level, name, &value, sizeof(value)) == 0) return {};
  return {errno, asio::error::get_system_category()};
}

void join_v4(udp::socket& socket, unsigned index, asio::error_code& error) {
  ip_mreqn request{};
  const asio::ip::address_v4::bytes_type group =
      asio::ip::make_address_v4(kMulticastGroupV4).to_bytes();
  std::ranges::copy(group, reinterpret_cast<unsigned char*>(&request.imr_multiaddr));
  request.imr_ifindex = static_cast<int>(index);
  // By index, since an address may be gone by now, or stand on two interfaces.
  error = set_option(socket, IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
  if (!error) error = set_option(socket, IPPROTO_IP, IP_MULTICAST_IF, request);
#ifdef IP_MULTICAST_ALL
  // Otherwise Linux hands over what any program's membership brings in, on any interface.
  if (!error) error = set_option(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0);
#endif
}

void join_v6(udp::socket& socket, unsigned index, asio::error_code& error) {
  const auto group = asio::ip::make_address_v6(kMulticastGroupV6);
  socket.set_option(asio::ip::multicast::join_group(group, index), error);
  if (!error) {
    socket.set_option(asio::ip::multicast::outbound_interface(index), error);
  }
}

}  // namespace

/// One socket: an interface with one of the two protocols.
struct Multicast::Link : std::enable_shared_from_this<Link> {
  Link(asio::io_context& io, const Interface& interface, bool six, std::uint16_t discovery_port,
       std::shared_ptr<OnDatagram> callback)
      : name(interface.name),
        index(interface.index),
        loopback(interface.loopback),
        v6(six),
        port(discovery_port),
        on_datagram(std::move(callback)),
        socket(io),
        pause(io) {}

  void open();
  void close();
  void send(std::string_view bytes);
  void receive();
  void on_received(std::size_t size);

  const std::string name;
  const unsigned index;
  const bool loopback;
  const bool v6;
  const std::uint16_t port;
  const std::shared_ptr<OnDatagram> on_datagram;
  udp::socket socket;
  asio::steady_timer pause;
  asio::error_code open_error;
  asio::error_code send_error;
  bool closed = false;
  udp::endpoint source;
  /// One more than a beacon takes, so that a longer one does not look like one.
  std::array<char, kMaxBeaconBytes + 1> buffer{};

 private:
  void set_up(asio::error_code& error);
  void bind_loopback_v6(asio::error_code& error);
  [[nodiscard]] udp::endpoint destination() const;
};

udp::endpoint Multicast::Link::destination() const {
  if (!v6) {
    return {loopback ? asio::ip::address_v4({127, 255, 255, 255})
                     : asio::ip::make_address_v4(kMulticastGroupV4),
            port};
  }
  auto group = asio::ip::make_address_v6(kMulticastGroupV6);
  group.scope_id(index);
  return {group, port};
}

void Multicast::Link::open() {
  asio::error_code error;
  asio::error_code ignored;
  socket.close(ignored);
  socket.open(v6 ? udp::v6() : udp::v4(), error);
  if (!error) socket.non_blocking(true, error);
  if (!error) socket.set_option(udp::socket::receive_buffer_size(kReceiveBufferBytes), error);
  if (!error) set_up(error);
  open_error = error;
  if (error) {
    socket.close(ignored);
  } else {
    receive();
  }
}

void Multicast::Link::set_up(asio::error_code& error) {
  if (v6 && loopback) {
    bind_loopback_v6(error);
    return;
  }
  if (v6) socket.set_option(asio::ip::v6_only(true), error);
  // Programs of one machine share the port; each is given every datagram to a group.
  if (!error) socket.set_option(udp::socket::reuse_address(true), error);
  if (!error) socket.bind(destination(), error);
  if (error) return;
  if (loopback) {
    socket.set_option(asio::socket_base::broadcast(true), error);
    return;
  }
  if (v6) {
    join_v6(socket, index, error);
  } else {
    join_v4(socket, index, error);
  }
  if (!error) socket.set_option(asio::ip::multicast::hops(1), error);
  // This machine's other programs are reached by the loopback interface.
  if (!error) socket.set_option(asio::ip::multicast::enable_loopback(false), error);
}

void Multicast::Link::bind_loopback_v6(asio::error_code& error) {
  for (std::uint16_t slot = 1; slot <= kLoopbackPorts; ++slot) {
    const auto candidate = static_cast<std::uint16_t>(port + slot);
    socket.bind({asio::ip::address_v6::loopback(), candidate}, error);
    if (!error) return;
  }
  socket.bind({asio::ip::address_v6::loopback(), 0}, error);  // none is free: to send only
}

void Multicast::Link::close() {
  closed = true;
  asio::error_code ignored;
  socket.close(ignored);
}

void Multicast::Link::send(std::string_view bytes) {
  send_error = {};
  if (!socket.is_open()) return;
  if (!v6 || !loopback) {
    socket.send_to(asio::buffer(bytes), destination(), 0, send_error);
    return;
  }
  for (std::uint16_t slot = 1; slot <= kLoopbackPorts; ++slot) {
    const auto neighbour = static_cast<std::uint16_t>(port + slot);
    asio::error_code error;
    socket.send_to(asio::buffer(bytes), {asio::ip::address_v6::loopback(), neighbour}, 0, error);
    if (error) send_error = error;
  }
}

void Multicast::Link::receive() {
  if (closed) return;
  socket.async_receive_from(
      asio::buffer(buffer), source,
      [self = shared_from_this()](const asio::error_code& error, std::size_t size) {
        if (self->closed || error == asio::error::operation_aborted) return;
        // Errors of single datagrams, such as an ICMP answer to one of ours, pass as empty ones:
        // what counts them also sees to it that they cannot keep this thread busy.
        self->on_received(error ? 0 : size);
      });
}

void Multicast::Link::on_received(std::size_t size) {
  const bool more = (*on_datagram)(source.address(), std::string_view(buffer.data(), size));
  if (more || closed) {
    receive();
    return;
  }
  pause.expires_after(kFloodPause);
  pause.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error) self->receive();
  });
}

// Multicast ---------------------------------------------------------------------------------------

Multicast::Multicast(asio::io_context& io, std::uint16_t port, OnDatagram on_datagram)
    : io_(io), port_(port), on_datagram_(std::make_shared<OnDatagram>(std::move(on_datagram))) {}

Multicast::~Multicast() {
  for (const auto& link : links_) link->close();
}

void Multicast::open(const std::vector<Interface>& interfaces) {
  close();
  std::size_t used = 0;
  for (const Interface& interface : interfaces) {
    if (!interface.loopback && !interface.multicast) continue;
    if (++used > kMaxDiscoveryInterfaces) break;
    for (const bool v6 : {false, true}) {
      if (v6 ? !interface.has_v6() : !interface.has_v4()) continue;
      links_.push_back(std::make_shared<Link>(io_, interface, v6, port_, on_datagram_));
      links_.back()->open();
    }
  }
}

void Multicast::close() {
  for (const auto& link : links_) link->close();
  links_.clear();
}

void Multicast::send(std::string_view bytes) {
  for (const auto& link : links_) link->send(bytes);
}

void Multicast::retry(std::string_view bytes) {
  for (const auto& link : links_) {
    const bool failed = link->open_error || link->send_error;
    if (link->open_error) link->open();
    if (failed && !bytes.empty()) link->send(bytes);
  }
}

std::string Multicast::trouble() const {
  for (const auto& link : links_) {
    const asio::error_code& error = link->open_error ? link->open_error : link->send_error;
    if (error) return link->name + (link->v6 ? " (IPv6): " : " (IPv4): ") + error.message();
  }
  return {};
}

}  // namespace rill
