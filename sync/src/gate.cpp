#include "gate.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "archive.hpp"
#include "byte_view.hpp"
#include "crypto.hpp"
#include "message.hpp"

namespace rill {
namespace {

constexpr std::string_view kProofDomain = "rill proof 1";
constexpr std::size_t kMaxCredentialRecords = 64;
constexpr std::uint16_t kControlStream = 0;

/// One tag for each key of the group, newest first.
struct Proofs {
  std::vector<std::string> tags;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(tags, kMaxGroupKeys));
  }
};

/// The records by which a device was admitted, and where it listens.
struct Credential {
  std::vector<std::string> records;
  std::uint16_t port = 0;

  template <typename Archive>
  void serialize(Archive& archive) {
    archive(limited(records, kMaxCredentialRecords), port);
  }
};

}  // namespace

Gate::Gate(const Group& group, Connection connection)
    : group_(group), connection_(std::move(connection)) {
  send_proofs();
}

std::string Gate::proof(const GroupSecret& key, bool of_dialer) const {
  std::string message(kProofDomain);
  message += of_dialer ? 'd' : 'a';
  message += connection_.channel;
  return std::string(view(hmac_sha256(key, message)));
}

void Gate::send_proofs() {
  Proofs proofs;
  for (const GroupSecret& key : group_.keys()) {
    if (proofs.tags.size() == kMaxGroupKeys) break;
    proofs.tags.push_back(proof(key, connection_.dialed));
  }
  send(GateFrame::proof, to_bytes(proofs));
}

void Gate::send(GateFrame type, std::string_view payload) {
  append_frame(output_, static_cast<FrameType>(type), kControlStream, payload);
}

std::string Gate::take_output() { return std::exchange(output_, {}); }

void Gate::receive(std::string_view& bytes) {
  try {
    while (!open() && !error_) {
      const std::optional<Frame> frame = reader_.next(bytes, kMaxGateFrameBytes);
      if (!frame) return;
      handle(*frame);
    }
  } catch (const Error& error) {
    error_ = error;
    send(GateFrame::error, encode(ErrorMessage{error.code(), error.what()}));
  }
}

void Gate::handle(const Frame& frame) {
  const auto type = static_cast<GateFrame>(frame.type);
  if (frame.flags != 0 || frame.stream != kControlStream) {
    throw Error(ErrorCode::protocol, "the peer sent a frame with unknown flags");
  }
  if (type == GateFrame::error) {
    const ErrorMessage message = decode_error(frame.payload);
    error_ = Error(message.code, "the peer refused this device: " + message.text);
  } else if (type == GateFrame::proof && !proved_) {
    on_proof(frame.payload);
  } else if (type == GateFrame::credential && proved_ && !member_) {
    on_credential(frame.payload);
  } else if (type == GateFrame::welcome && member_ && frame.payload.empty()) {
    welcome_ = true;
  } else {
    throw Error(ErrorCode::protocol,
                "the peer sent a frame of type " + std::to_string(frame.type) + " out of turn");
  }
}

void Gate::on_proof(std::string_view payload) {
  const auto proofs = from_bytes<Proofs>(payload, kMaxGateFrameBytes);
  for (const GroupSecret& key : group_.keys()) {
    const std::string expected = proof(key, !connection_.dialed);
    for (const std::string& tag : proofs.tags) proved_ = proved_ || equal_secrets(tag, expected);
  }
  if (!proved_) {
    throw Error(ErrorCode::not_a_member, "the two devices are not members of one group: pair them");
  }
  send(GateFrame::credential, to_bytes(Credential{group_.credential(), connection_.own_port}));
}

void Gate::on_credential(std::string_view payload) {
  const auto credential = from_bytes<Credential>(payload, kMaxGateFrameBytes);
  if (group_.revoked(DeviceId::of(connection_.peer))) {
    throw Error(ErrorCode::revoked,
                "the device was removed from the group: pair it again under a new key");
  }
  member_ = group_.check_credential(credential.records, connection_.peer);
  peer_port_ = credential.port;
  if (!member_) {
    throw Error(ErrorCode::not_a_member,
                "the device does not show that a member of the group admitted it: pair it");
  }
  send(GateFrame::welcome, {});
}

}  // namespace rill
