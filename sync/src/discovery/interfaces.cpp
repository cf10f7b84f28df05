#include "discovery/interfaces.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

namespace rill {
namespace {

std::optional<asio::ip::address> address_of(const sockaddr* address) {
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof(v4));
    return asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof(v6));
    asio::ip::address_v6::bytes_type bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, v6.sin6_scope_id);
  }
  return {};
}

}  // namespace

bool Interface::has_v4() const {
  return std::ranges::any_of(addresses, [](const auto& address) { return address.is_v4(); });
}

bool Interface::has_v6() const {
  return std::ranges::any_of(addresses, [](const auto& address) { return address.is_v6(); });
}

std::vector<Interface> list_interfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  std::map<std::string, Interface> found;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if ((entry->ifa_flags & IFF_UP) == 0) continue;
    Interface& interface = found[entry->ifa_name];
    interface.name = entry->ifa_name;
    interface.loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
    interface.multicast = (entry->ifa_flags & IFF_MULTICAST) != 0;
    interface.running = (entry->ifa_flags & IFF_RUNNING) != 0;
    if (const auto address = address_of(entry->ifa_addr)) interface.addresses.push_back(*address);
  }
  std::vector<Interface> result;
  result.reserve(found.size());
  for (auto& [name, interface] : found) {
    interface.index = ::if_nametoindex(name.c_str());
    std::ranges::sort(interface.addresses);
    if (interface.index != 0) result.push_back(std::move(interface));
  }
  std::ranges::sort(result, {}, &Interface::index);
  return result;
}

}  // namespace rill
