#include "pairing/pairing_message.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "archive.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"

namespace rill::pairing {
namespace {

constexpr std::string_view kGroupLabel = "rill-pair 1 group";

/// All versions agree upon this much.
struct Versions {
  std::uint32_t oldest = kOldestPairing;
  std::uint32_t newest = kNewestPairing;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(oldest, newest);
  }
};

/// What follows in this version.
template <typename Archive>
void describe(Archive& archive, PairingHello& hello) {
  archive(limited(hello.invitation.kind, InvitationName::Kind::link),
          limited(hello.invitation.name, std::tuple_size_v<PairingLink::Id>), hello.group);
}

struct Records {
  std::vector<std::string> records;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(records, kMaxGroupRecords));
  }
};

void check_versions(const Versions& versions) {
  if (versions.oldest > versions.newest) {
    throw Error(ErrorCode::malformed, "the other device's range of versions is upside down");
  }
  if (versions.oldest > kNewestPairing || versions.newest < kOldestPairing) {
    throw Error(ErrorCode::version_mismatch,
                "the two devices have no version of pairing in common: update the older app");
  }
}

void check_size(const std::vector<std::string>& records) {
  const std::size_t bytes = std::accumulate(
      records.begin(), records.end(), std::size_t{0},
      [](std::size_t sum, const std::string& record) { return sum + record.size(); });
  if (bytes > kMaxGroupBytes || records.size() > kMaxGroupRecords) {
    throw Error(ErrorCode::limit_exceeded, "a group of " + std::to_string(records.size()) +
                                               " records with " + std::to_string(bytes) +
                                               " bytes is above what a pairing may carry");
  }
}

/// How many bytes the character at the start of `text` takes, and which it is; 0 for bytes that are
/// no UTF-8.
struct Character {
  std::size_t size = 0;
  char32_t code_point = 0;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text.front());
  if (lead < 0x80) return {1, lead};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t code_point = lead & (0x7FU >> size);
  for (std::size_t index = 1; index < size; ++index) {
    const auto byte = static_cast<std::uint8_t>(text[index]);
    if ((byte & 0xC0U) != 0x80) return {};
    code_point = code_point << 6U | (byte & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  if (code_point < kLeast[size - 2] || code_point > 0x10FFFF || surrogate) return {};
  return {size, code_point};
}

bool misleads(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7F && c <= 0x9F);
  const bool line_end = c == 0x2028 || c == 0x2029;
  const bool direction = c == 0x061C || c == 0x200E || c == 0x200F ||
                         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
  return control || line_end || direction;
}

}  // namespace

template <typename Archive>
void serialize(Archive& archive, PairingAccept& message) {
  archive(message.confirmation, limited(message.name, kMaxDeviceName));
}

template <typename Archive>
void serialize(Archive& archive, PairingReady& message) {
  archive(limited(message.name, kMaxDeviceName));
}

GroupTag tag_of_group(std::string_view exporter, std::string_view group) {
  std::string text(kGroupLabel);
  text.append(exporter).append(group);
  GroupTag tag{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), tag.data());
  return tag;
}

std::string encode(const PairingHello& message) {
  BoundedOutputArchive archive;
  PairingHello hello = message;
  archive(Versions{hello.oldest, hello.newest});
  describe(archive, hello);
  return archive.finish();
}

PairingHello decode_pairing_hello(std::string_view payload) {
  BoundedInputArchive archive(payload, kMaxEarlyFrameBytes);
  Versions versions;
  archive(versions);
  check_versions(versions);
  PairingHello hello;
  hello.oldest = versions.oldest;
  hello.newest = versions.newest;
  describe(archive, hello);
  archive.finish();
  return hello;
}

std::string encode(const PairingOffer& message) { return to_bytes(message); }
std::string encode(const PairingProof& message) { return to_bytes(message); }
std::string encode(const PairingAccept& message) { return to_bytes(message); }
std::string encode(const PairingReady& message) { return to_bytes(message); }

PairingOffer decode_offer(std::string_view payload) {
  return from_bytes<PairingOffer>(payload, kMaxEarlyFrameBytes);
}

PairingProof decode_proof(std::string_view payload) {
  return from_bytes<PairingProof>(payload, kMaxEarlyFrameBytes);
}

PairingAccept decode_accept(std::string_view payload) {
  auto message = from_bytes<PairingAccept>(payload, kMaxEarlyFrameBytes);
  message.name = readable_name(message.name);
  return message;
}

PairingReady decode_ready(std::string_view payload) {
  auto message = from_bytes<PairingReady>(payload, kMaxEarlyFrameBytes);
  message.name = readable_name(message.name);
  return message;
}

std::string encode_records(const std::vector<std::string>& records) {
  check_size(records);
  return to_bytes(Records{records}, kMaxRecordsBytes);
}

std::vector<std::string> decode_records(std::string_view bytes) {
  Records message = from_bytes<Records>(bytes, kMaxRecordsBytes);
  check_size(message.records);
  return std::move(message.records);
}

std::string limited_name(std::string_view name) {
  if (name.size() <= kMaxDeviceName) return std::string(name);
  std::size_t end = kMaxDeviceName;
  while (end > 0 && (static_cast<std::uint8_t>(name[end]) & 0xC0U) == 0x80) --end;
  return std::string(name.substr(0, end));
}

std::string readable_name(std::string_view name) {
  std::string readable;
  while (!name.empty()) {
    const Character character = first_character(name);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    if (character.size == 0 || misleads(character.code_point)) {
      readable += '?';
    } else {
      readable.append(name.substr(0, size));
    }
    name.remove_prefix(size);
  }
  return readable;
}

}  // namespace rill::pairing
