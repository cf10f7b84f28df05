#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "pairing/pairing_session.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/pairing_pair.hpp"

namespace rill::pairing {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Kind = PairingEvent::Kind;
using TheJoiner = rill::testing::Reporting<Joiner>;
using TheInviter = rill::testing::Reporting<Inviter>;

constexpr milliseconds kNow{1'000};
/// hello, offer, proof, accept, ready, records, done.
constexpr std::size_t kMessages = 7;

std::string frame(PairingFrame type, std::string_view payload, std::uint8_t flags = 0,
                  std::uint16_t stream = 0) {
  std::string bytes;
  append_frame(bytes, static_cast<FrameType>(type), stream, payload, flags);
  return bytes;
}

PairingFrame type_of(const std::string& message) {
  return static_cast<PairingFrame>(static_cast<std::uint8_t>(message.at(4)));
}

std::string payload_of(const std::string& message) { return message.substr(kFrameHeaderBytes); }

/// A run that went well so far, and whose next message has not arrived.
class PausedRun {
 public:
  explicit PausedRun(std::size_t delivered)
      : code_(book_.create_code(0, *random_, kNow)),
        joiner(code_, rill::testing::joiner_options(), kNow),
        inviter(book_, rill::testing::inviter_options(), kNow) {
    message = joiner.side.take_output();
    for (; step_ < delivered; ++step_) {
      deliver(message);
      if (step_ == 4) inviter.side.confirm({"genesis", "admit"}, kNow);
      if (step_ == 5) joiner.side.stored();
      message = to_joiner() ? joiner.side.take_output() : inviter.side.take_output();
    }
  }
  PausedRun(const PausedRun&) = delete;
  PausedRun& operator=(const PausedRun&) = delete;

  void deliver(const std::string& bytes) {
    if (to_joiner()) {
      joiner.side.receive(bytes, kNow);
    } else {
      inviter.side.receive(bytes, kNow);
    }
  }
  void tick(milliseconds now) {
    joiner.side.tick(now);
    inviter.side.tick(now);
  }
  /// Of the side to which the message was going.
  std::string outcome() { return to_joiner() ? joiner.outcome() : inviter.outcome(); }

 private:
  [[nodiscard]] bool to_joiner() const { return step_ % 2 == 1; }

  std::shared_ptr<RandomSource> random_ = system_random();
  Invitations book_;
  PairingCode code_;
  std::size_t step_ = 0;

 public:
  TheJoiner joiner;
  TheInviter inviter;
  std::string message;
};

TEST(PairingHostile, GenuineMessagesBringADeviceIn) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    PausedRun run(step);
    EXPECT_EQ(type_of(run.message),
              static_cast<PairingFrame>(static_cast<std::size_t>(PairingFrame::hello) + step));
    run.deliver(run.message);
    EXPECT_EQ(run.outcome(), step + 1 < kMessages ? "open" : "joined") << step;
  }
}

TEST(PairingHostile, PayloadsThatAreCutShortOrTooLongAreMalformed) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    const PausedRun sample(step);
    const std::size_t size = payload_of(sample.message).size();
    for (std::size_t kept = 0; kept <= size + 1; ++kept) {
      if (kept == size) continue;
      PausedRun run(step);
      std::string payload = payload_of(run.message);
      payload.resize(kept, 'x');
      run.deliver(frame(type_of(run.message), payload));
      EXPECT_EQ(run.outcome(), "malformed") << "step " << step << ", " << kept << " bytes";
    }
  }
}

TEST(PairingHostile, OversizeFramesAreRefusedByTheirHeader) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    const bool to_waiting_joiner = step == 5;
    const std::size_t limit = to_waiting_joiner ? kMaxRecordsFrameBytes : kMaxEarlyFrameBytes;
    PausedRun run(step);
    const std::string header =
        frame(type_of(run.message), std::string(limit + 1, 'x')).substr(0, kFrameHeaderBytes);
    run.deliver(header);
    EXPECT_EQ(run.outcome(), "limit_exceeded") << step;
  }
}

TEST(PairingHostile, RecordsAboveTheirLimitAreRefused) {
  PausedRun run(5);
  const std::string piece(kMaxRecordsFrameBytes, 'x');
  std::size_t sent = 0;
  for (; run.outcome() == "open" && sent < 2 * kMaxRecordsBytes; sent += piece.size()) {
    run.deliver(frame(PairingFrame::records, piece, kFrameMore));
  }
  EXPECT_EQ(run.outcome(), "limit_exceeded");
  EXPECT_LE(sent, kMaxRecordsBytes + 2 * piece.size());
}

TEST(PairingHostile, EmptyPiecesOfRecordsAreRefused) {
  PausedRun run(5);
  run.deliver(frame(PairingFrame::records, {}, kFrameMore));
  EXPECT_EQ(run.outcome(), "malformed");
}

TEST(PairingHostile, MessagesOutOfTurnAreRefused) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    for (std::size_t other = 0; other < kMessages; ++other) {
      if (other == step) continue;
      PausedRun run(step);
      const PausedRun source(other);
      run.deliver(source.message);
      EXPECT_EQ(run.outcome(), "protocol") << "step " << step << " got message " << other;
    }
  }
}

TEST(PairingHostile, AMessageSentTwiceIsRefused) {
  for (std::size_t step = 0; step + 1 < kMessages; ++step) {
    if (step == 5) continue;  // the joiner listens no more: its own store decides
    PausedRun run(step);
    run.deliver(run.message + run.message);
    EXPECT_EQ(run.outcome(), "protocol") << step;
  }
}

TEST(PairingHostile, FramesThatNoPairingHasAreRefused) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    for (const unsigned type : {0U, 1U, 10U, 31U, 40U, 255U}) {
      for (const std::uint8_t flags : {std::uint8_t{0}, kFrameOptional}) {
        PausedRun run(step);
        run.deliver(frame(static_cast<PairingFrame>(type), "x", flags));
        EXPECT_EQ(run.outcome(), "protocol") << step << ' ' << type;
      }
    }
    PausedRun on_stream(step);
    on_stream.deliver(
        frame(type_of(on_stream.message), payload_of(on_stream.message), std::uint8_t{0}, 1));
    EXPECT_EQ(on_stream.outcome(), "protocol");
    PausedRun flagged(step);
    flagged.deliver(frame(type_of(flagged.message), payload_of(flagged.message), 0x80));
    EXPECT_EQ(flagged.outcome(), "protocol");
  }
}

TEST(PairingHostile, AFrameThatNeverEndsRunsIntoTheTimeout) {
  for (std::size_t step = 0; step < kMessages; ++step) {
    PausedRun run(step);
    run.deliver(run.message.substr(0, run.message.size() - 1));
    EXPECT_EQ(run.outcome(), "open");
    run.tick(kNow + kDecisionTimeout + kStepTimeout);
    EXPECT_EQ(run.outcome(), "peer_gone") << step;
  }
}

TEST(PairingHostile, OtherProtocolsAreRefused) {
  for (const char* greeting :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02", "SSH-2.0-OpenSSH_9.2\r\n"}) {
    PausedRun run(0);
    run.deliver(std::string(greeting) + std::string(64, '\0'));
    EXPECT_THAT(run.outcome(), AnyOf("limit_exceeded", "protocol")) << greeting;
  }
}

TEST(PairingHostile, VersionsWithoutACommonOneAreToldSo) {
  PairingHello hello;
  hello.oldest = kNewestPairing + 1;
  hello.newest = kNewestPairing + 5;
  PausedRun run(0);
  // What another version says beyond its range is not looked at.
  run.deliver(frame(PairingFrame::hello, encode(hello) + "something new"));
  EXPECT_EQ(run.outcome(), "version_mismatch");
  PausedRun turned(0);
  hello.newest = 0;
  turned.deliver(frame(PairingFrame::hello, encode(hello)));
  EXPECT_EQ(turned.outcome(), "malformed");
}

TEST(PairingHostile, ANewerJoinerIsAnsweredInThisVersion) {
  PausedRun run(0);
  PairingHello hello = decode_pairing_hello(payload_of(run.message));
  hello.newest = kNewestPairing + 5;
  run.deliver(frame(PairingFrame::hello, encode(hello)));
  EXPECT_EQ(decode_offer(payload_of(run.inviter.side.take_output())).version, kNewestPairing);
}

TEST(PairingHostile, AnInviterMustChooseAVersionThatWasOffered) {
  PausedRun run(1);
  PairingOffer offer = decode_offer(payload_of(run.message));
  offer.version = kNewestPairing + 1;
  run.deliver(frame(PairingFrame::offer, encode(offer)));
  EXPECT_EQ(run.outcome(), "protocol");
}

TEST(PairingHostile, AShareThatIsNoPointIsMalformed) {
  PausedRun inviter(2);
  PairingProof proof = decode_proof(payload_of(inviter.message));
  proof.share.back() ^= 1U;
  inviter.deliver(frame(PairingFrame::proof, encode(proof)));
  EXPECT_EQ(inviter.outcome(), "malformed");
  PausedRun joiner(1);
  joiner.deliver(frame(PairingFrame::offer, encode(PairingOffer{})));
  EXPECT_EQ(joiner.outcome(), "malformed");
}

TEST(PairingHostile, ReflectedSharesAndConfirmationsProveNothing) {
  // A joiner without the code sends back what the inviter sent.
  PausedRun to_inviter(1);
  const PairingOffer offer = decode_offer(payload_of(to_inviter.message));
  to_inviter.inviter.side.receive(
      frame(PairingFrame::proof, encode(PairingProof{offer.share, Confirmation{}})), kNow);
  EXPECT_EQ(to_inviter.inviter.outcome(), "wrong_code");
  EXPECT_EQ(to_inviter.inviter.find(Kind::request), nullptr);

  // An inviter without the code sends back what the joiner sent: its confirmation, too.
  PausedRun to_joiner(1);
  to_joiner.deliver(to_joiner.message);
  const PairingProof proof = decode_proof(payload_of(to_joiner.joiner.side.take_output()));
  to_joiner.deliver(frame(PairingFrame::accept, encode(PairingAccept{proof.confirmation, ""})));
  EXPECT_EQ(to_joiner.outcome(), "wrong_code");
  EXPECT_EQ(to_joiner.joiner.find(Kind::waiting), nullptr);
}

TEST(PairingHostile, TheProofOfAnotherRunProvesNothing) {
  const PausedRun other(2);
  PausedRun run(2);
  run.deliver(other.message);
  EXPECT_EQ(run.outcome(), "wrong_code");
}

TEST(PairingHostile, TwoJoinersOrTwoInvitersGetNowhere) {
  PausedRun one(0);
  PausedRun two(0);
  one.joiner.side.receive(two.message, kNow);
  two.joiner.side.receive(one.message, kNow);
  EXPECT_EQ(one.joiner.outcome(), "protocol");
  EXPECT_EQ(two.joiner.outcome(), "protocol");
  rill::testing::exchange(one.inviter.side, two.inviter.side, kNow);
  one.inviter.side.tick(kNow + kStepTimeout);
  EXPECT_EQ(one.inviter.outcome(), "peer_gone");
}

TEST(PairingHostile, AnErrorsTextIsMadeHarmless) {
  PausedRun run(1);
  run.deliver(frame(PairingFrame::error,
                    encode(ErrorMessage{ErrorCode::expired, "a\x1b[2J\xE2\x80\xAE!"})));
  EXPECT_EQ(run.outcome(), "expired");
  EXPECT_THAT(run.joiner.reason(), HasSubstr("the other device: a?[2J?!"));
  EXPECT_EQ(run.joiner.side.take_output(), "") << "an error is not answered";
}

TEST(PairingHostile, NothingIsHeardAfterTheEnd) {
  PausedRun run(2);
  run.inviter.side.disconnected();
  run.deliver(run.message);
  EXPECT_EQ(run.outcome(), "peer_gone");
  EXPECT_EQ(run.inviter.side.take_output(), "");
}

/// `bytes` with a few changes at random.
std::string spoilt(std::string bytes, std::mt19937& random) {
  for (auto changes = random() % 4 + 1; changes > 0; --changes) {
    const std::size_t place = random() % (bytes.size() + 1);
    switch (random() % 3) {
      case 0:
        bytes.insert(place, 1, static_cast<char>(random() & 0xFFU));
        break;
      case 1:
        bytes.erase(place, random() % 8 + 1);
        break;
      default:
        if (place < bytes.size()) bytes[place] = static_cast<char>(random() & 0xFFU);
    }
  }
  return bytes;
}

TEST(PairingHostile, RandomBytesEndInATypedErrorOrNothing) {
  std::mt19937 random(3);
  std::size_t refused = 0;
  for (int round = 0; round < 2'000; ++round) {
    const std::size_t step = random() % kMessages;
    PausedRun run(step);
    std::string bytes = spoilt(run.message, random);
    if (round % 8 == 0) {
      bytes.resize(random() % 200);
      for (char& byte : bytes) byte = static_cast<char>(random() & 0xFFU);
    }
    run.deliver(bytes);
    EXPECT_NE(run.outcome(), "internal") << "step " << step;
    // What follows the last message is not looked at.
    const bool whole = step + 1 == kMessages && bytes.starts_with(run.message);
    EXPECT_EQ(run.outcome() == "joined", whole) << "step " << step;
    const bool proves = type_of(run.message) == PairingFrame::proof;
    if (proves && !bytes.starts_with(run.message)) {
      const std::string answer = run.inviter.side.take_output();
      EXPECT_TRUE(answer.empty() || type_of(answer) == PairingFrame::error);
      EXPECT_EQ(run.inviter.find(Kind::request), nullptr);
    }
    refused += run.outcome() == "open" ? 0U : 1U;
  }
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace rill::pairing
