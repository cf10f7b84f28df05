#include "replicator/address_book.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "archive.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::string_view kValueName = "addresses";
constexpr std::size_t kMaxHostBytes = 255;

struct StoredEntry {
  std::array<std::uint8_t, 32> member{};
  std::string host;
  std::uint16_t port = 0;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(member, limited(host, kMaxHostBytes), port);
  }
};

struct StoredBook {
  std::vector<StoredEntry> entries;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(entries, kMaxAddresses));
  }
};

}  // namespace

AddressBook::AddressBook(DeviceStore& store) {
  const std::optional<std::string> stored = store.load(kValueName);
  if (!stored) return;
  try {
    for (StoredEntry& entry : from_bytes<StoredBook>(*stored).entries) {
      entries_.push_back({{entry.member}, {std::move(entry.host), entry.port}});
    }
  } catch (const Error&) {
    entries_.clear();
  }
}

bool AddressBook::note(const DeviceId& member, const HostAndPort& address) {
  const Entry entry{member, address};
  if (!entries_.empty() && entries_.front() == entry) return false;
  const bool known = std::erase(entries_, entry) > 0;
  std::size_t kept = 0;
  std::erase_if(entries_, [&](const Entry& old) {
    return old.address == address || (old.member == member && ++kept >= kMaxAddressesPerMember);
  });
  entries_.insert(entries_.begin(), entry);
  if (entries_.size() > kMaxAddresses) entries_.resize(kMaxAddresses);
  return !known;
}

std::string AddressBook::encoded() const {
  StoredBook book;
  book.entries.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    book.entries.push_back({entry.member.bytes, entry.address.host, entry.address.port});
  }
  return to_bytes(book);
}

void AddressBook::save(DeviceStore& store, const std::string& encoded) {
  store.store(kValueName, encoded);
}

}  // namespace rill
