#include "discovery/beacon.hpp"

#include <algorithm>

#include "byte_view.hpp"
#include "crypto.hpp"
#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::string_view kMagic = "RILb";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kInviting = 1;
constexpr std::size_t kHeaderBytes = kMagic.size() + 5 + kBeaconNonceBytes;
constexpr std::size_t kBeaconBytes = kHeaderBytes + kBeaconTags * kBeaconTagBytes;
static_assert(kBeaconBytes <= kMaxBeaconBytes);
/// Keeps these tags apart from whatever else a group's key is used for.
constexpr std::string_view kDomain = "rill beacon 1";

template <std::size_t Size>
std::array<std::uint8_t, Size> take(ByteReader& reader) {
  std::array<std::uint8_t, Size> result;
  std::ranges::copy(reader.raw(Size), result.begin());
  return result;
}

std::string encode_header(const BeaconHeader& header) {
  ByteWriter writer;
  writer.reserve(kBeaconBytes);
  writer.raw(kMagic);
  writer.byte(kVersion);
  writer.byte(header.inviting ? kInviting : 0);
  writer.byte(static_cast<std::uint8_t>(header.port & 0xFFU));
  writer.byte(static_cast<std::uint8_t>(header.port >> 8U));
  writer.byte(header.inviting.value_or(0));
  writer.raw(view(header.nonce));
  return writer.take();
}

std::string tag(const BeaconKey& key, std::string_view header) {
  std::string message(kDomain);
  message += header;
  return std::string(view(hmac_sha256(key, message)).substr(0, kBeaconTagBytes));
}

}  // namespace

std::string encode(const BeaconHeader& header, std::span<const BeaconKey> keys,
                   RandomSource& random) {
  if (header.port == 0 || header.inviting.value_or(0) > kMaxPublicDigits) {
    throw Error(ErrorCode::invalid_argument, "a beacon needs a port, and digits up to 99");
  }
  const std::string said = encode_header(header);
  std::string bytes = said;
  for (std::size_t index = 0; index < kBeaconTags; ++index) {
    if (index < keys.size()) {
      bytes += tag(keys[index], said);
      continue;
    }
    BeaconTag filler;
    random.fill(std::as_writable_bytes(std::span(filler)));
    bytes += view(filler);
  }
  return bytes;
}

std::optional<Beacon> decode_beacon(std::string_view bytes) {
  if (bytes.size() != kBeaconBytes) return {};
  ByteReader reader(bytes);  // which cannot fail: there are as many bytes as are read
  if (reader.raw(kMagic.size()) != kMagic || reader.byte() != kVersion) return {};
  const std::uint8_t flags = reader.byte();
  Beacon beacon;
  const std::uint8_t low = reader.byte();
  beacon.header.port = static_cast<std::uint16_t>(low | reader.byte() << 8U);
  const std::uint8_t digits = reader.byte();
  // One beacon has one form, so the tags cover all that was said.
  const bool sound = flags == kInviting ? digits <= kMaxPublicDigits : flags == 0 && digits == 0;
  if (!sound || beacon.header.port == 0) return {};
  if (flags == kInviting) beacon.header.inviting = digits;
  beacon.header.nonce = take<kBeaconNonceBytes>(reader);
  for (BeaconTag& tag : beacon.tags) tag = take<kBeaconTagBytes>(reader);
  return beacon;
}

bool matches(const Beacon& beacon, std::span<const BeaconKey> keys) {
  const std::string said = encode_header(beacon.header);
  unsigned found = 0;
  for (const BeaconKey& key : keys.first(std::min(keys.size(), kBeaconTags))) {
    const std::string expected = tag(key, said);
    for (const BeaconTag& candidate : beacon.tags) {
      found |= equal_secrets(view(candidate), expected) ? 1U : 0U;
    }
  }
  return found != 0;
}

}  // namespace rill
