#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/interfaces.hpp"

namespace rill {

/// Interfaces that are used at a time; more, as of a machine full of containers, are left out.
inline constexpr std::size_t kMaxDiscoveryInterfaces = 32;
/// Ports of ::1, after the port of discovery, at which programs of one machine hear each other.
inline constexpr std::uint16_t kLoopbackPorts = 8;
/// Administratively scoped (RFC 2365), for IPv4; with a hop limit of 1 it stays on the link.
inline constexpr const char* kMulticastGroupV4 = "239.255.82.108";
/// Of link-local scope (RFC 4291), for IPv6.
inline constexpr const char* kMulticastGroupV6 = "ff02::7269:6c6c";

/// Sends datagrams to all devices that can be reached without a router, and receives theirs.
///
/// Each interface has a socket for IPv4 and one for IPv6, bound to the group's address, so what is
/// sent to this device alone, from wherever, is never looked at. On the loopback interface, which
/// on Linux does no multicast, IPv4 uses the broadcast address 127.255.255.255, which all programs
/// hear. IPv6 has no such thing: there each program takes one of a few ports of ::1, and all of
/// them are sent to; a program that finds none free only sends.
///
/// Failures of a socket are remembered, and concern nothing else. Thread safety: everything, the
/// callback too, is for the thread that runs the I/O context.
class Multicast {
 public:
  /// Is told of a datagram and where it came from; false asks for a pause of `kFloodPause` on that
  /// socket, in which the system drops what comes. Must not throw.
  using OnDatagram = std::function<bool(const asio::ip::address& source, std::string_view bytes)>;

  Multicast(asio::io_context& io, std::uint16_t port, OnDatagram on_datagram);
  ~Multicast();
  Multicast(const Multicast&) = delete;
  Multicast& operator=(const Multicast&) = delete;

  /// Closes all sockets and opens those that suit the interfaces.
  void open(const std::vector<Interface>& interfaces);
  /// Closes all sockets. No callback comes afterwards.
  void close();
  /// Sends on every socket.
  void send(std::string_view bytes);
  /// Opens, and sends on, those sockets only that failed at it last time.
  void retry(std::string_view bytes);
  /// What failed last, such as "eth0 (IPv6): Network is unreachable"; empty if nothing does.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Link;

  asio::io_context& io_;
  const std::uint16_t port_;
  std::shared_ptr<OnDatagram> on_datagram_;
  std::vector<std::shared_ptr<Link>> links_;
};

}  // namespace rill
