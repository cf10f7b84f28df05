#include "pairing/pairing_session.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "byte_view.hpp"
#include "message.hpp"
#include "readable_text.hpp"
#include "rill/error.hpp"

namespace rill::pairing {
namespace {

constexpr std::string_view kJoinerLabel = "rill-pair 1 joiner";
constexpr std::string_view kInviterLabel = "rill-pair 1 inviter";

std::string identity(std::string_view label, const PublicKey& key) {
  return std::string(label).append(view(key));
}

Spake2::Context context(const PublicKey& joiner, const PublicKey& inviter,
                        const std::string& exporter) {
  return {identity(kJoinerLabel, joiner), identity(kInviterLabel, inviter), exporter};
}

/// The same secret gives each pair of devices and each invitation another scalar, so that nothing
/// can be computed ahead.
Scalar scalar(const Stretch& stretch, std::string secret, const InvitationName& name,
              const Spake2::Context& context) {
  const char* kind = name.kind == InvitationName::Kind::code ? "code" : "link";
  const Scalar result = stretch(secret, context.identity_a + context.identity_b + kind + name.name);
  OPENSSL_cleanse(secret.data(), secret.size());
  return result;
}

Error silent() { return {ErrorCode::peer_gone, "the other device does not answer: try again"}; }

[[noreturn]] void refuse_order() {
  throw Error(ErrorCode::protocol, "the other device sent a message out of its turn");
}

void check(const PairingOptions& options) {
  if (options.exporter.size() == kExporterBytes) return;
  throw Error(ErrorCode::invalid_argument, "a pairing needs " + std::to_string(kExporterBytes) +
                                               " bytes that its connection exports, and not " +
                                               std::to_string(options.exporter.size()));
}

void check_other_device(const PairingOptions& options) {
  if (options.own_key != options.peer_key) return;
  throw Error(ErrorCode::invalid_argument,
              "both ends are this device: join from another one with this code or link");
}

}  // namespace

// The joiner -------------------------------------------------------------------------------------

Joiner::Joiner(const Invitation& invitation, PairingOptions options, std::chrono::milliseconds now)
    : invitation_(invitation), options_(std::move(options)) {
  check(options_);
  try {
    begin(now);
  } catch (const Error& error) {
    channel_.end(error, true);
  }
}

void Joiner::begin(std::chrono::milliseconds now) {
  check_other_device(options_);
  const auto* link = std::get_if<PairingLink>(&invitation_);
  if (link != nullptr && link->inviter != DeviceId::of(options_.peer_key)) {
    throw Error(ErrorCode::wrong_code,
                "another device answers than the one that made the pairing link: check that you "
                "are in the same network, or let it make a new one");
  }
  PairingHello hello;
  hello.invitation = name_of(invitation_);
  if (!options_.group.empty()) hello.group = tag_of_group(options_.exporter, options_.group);
  channel_.send(PairingFrame::hello, encode(hello));
  channel_.await(now + kStepTimeout, silent());
}

void Joiner::receive(std::string_view bytes, std::chrono::milliseconds now) {
  if (state_ == State::storing) return;
  channel_.receive(bytes, [&](const auto& message) { handle(message, now); });
}

void Joiner::handle(const PairingChannel::Message& message, std::chrono::milliseconds now) {
  if (message.type == PairingFrame::offer && state_ == State::greeted) {
    on_offer(message.payload, now);
  } else if (message.type == PairingFrame::accept && state_ == State::proved) {
    on_accept(message.payload, now);
  } else if (message.type == PairingFrame::records &&
             (state_ == State::waiting || state_ == State::receiving)) {
    on_records(message, now);
  } else {
    refuse_order();
  }
}

void Joiner::on_offer(std::string_view payload, std::chrono::milliseconds now) {
  const PairingOffer offer = decode_offer(payload);
  if (offer.version < kOldestPairing || offer.version > kNewestPairing) {
    throw Error(ErrorCode::protocol, "the other device chose a version that was not offered");
  }
  // The inviter refuses this; one that does not is not to be trusted with more.
  if (!options_.group.empty()) {
    throw Error(ErrorCode::already_in_group,
                "this device belongs to a group: it must leave that before it joins another");
  }
  Spake2::Context both = context(options_.own_key, options_.peer_key, options_.exporter);
  const Scalar code = scalar(options_.stretch, secret_of(invitation_), name_of(invitation_), both);
  spake_.emplace(Spake2::Side::a, code, std::move(both));
  spake_->receive(view(offer.share));
  channel_.send(PairingFrame::proof, encode(PairingProof{spake_->share(), spake_->confirmation()}));
  channel_.await(now + kStepTimeout, silent());
  state_ = State::proved;
}

void Joiner::on_accept(std::string_view payload, std::chrono::milliseconds now) {
  const PairingAccept accept = decode_accept(payload);
  if (!spake_ || !spake_->confirms(view(accept.confirmation))) {
    throw Error(ErrorCode::wrong_code,
                "the other device does not know the code: compare it, or ask for a new one");
  }
  spake_.reset();
  channel_.send(PairingFrame::ready, encode(PairingReady{limited_name(options_.device_name)}));
  channel_.limit_frames(kMaxRecordsFrameBytes);
  // The inviter's own timeout comes first, and tells more.
  channel_.await(now + kDecisionTimeout + kStepTimeout, silent());
  state_ = State::waiting;
  PairingEvent event;
  event.kind = PairingEvent::Kind::waiting;
  event.id = DeviceId::of(options_.peer_key);
  event.name = accept.name;
  channel_.note(std::move(event));
}

void Joiner::on_records(const PairingChannel::Message& message, std::chrono::milliseconds now) {
  if (records_.size() + message.payload.size() > kMaxRecordsBytes) {
    throw Error(ErrorCode::limit_exceeded, "the group's records are above their limit");
  }
  if (message.more && message.payload.empty()) {
    throw Error(ErrorCode::malformed, "a piece of the group's records is empty");
  }
  if (state_ == State::waiting) channel_.await(now + kDeliveryTimeout, silent());
  state_ = State::receiving;
  records_.append(message.payload);
  if (message.more) return;
  PairingEvent event;
  event.kind = PairingEvent::Kind::records;
  event.id = DeviceId::of(options_.peer_key);
  event.records = decode_records(records_);
  records_ = {};
  channel_.stop_waiting();
  state_ = State::storing;
  channel_.note(std::move(event));
}

void Joiner::require_storing() const {
  if (state_ == State::storing && !channel_.ended()) return;
  throw Error(ErrorCode::invalid_argument, "no records of a group wait to be stored");
}

void Joiner::stored() {
  require_storing();
  channel_.send(PairingFrame::done, {});
  channel_.end(std::nullopt, false);
}

void Joiner::fail(const Error& error) {
  require_storing();
  // Its text may name files of this device.
  channel_.send(PairingFrame::error,
                encode(ErrorMessage{error.code(), "it cannot store the group's records"}));
  channel_.end(error, false);
}

void Joiner::cancel() {
  if (state_ == State::storing) return;
  channel_.end(Error(ErrorCode::declined, "the joining device's user gave up"), true);
}

void Joiner::disconnected() {
  if (state_ == State::storing) return;
  channel_.end(Error(ErrorCode::peer_gone, "the connection to the other device broke: try again"),
               false);
}

// The inviter ------------------------------------------------------------------------------------

Inviter::Inviter(Invitations& book, PairingOptions options, std::chrono::milliseconds now)
    : book_(book), options_(std::move(options)) {
  check(options_);
  channel_.await(now + kStepTimeout, silent());
}

void Inviter::receive(std::string_view bytes, std::chrono::milliseconds now) {
  channel_.receive(bytes, [&](const auto& message) { handle(message, now); });
}

void Inviter::handle(const PairingChannel::Message& message, std::chrono::milliseconds now) {
  if (message.type == PairingFrame::hello && state_ == State::listening) {
    on_hello(message.payload, now);
  } else if (message.type == PairingFrame::proof && state_ == State::offered) {
    on_proof(message.payload, now);
  } else if (message.type == PairingFrame::ready && state_ == State::accepted) {
    on_ready(message.payload, now);
  } else if (message.type == PairingFrame::done && state_ == State::delivering) {
    if (!message.payload.empty()) throw Error(ErrorCode::malformed, "a DONE is not empty");
    channel_.end(std::nullopt, false);
  } else {
    refuse_order();
  }
}

void Inviter::check_group(const PairingHello& hello) const {
  if (!hello.group) return;
  if (!options_.group.empty() && hello.group == tag_of_group(options_.exporter, options_.group)) {
    throw Error(ErrorCode::invalid_argument,
                "both devices belong to the same group already: there is nothing to do");
  }
  throw Error(ErrorCode::already_in_group,
              "the joining device belongs to another group: it must leave that first");
}

void Inviter::on_hello(std::string_view payload, std::chrono::milliseconds now) {
  const PairingHello hello = decode_pairing_hello(payload);
  check_other_device(options_);
  check_group(hello);
  attempt_ = book_.begin(hello.invitation, now);
  Spake2::Context both = context(options_.peer_key, options_.own_key, options_.exporter);
  const Scalar code =
      scalar(options_.stretch, std::exchange(attempt_->secret, {}), hello.invitation, both);
  spake_.emplace(Spake2::Side::b, code, std::move(both));
  channel_.send(PairingFrame::offer,
                encode(PairingOffer{std::min(hello.newest, kNewestPairing), spake_->share()}));
  channel_.await(now + kStepTimeout, silent());
  state_ = State::offered;
}

void Inviter::on_proof(std::string_view payload, std::chrono::milliseconds now) {
  const PairingProof proof = decode_proof(payload);
  if (!spake_ || !attempt_) refuse_order();
  spake_->receive(view(proof.share));
  if (!spake_->confirms(view(proof.confirmation))) {
    const unsigned left = book_.attempts_left(*attempt_);
    throw Error(ErrorCode::wrong_code,
                left > 0 ? "the codes differ: compare them, and try again; attempts left: " +
                               std::to_string(left)
                         : "the codes differ: let the inviting device make a new one");
  }
  book_.use(*attempt_);
  channel_.send(PairingFrame::accept,
                encode(PairingAccept{spake_->confirmation(), limited_name(options_.device_name)}));
  spake_.reset();
  channel_.await(now + kStepTimeout, silent());
  state_ = State::accepted;
}

void Inviter::on_ready(std::string_view payload, std::chrono::milliseconds now) {
  PairingEvent event;
  event.kind = PairingEvent::Kind::request;
  event.id = DeviceId::of(options_.peer_key);
  event.name = decode_ready(payload).name;
  event.role = attempt_ ? attempt_->role : std::uint8_t{0};
  channel_.await(now + kDecisionTimeout,
                 {ErrorCode::expired,
                  "the inviting device's user did not answer in time: make a new invitation"});
  state_ = State::deciding;
  channel_.note(std::move(event));
}

void Inviter::confirm(const std::vector<std::string>& records, std::chrono::milliseconds now) {
  if (!pending()) {
    throw Error(ErrorCode::invalid_argument,
                "no device waits for this consent any more: invite it anew");
  }
  const std::string bytes = encode_records(records);
  std::string_view rest = bytes;
  do {
    const std::string_view piece = rest.substr(0, kMaxRecordsFrameBytes);
    rest.remove_prefix(piece.size());
    channel_.send(PairingFrame::records, piece, !rest.empty());
  } while (!rest.empty());
  channel_.await(now + kDeliveryTimeout, silent());
  state_ = State::delivering;
}

void Inviter::decline() {
  if (!pending()) return;
  channel_.end(Error(ErrorCode::declined, "the inviting device's user said no"), true);
}

void Inviter::disconnected() {
  channel_.end(Error(ErrorCode::peer_gone, "the connection to the other device broke: try again"),
               false);
}

}  // namespace rill::pairing
