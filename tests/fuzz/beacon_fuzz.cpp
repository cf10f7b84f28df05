#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/beacon.hpp"

// Hostile datagrams: each is refused, or has one meaning; none matches a key that its sender lacks.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto beacon = rill::decode_beacon(bytes);
  if (!beacon) return 0;
  rill::BeaconKey key;
  key.fill(0xA5);
  const std::vector keys{key};
  const std::string again = rill::encode(beacon->header, keys, *rill::system_random());
  const auto tags = static_cast<std::ptrdiff_t>(rill::kBeaconTags * rill::kBeaconTagBytes);
  const bool same = again.size() == size && std::equal(bytes.begin(), bytes.end() - tags,
                                                       again.begin(), again.end() - tags);
  if (!same || rill::matches(*beacon, keys)) {
    std::cerr << "beacon_fuzz: two datagrams of one meaning, or a forged tag\n";
    std::abort();
  }
  return 0;
}
