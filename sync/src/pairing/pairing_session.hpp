#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pairing/code.hpp"
#include "pairing/invitations.hpp"
#include "pairing/pairing_channel.hpp"
#include "pairing/spake2.hpp"
#include "rill/device_key.hpp"

namespace rill::pairing {

/// How long a side waits for the other's next message.
inline constexpr std::chrono::milliseconds kStepTimeout{10'000};
/// How long the inviter's user may think.
inline constexpr std::chrono::milliseconds kDecisionTimeout{120'000};
/// How long the records may take, from the user's consent to the joiner's DONE.
inline constexpr std::chrono::milliseconds kDeliveryTimeout{30'000};
/// Of the value that TLS exports (RFC 8446, section 7.5).
inline constexpr std::size_t kExporterBytes = 32;

/// `scalar_of_code`, or what a test puts in its place.
using Stretch = std::function<Scalar(std::string_view secret, std::string_view salt)>;

/// One end of the TLS connection that carries a run, and whose it is.
struct PairingOptions {
  /// The keys that both proved to TLS.
  PublicKey own_key{};
  PublicKey peer_key{};
  /// What TLS exports, the same for both ends of one connection and for no other: `kExporterBytes`.
  std::string exporter;
  /// What this device calls itself; cut to `kMaxDeviceName`.
  std::string device_name;
  /// The id of the group to which this device belongs; empty for none.
  std::string group;
  Stretch stretch = scalar_of_code;
};

// Two state machines that run a pairing over a connection that somebody else carries: bytes and
// time in, bytes and events out.
//
//     Joiner joiner(parse_invitation(typed), options, now);
//     loop:  send(joiner.take_output());
//            joiner.receive(whatever_came, now);
//            joiner.tick(now);                      // about once a second
//            for (const PairingEvent& event : joiner.take_events()) …
//     after the event `closed`: send(joiner.take_output()), and close the connection
//
// The keys are part of what SPAKE2 proves, and the exporter value, too: who stands between two
// connections cannot pass a run on from one to the other, even with the right code on both ends.
//
// Errors: nothing that the other side sends makes a call throw; the event `closed` tells of it.
// Its codes: wrong_code, expired (the invitation, or the user's time), declined, already_in_group,
// invalid_argument (both are in one group already, or are one device), version_mismatch, malformed,
// limit_exceeded, protocol, peer_gone, and whatever the other side says.
//
// One run takes one scrypt on either side, of about 50 ms, inside `receive`: on the inviter's only
// after an attempt was granted.
//
// Memory: until the other side has proved itself one frame of `kMaxEarlyFrameBytes`; the joiner
// then takes up to `kMaxRecordsBytes`.

/// The side that has a code or link. Thread safety: one user at a time.
class Joiner {
 public:
  /// Throws `Error{invalid_argument}` for an exporter value of another size.
  Joiner(const Invitation& invitation, PairingOptions options, std::chrono::milliseconds now);

  void receive(std::string_view bytes, std::chrono::milliseconds now);
  std::string take_output() { return channel_.take_output(); }
  std::vector<PairingEvent> take_events() { return channel_.take_events(); }
  void tick(std::chrono::milliseconds now) { channel_.tick(now); }
  /// The connection broke.
  void disconnected();
  /// The user of this side gives up.
  void cancel();

  /// After the event `records`, when they are stored durably: ends the run. From that event on
  /// nothing else does but this and `fail`: this device's own store decides whether it has joined.
  /// Throws `Error{invalid_argument}` at any other time.
  void stored();
  /// After the event `records`: they cannot be stored. Throws as `stored`.
  void fail(const Error& error);

  [[nodiscard]] bool closed() const noexcept { return channel_.ended(); }

 private:
  enum class State : std::uint8_t { greeted, proved, waiting, receiving, storing };

  void begin(std::chrono::milliseconds now);
  void handle(const PairingChannel::Message& message, std::chrono::milliseconds now);
  void on_offer(std::string_view payload, std::chrono::milliseconds now);
  void on_accept(std::string_view payload, std::chrono::milliseconds now);
  void on_records(const PairingChannel::Message& message, std::chrono::milliseconds now);
  void require_storing() const;

  Invitation invitation_;
  PairingOptions options_;
  PairingChannel channel_;
  State state_ = State::greeted;
  std::optional<Spake2> spake_;
  std::string records_;
};

/// The side whose user made the invitation. Thread safety: one user at a time; inviters of one book
/// are its users.
class Inviter {
 public:
  /// `book` must outlive it. Throws `Error{invalid_argument}` for an exporter value of another
  /// size.
  Inviter(Invitations& book, PairingOptions options, std::chrono::milliseconds now);

  void receive(std::string_view bytes, std::chrono::milliseconds now);
  std::string take_output() { return channel_.take_output(); }
  std::vector<PairingEvent> take_events() { return channel_.take_events(); }
  void tick(std::chrono::milliseconds now) { channel_.tick(now); }
  /// The connection broke.
  void disconnected();

  /// Whether the user's answer is awaited.
  [[nodiscard]] bool pending() const noexcept {
    return state_ == State::deciding && !channel_.ended();
  }
  /// The user agreed: sends the group's records, with the joiner's own among them. Throws `Error`:
  /// invalid_argument (not `pending`), limit_exceeded (above `kMaxGroupBytes` or
  /// `kMaxGroupRecords`); then nothing was sent.
  ///
  /// Without the joiner's DONE (`closed` with an error) it may have the records or not. It stays
  /// admitted, and may be invited again.
  void confirm(const std::vector<std::string>& records, std::chrono::milliseconds now);
  /// The user said no. Nothing if the run is over.
  void decline();

  [[nodiscard]] bool closed() const noexcept { return channel_.ended(); }

 private:
  enum class State : std::uint8_t { listening, offered, accepted, deciding, delivering };

  void handle(const PairingChannel::Message& message, std::chrono::milliseconds now);
  void on_hello(std::string_view payload, std::chrono::milliseconds now);
  void on_proof(std::string_view payload, std::chrono::milliseconds now);
  void on_ready(std::string_view payload, std::chrono::milliseconds now);
  void check_group(const PairingHello& hello) const;

  Invitations& book_;
  PairingOptions options_;
  PairingChannel channel_;
  State state_ = State::listening;
  std::optional<Attempt> attempt_;
  std::optional<Spake2> spake_;
};

}  // namespace rill::pairing
