#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "frame.hpp"
#include "gate.hpp"
#include "message.hpp"
#include "support/attacker.hpp"

namespace rill::test {

/// A member of the group that means ill, or whoever has its key and its records: it passes the gate
/// as a member does, and then sends what the test wants.
class HostileMember {
 public:
  HostileMember(std::uint16_t port, const DeviceKey& key, const Group& group)
      : tls_(std::make_unique<RawTls>(port, TlsManners{.device = &key})) {
    Gate gate(group, {tls_->peer_key(), tls_->exporter("EXPORTER-rill-gate"), 0, true});
    while (true) {
      tls_->send(gate.take_output());
      if (gate.open() || gate.error()) break;
      received_ = tls_->read_some();
      if (received_.empty()) break;
      std::string_view rest(received_);
      gate.receive(rest);
      received_.erase(0, received_.size() - rest.size());
    }
    open_ = gate.open();
    if (gate.error()) gate_error_ = gate.error()->code();
  }

  /// Whether it was let in.
  [[nodiscard]] bool open() const noexcept { return open_; }
  /// Why not.
  [[nodiscard]] std::optional<ErrorCode> gate_error() const noexcept { return gate_error_; }

  void send(std::string_view bytes) { tls_->send(bytes); }
  void send(FrameType type, std::string_view payload, std::uint8_t flags = 0) {
    const bool bulk = type == FrameType::begin || type == FrameType::delta ||
                      type == FrameType::ack || type == FrameType::retry || type == FrameType::have;
    std::string bytes;
    append_frame(bytes, type, bulk ? kMainSpace : std::uint16_t{0}, payload, flags);
    tls_->send(bytes);
  }

  /// The payload of the next frame of this type; empty if none comes before the end. What comes
  /// before it is passed over.
  std::optional<std::string> wait_for(FrameType type) {
    while (true) {
      std::string_view rest(received_);
      const auto frame = reader_.next(rest, kMaxFrameBytes);
      std::optional<std::string> found;
      if (frame && frame->is(type)) found = std::string(frame->payload);
      received_.erase(0, received_.size() - rest.size());
      if (found) return found;
      if (frame) continue;
      received_ = tls_->read_some();
      if (received_.empty()) return std::nullopt;
    }
  }
  /// The error by which the other end takes its leave; empty if it just ends the connection. Then
  /// this end closes, too: nothing more can be sent.
  std::optional<ErrorCode> error() {
    const auto payload = wait_for(FrameType::error);
    tls_.reset();
    return payload ? std::optional(decode_error(*payload).code) : std::nullopt;
  }

 private:
  std::unique_ptr<RawTls> tls_;
  std::string received_;  ///< And not looked at.
  FrameReader reader_;
  bool open_ = false;
  std::optional<ErrorCode> gate_error_;
};

}  // namespace rill::test
