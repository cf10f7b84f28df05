#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pairing/pairing_session.hpp"
#include "rill/environment.hpp"

namespace rill::testing {

/// A stand-in for scrypt that costs nothing: the secret and a checksum of the salt, as they are.
inline pairing::Scalar cheap_stretch(std::string_view secret, std::string_view salt) {
  pairing::Scalar scalar{};
  std::size_t place = 16;
  for (const char byte : secret.substr(0, 16)) scalar[place++] = static_cast<std::uint8_t>(byte);
  std::uint32_t sum = 1;
  for (const char byte : salt) sum = sum * 31 + static_cast<std::uint8_t>(byte);
  for (place = 4; place < 8; ++place, sum >>= 8U) scalar[place] = static_cast<std::uint8_t>(sum);
  return scalar;
}

inline PublicKey key_of(std::uint8_t byte) {
  PublicKey key{};
  key.fill(byte);
  return key;
}

inline const PublicKey kJoinerKey = key_of(0x11);
inline const PublicKey kInviterKey = key_of(0x22);

inline pairing::PairingOptions joiner_options() {
  pairing::PairingOptions options;
  options.own_key = kJoinerKey;
  options.peer_key = kInviterKey;
  options.exporter = std::string(pairing::kExporterBytes, 'x');
  options.device_name = "Phone";
  options.stretch = cheap_stretch;
  return options;
}

inline pairing::PairingOptions inviter_options() {
  pairing::PairingOptions options = joiner_options();
  std::swap(options.own_key, options.peer_key);
  options.device_name = "Kitchen tablet";
  options.group = "group one";
  return options;
}

/// One side with the events that it has reported.
template <typename Side>
struct Reporting {
  Side side;
  std::vector<pairing::PairingEvent> events = {};

  template <typename... Arguments>
  explicit Reporting(Arguments&&... arguments) : side(std::forward<Arguments>(arguments)...) {}

  void collect() {
    for (auto& event : side.take_events()) events.push_back(std::move(event));
  }
  /// The first of the kind, if there was one.
  [[nodiscard]] const pairing::PairingEvent* find(pairing::PairingEvent::Kind kind) {
    collect();
    const auto found = std::ranges::find(events, kind, &pairing::PairingEvent::kind);
    return found == events.end() ? nullptr : &*found;
  }
  /// "open", "joined", or the name of the error that ended the run.
  [[nodiscard]] std::string outcome() {
    const auto* closed = find(pairing::PairingEvent::Kind::closed);
    if (closed == nullptr) return "open";
    if (!closed->error) return "joined";
    return std::string(to_string(closed->error->code()));
  }
  /// What it says of that.
  [[nodiscard]] std::string reason() {
    const auto* closed = find(pairing::PairingEvent::Kind::closed);
    return closed != nullptr && closed->error ? closed->error->what() : "";
  }
};

/// Carries bytes both ways until neither side has more to say.
template <typename A, typename B>
void exchange(A& a, B& b, std::chrono::milliseconds now) {
  for (;;) {
    const std::string from_a = a.take_output();
    const std::string from_b = b.take_output();
    if (from_a.empty() && from_b.empty()) return;
    b.receive(from_a, now);
    a.receive(from_b, now);
  }
}

}  // namespace rill::testing
