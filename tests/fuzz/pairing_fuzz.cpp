#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz/input.hpp"
#include "pairing/pairing_session.hpp"
#include "rill/error.hpp"
#include "support/pairing_pair.hpp"

// A pairing in which the messages of one side are spoilt from some step on: nothing crashes, every
// end has a type, and no device that spoils the proof of its code is shown to the user.

namespace {

using rill::fuzz::require;
using rill::fuzz::spoilt;
using rill::pairing::Inviter;
using rill::pairing::Joiner;
using rill::pairing::PairingEvent;
using rill::testing::Reporting;
using std::chrono::milliseconds;

constexpr milliseconds kNow{1'000};
/// hello, offer, proof, accept, ready, records, done.
constexpr std::size_t kMessages = 7;
constexpr std::size_t kProof = 2;

/// Up to a step both sides are honest.
class Pairing {
 public:
  Pairing()
      : code_(book_.create_code(1, *random_, kNow)),
        joiner(code_, rill::testing::joiner_options(), kNow),
        inviter(book_, rill::testing::inviter_options(), kNow) {}

  /// What goes out in this step, the one before having arrived.
  std::string message(std::size_t step) {
    if (step == 5 && inviter.side.pending()) inviter.side.confirm({"genesis", "admit"}, kNow);
    if (step == 6 && joiner.find(PairingEvent::Kind::records) != nullptr && !joiner.side.closed()) {
      joiner.side.stored();
    }
    return step % 2 == 0 ? joiner.side.take_output() : inviter.side.take_output();
  }
  void deliver(std::size_t step, std::string_view bytes) {
    if (step % 2 == 0) {
      inviter.side.receive(bytes, kNow);
    } else {
      joiner.side.receive(bytes, kNow);
    }
  }

 private:
  std::shared_ptr<rill::RandomSource> random_ = rill::system_random();
  rill::pairing::Invitations book_;
  rill::pairing::PairingCode code_;

 public:
  Reporting<Joiner> joiner;
  Reporting<Inviter> inviter;
};

template <typename Side>
void require_typed_end(Reporting<Side>& reporting) {
  // Longer than every wait; a joiner that stores waits for its owner alone.
  reporting.side.tick(kNow + milliseconds(1'000'000));
  const bool stores = reporting.find(PairingEvent::Kind::records) != nullptr;
  require(reporting.side.closed() || stores, "a wait has no end");
  require(reporting.outcome() != "internal", "an end is internal");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t hostile_step = static_cast<unsigned char>(input[0]) % kMessages;
  const bool any_bytes = static_cast<unsigned char>(input[1]) % 2 == 0;
  input.remove_prefix(2);

  Pairing pairing;
  bool proof_was_spoilt = false;
  for (std::size_t step = 0; step < kMessages; ++step) {
    std::string bytes = pairing.message(step);
    if (step == hostile_step) {
      const std::string genuine = bytes;
      bytes = any_bytes ? std::string(input) : spoilt(genuine, input);
      proof_was_spoilt = step == kProof && !bytes.starts_with(genuine);
    }
    pairing.deliver(step, bytes);
  }
  const bool asked = pairing.inviter.find(PairingEvent::Kind::request) != nullptr;
  require(!asked || !proof_was_spoilt, "a device is shown that proved nothing");
  require_typed_end(pairing.joiner);
  require_typed_end(pairing.inviter);
  return 0;
}
