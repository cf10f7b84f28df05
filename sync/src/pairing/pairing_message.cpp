#include "pairing/pairing_message.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "archive.hpp"
#include "crypto.hpp"
#include "readable_text.hpp"
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
  return sha256(text);
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
  message.name = readable_text(message.name);
  return message;
}

PairingReady decode_ready(std::string_view payload) {
  auto message = from_bytes<PairingReady>(payload, kMaxEarlyFrameBytes);
  message.name = readable_text(message.name);
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

}  // namespace rill::pairing
