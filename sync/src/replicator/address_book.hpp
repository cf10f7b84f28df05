#pragma once

#include <cstddef>
#include <vector>

#include "rill/device_key.hpp"
#include "rill/device_store.hpp"
#include "transport/endpoint.hpp"

namespace rill {

/// How many addresses are remembered in all, and of one member.
inline constexpr std::size_t kMaxAddresses = 256;
inline constexpr std::size_t kMaxAddressesPerMember = 4;

/// Where members were met last, kept in the device's store. Thread safety: one user at a time.
class AddressBook {
 public:
  struct Entry {
    DeviceId member;
    HostAndPort address;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  /// Reads what is stored; damage counts as nothing: the addresses will be found again.
  explicit AddressBook(DeviceStore& store);

  /// Latest first.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  /// Notes that the member was there; true if that is news, to be saved.
  bool note(const DeviceId& member, const HostAndPort& address);
  /// Forgets everything; to be saved.
  void clear() { entries_.clear(); }

  /// What `save` stores: made here, so that storing may happen elsewhere.
  [[nodiscard]] std::string encoded() const;
  /// Stores it. Throws the store's `Error`.
  static void save(DeviceStore& store, const std::string& encoded);

 private:
  std::vector<Entry> entries_;
};

}  // namespace rill
