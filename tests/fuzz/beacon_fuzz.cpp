#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/beacon.hpp"
#include "fuzz/input.hpp"

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
  rill::fuzz::require(same, "two datagrams of one meaning");
  rill::fuzz::require(!rill::matches(*beacon, keys), "a forged tag");
  return 0;
}
