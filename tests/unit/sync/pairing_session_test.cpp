#include "pairing/pairing_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "frame.hpp"
#include "message.hpp"
#include "rill/error.hpp"
#include "rill/session.hpp"
#include "support/expect_error.hpp"
#include "support/pairing_pair.hpp"

namespace rill::pairing {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = PairingEvent::Kind;
using TheJoiner = rill::testing::Reporting<Joiner>;
using TheInviter = rill::testing::Reporting<Inviter>;
using rill::testing::exchange;
using rill::testing::inviter_options;
using rill::testing::joiner_options;
using rill::testing::kInviterKey;
using rill::testing::kJoinerKey;

/// The code with another last digit.
PairingCode mistyped(PairingCode code) {
  code.digits.back() = code.digits.back() == '0' ? '1' : '0';
  return code;
}

class PairingSessionTest : public ::testing::Test {
 protected:
  TheJoiner joiner(const Invitation& invitation) {
    return TheJoiner(invitation, joiner_options(), now_);
  }
  TheInviter inviter() { return TheInviter(book_, inviter_options(), now_); }
  PairingCode code() { return book_.create_code(1, *random_, now_); }
  PairingLink link() { return book_.create_link(2, DeviceId::of(kInviterKey), {}, *random_, now_); }
  /// How a run with the invitation ends for both, if the user agrees.
  std::pair<std::string, std::string> run(const Invitation& invitation) {
    TheJoiner a = joiner(invitation);
    TheInviter b = inviter();
    exchange(a.side, b.side, now_);
    if (b.side.pending()) b.side.confirm({"record"}, now_);
    exchange(a.side, b.side, now_);
    if (a.find(Kind::records) != nullptr) a.side.stored();
    exchange(a.side, b.side, now_);
    return {a.outcome(), b.outcome()};
  }

  std::shared_ptr<RandomSource> random_ = system_random();
  milliseconds now_{1'000};
  Invitations book_;
};

const std::pair<std::string, std::string> kJoined{"joined", "joined"};
const std::pair<std::string, std::string> kWrongCode{"wrong_code", "wrong_code"};
const std::pair<std::string, std::string> kExpired{"expired", "expired"};

TEST_F(PairingSessionTest, ACodeBringsADeviceIntoTheGroup) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  const PairingEvent* waiting = a.find(Kind::waiting);
  ASSERT_NE(waiting, nullptr);
  EXPECT_EQ(waiting->id, DeviceId::of(kInviterKey));
  EXPECT_EQ(waiting->name, "Kitchen tablet");
  const PairingEvent* request = b.find(Kind::request);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->id, DeviceId::of(kJoinerKey));
  EXPECT_EQ(request->name, "Phone");
  EXPECT_EQ(request->role, 1);
  EXPECT_TRUE(b.side.pending());
  EXPECT_EQ(a.find(Kind::records), nullptr) << "nothing of the group before the user agreed";

  b.side.confirm({"genesis", "", std::string("\0x", 2)}, now_);
  EXPECT_FALSE(b.side.pending());
  exchange(a.side, b.side, now_);
  const PairingEvent* records = a.find(Kind::records);
  ASSERT_NE(records, nullptr);
  EXPECT_THAT(records->records, ElementsAre("genesis", "", std::string("\0x", 2)));
  EXPECT_EQ(b.outcome(), "open") << "the joiner has not stored them";
  a.side.stored();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "joined");
  EXPECT_EQ(b.outcome(), "joined");
}

TEST_F(PairingSessionTest, ALinkDoesSoToo) { EXPECT_EQ(run(link()), kJoined); }

TEST_F(PairingSessionTest, RunsWithScryptToo) {
  PairingOptions joining = joiner_options();
  PairingOptions inviting = inviter_options();
  joining.stretch = PairingOptions().stretch;
  inviting.stretch = PairingOptions().stretch;
  TheJoiner a(code(), joining, now_);
  TheInviter b(book_, inviting, now_);
  exchange(a.side, b.side, now_);
  EXPECT_TRUE(b.side.pending());
}

TEST_F(PairingSessionTest, BytesMayComeOneByOne) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  const auto carry = [&](auto& from, auto& to) {
    const std::string bytes = from.take_output();
    for (const char byte : bytes) to.receive({&byte, 1}, now_);
  };
  for (int step = 0; step < 3; ++step) {
    carry(a.side, b.side);
    carry(b.side, a.side);
  }
  EXPECT_TRUE(b.side.pending());
}

TEST_F(PairingSessionTest, CarriesAsManyRecordsAsAGroupMayHave) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  std::vector<std::string> records(kMaxGroupRecords, std::string(256, 'r'));
  records.back() += 'x';
  EXPECT_ERROR(b.side.confirm(records, now_), ErrorCode::limit_exceeded);
  EXPECT_TRUE(b.side.pending());
  EXPECT_ERROR(b.side.confirm(std::vector<std::string>(kMaxGroupRecords + 1), now_),
               ErrorCode::limit_exceeded);
  records.back().pop_back();
  b.side.confirm(records, now_);
  exchange(a.side, b.side, now_);
  const PairingEvent* event = a.find(Kind::records);
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->records, records);
}

TEST_F(PairingSessionTest, AWrongCodeIsRefusedAndCounted) {
  const PairingCode right = code();
  TheJoiner a = joiner(mistyped(right));
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "wrong_code");
  EXPECT_EQ(b.outcome(), "wrong_code");
  EXPECT_THAT(a.reason(), HasSubstr("attempts left: 2"));
  EXPECT_EQ(b.find(Kind::request), nullptr) << "the user is not asked";
  EXPECT_EQ(run(mistyped(right)), kWrongCode);
  EXPECT_EQ(run(right), kJoined);
}

TEST_F(PairingSessionTest, AFourthAttemptIsRefusedEvenWithTheRightCode) {
  const PairingCode right = code();
  for (unsigned attempt = 0; attempt < kMaxAttempts; ++attempt) {
    EXPECT_EQ(run(mistyped(right)), kWrongCode);
  }
  EXPECT_EQ(run(right), kExpired);
}

TEST_F(PairingSessionTest, ParallelRunsGetNoMoreAttempts) {
  const PairingCode right = code();
  std::vector<TheJoiner> joiners;
  std::vector<TheInviter> inviters;
  joiners.reserve(kMaxAttempts + 1);
  inviters.reserve(kMaxAttempts + 1);
  for (unsigned count = 0; count <= kMaxAttempts; ++count) {
    joiners.push_back(joiner(mistyped(right)));
    inviters.push_back(inviter());
    inviters.back().side.receive(joiners.back().side.take_output(), now_);
  }
  for (unsigned count = 0; count < kMaxAttempts; ++count) {
    EXPECT_EQ(inviters[count].outcome(), "open");
  }
  EXPECT_EQ(inviters.back().outcome(), "expired");
}

TEST_F(PairingSessionTest, OfTwoRunsWithTheRightCodeOneIsServed) {
  const PairingCode right = code();
  TheJoiner a = joiner(right);
  TheJoiner other = joiner(right);
  TheInviter b = inviter();
  TheInviter c = inviter();
  b.side.receive(a.side.take_output(), now_);
  exchange(other.side, c.side, now_);
  EXPECT_TRUE(c.side.pending());
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "expired");
  EXPECT_THAT(a.reason(), HasSubstr("used by another device"));
}

TEST_F(PairingSessionTest, ACodeServesOnce) {
  const PairingCode right = code();
  EXPECT_EQ(run(right), kJoined);
  EXPECT_EQ(run(right), kExpired);
}

TEST_F(PairingSessionTest, AnOldInvitationIsRefused) {
  const PairingCode old_code = code();
  const PairingLink old_link = link();
  now_ += kCodeLifetime;
  EXPECT_EQ(run(old_code), kExpired);
  now_ += kLinkLifetime - kCodeLifetime;
  EXPECT_EQ(run(old_link), kExpired);
}

TEST_F(PairingSessionTest, AnUnknownInvitationIsRefused) {
  EXPECT_EQ(run(PairingCode{"12345678"}), kWrongCode);
  const PairingLink stranger =
      PairingLink::draw(*random_, DeviceId::of(kInviterKey), std::vector<std::string>{});
  EXPECT_EQ(run(stranger), kWrongCode);
}

TEST_F(PairingSessionTest, TheSecretIsStretchedOncePerGrantedAttempt) {
  const PairingCode right = code();
  int stretched = 0;
  const auto count_runs = [&](const Invitation& invitation) {
    stretched = 0;
    PairingOptions options = inviter_options();
    options.stretch = [&](std::string_view secret, std::string_view salt) {
      ++stretched;
      return rill::testing::cheap_stretch(secret, salt);
    };
    TheInviter b(book_, options, now_);
    TheJoiner a = joiner(invitation);
    exchange(a.side, b.side, now_);
    return stretched;
  };
  EXPECT_EQ(count_runs(PairingLink{DeviceId::of(kInviterKey), {}, {}}), 0) << "no such invitation";
  EXPECT_EQ(count_runs(mistyped(right)), 1);
  EXPECT_EQ(count_runs(right), 1);
  EXPECT_EQ(count_runs(right), 0) << "used";
}

TEST_F(PairingSessionTest, AManInTheMiddleWithTwoConnectionsFails) {
  // He ends both TLS connections with a key of his own, and passes on every byte. Both users type
  // the right code.
  const PublicKey his = rill::testing::key_of(0x66);
  for (const bool same_exporter : {false, true}) {
    PairingOptions joining = joiner_options();
    PairingOptions inviting = inviter_options();
    joining.peer_key = his;
    inviting.peer_key = his;
    if (!same_exporter) inviting.exporter = std::string(kExporterBytes, 'y');
    TheJoiner a(code(), joining, now_);
    TheInviter b(book_, inviting, now_);
    exchange(a.side, b.side, now_);
    EXPECT_EQ(a.outcome(), "wrong_code");
    EXPECT_EQ(b.outcome(), "wrong_code");
    EXPECT_EQ(b.find(Kind::request), nullptr);
  }
}

TEST_F(PairingSessionTest, AnotherConnectionsExporterAloneFails) {
  PairingOptions joining = joiner_options();
  joining.exporter = std::string(kExporterBytes, 'y');
  TheJoiner a(code(), joining, now_);
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "wrong_code");
  EXPECT_EQ(b.outcome(), "wrong_code");
}

TEST_F(PairingSessionTest, AnotherDevicesKeyAloneFails) {
  PairingOptions joining = joiner_options();
  joining.own_key = rill::testing::key_of(0x33);
  TheJoiner a(code(), joining, now_);
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(b.outcome(), "wrong_code");
}

TEST_F(PairingSessionTest, ALinkOfAnotherInviterIsNotEvenNamed) {
  const PairingLink foreign =
      PairingLink::draw(*random_, DeviceId::of(rill::testing::key_of(0x44)), {});
  TheJoiner a = joiner(foreign);
  EXPECT_EQ(a.outcome(), "wrong_code");
  EXPECT_THAT(a.reason(), HasSubstr("another device answers"));
  const PairingLink::Id id = foreign.id();
  EXPECT_THAT(a.side.take_output(), Not(HasSubstr(std::string(id.begin(), id.end()))));
}

TEST_F(PairingSessionTest, ADeviceDoesNotJoinItself) {
  PairingOptions options = inviter_options();
  options.peer_key = options.own_key;
  TheJoiner a(code(), options, now_);
  EXPECT_EQ(a.outcome(), "invalid_argument");
  EXPECT_THAT(a.reason(), HasSubstr("both ends are this device"));
}

TEST_F(PairingSessionTest, ADeclinedDeviceLearnsSo) {
  const PairingCode right = code();
  TheJoiner a = joiner(right);
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  b.side.decline();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "declined");
  EXPECT_EQ(b.outcome(), "declined");
  EXPECT_EQ(a.find(Kind::records), nullptr);
  EXPECT_ERROR(b.side.confirm({"record"}, now_), ErrorCode::invalid_argument);
  EXPECT_EQ(run(right), kExpired);
}

TEST_F(PairingSessionTest, NoConsentBeforeTheRequest) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  EXPECT_ERROR(b.side.confirm({"record"}, now_), ErrorCode::invalid_argument);
  b.side.decline();
  b.side.receive(a.side.take_output(), now_);
  EXPECT_ERROR(b.side.confirm({"record"}, now_), ErrorCode::invalid_argument);
  EXPECT_ERROR(a.side.stored(), ErrorCode::invalid_argument);
  EXPECT_EQ(b.outcome(), "open");
}

TEST_F(PairingSessionTest, AMemberOfAnotherGroupIsRefusedBeforeAnAttemptCounts) {
  const PairingCode right = code();
  PairingOptions options = joiner_options();
  options.group = "group two";
  for (unsigned round = 0; round <= kMaxAttempts; ++round) {
    TheJoiner a(right, options, now_);
    TheInviter b = inviter();
    const std::string hello = a.side.take_output();
    EXPECT_THAT(hello, Not(HasSubstr("group two")));
    b.side.receive(hello, now_);
    exchange(a.side, b.side, now_);
    EXPECT_EQ(a.outcome(), "already_in_group");
    EXPECT_EQ(b.outcome(), "already_in_group");
  }
  EXPECT_EQ(run(right), kJoined);
}

TEST_F(PairingSessionTest, MembersOfOneGroupAreToldSo) {
  PairingOptions options = joiner_options();
  options.group = "group one";
  TheJoiner a(code(), options, now_);
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "invalid_argument");
  EXPECT_THAT(a.reason(), HasSubstr("the same group already"));
}

TEST_F(PairingSessionTest, AMemberRefusesAnInviterThatOverlooksIt) {
  PairingOptions options = joiner_options();
  options.group = "group two";
  TheJoiner a(code(), options, now_);
  std::string offer;
  append_frame(offer, static_cast<FrameType>(PairingFrame::offer), 0, encode(PairingOffer{}));
  a.side.receive(offer, now_);
  EXPECT_EQ(a.outcome(), "already_in_group");
}

TEST_F(PairingSessionTest, StepsHaveATimeout) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  TheInviter left_alone = inviter();
  a.side.tick(now_ + kStepTimeout - milliseconds(1));
  EXPECT_EQ(a.outcome(), "open");
  a.side.tick(now_ + kStepTimeout);
  EXPECT_EQ(a.outcome(), "peer_gone");
  left_alone.side.tick(now_ + kStepTimeout);
  EXPECT_EQ(left_alone.outcome(), "peer_gone");
  b.side.receive(a.side.take_output(), now_ + milliseconds(9'000));
  EXPECT_EQ(b.outcome(), "peer_gone") << "the joiner said so";
  b.side.tick(now_ + milliseconds(60'000));
  EXPECT_EQ(b.events.size(), 1U) << "a run ends once";
}

TEST_F(PairingSessionTest, DripsOfBytesDoNotProlongAStep) {
  TheInviter b = inviter();
  for (int step = 1; step <= 6; ++step) {
    b.side.receive(std::string_view("\x20", 1), now_ + milliseconds(step * 1'000));
    b.side.tick(now_ + milliseconds(step * 1'000));
  }
  b.side.tick(now_ + kStepTimeout);
  EXPECT_EQ(b.outcome(), "peer_gone");
}

TEST_F(PairingSessionTest, AUserWhoDoesNotAnswerIsNotWaitedForWithoutEnd) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  now_ += kDecisionTimeout - milliseconds(1);
  a.side.tick(now_);
  b.side.tick(now_);
  EXPECT_TRUE(b.side.pending());
  now_ += milliseconds(1);
  b.side.tick(now_);
  a.side.tick(now_);
  EXPECT_EQ(a.outcome(), "open");
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "expired");
  EXPECT_EQ(b.outcome(), "expired");
  EXPECT_FALSE(b.side.pending());
}

TEST_F(PairingSessionTest, AJoinerThatVanishesKeepsItsAttempt) {
  const PairingCode right = code();
  for (unsigned attempt = 0; attempt < kMaxAttempts; ++attempt) {
    TheJoiner a = joiner(right);
    TheInviter b = inviter();
    b.side.receive(a.side.take_output(), now_);
    b.side.disconnected();
    EXPECT_EQ(b.outcome(), "peer_gone");
    EXPECT_EQ(b.side.take_output().find("peer_gone"), std::string::npos);
  }
  EXPECT_EQ(run(right), kExpired);
}

TEST_F(PairingSessionTest, AJoinerThatVanishesAfterTheConsentIsMissed) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  b.side.confirm({"record"}, now_);
  b.side.tick(now_ + kDeliveryTimeout);
  EXPECT_EQ(b.outcome(), "peer_gone");
}

TEST_F(PairingSessionTest, FromTheRecordsOnTheJoinersStoreDecides) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  b.side.confirm({"record"}, now_);
  exchange(a.side, b.side, now_);
  a.side.disconnected();
  a.side.cancel();
  a.side.tick(now_ + milliseconds(1'000'000));
  a.side.receive("whatever", now_);
  EXPECT_EQ(a.outcome(), "open");
  a.side.stored();
  EXPECT_EQ(a.outcome(), "joined");
  EXPECT_ERROR(a.side.stored(), ErrorCode::invalid_argument);
}

TEST_F(PairingSessionTest, AStoreThatFailsIsToldWithoutItsFiles) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  b.side.confirm({"record"}, now_);
  exchange(a.side, b.side, now_);
  a.side.fail(Error(ErrorCode::disk_full, "no space left for secret.db"));
  exchange(a.side, b.side, now_);
  EXPECT_EQ(a.outcome(), "disk_full");
  EXPECT_EQ(b.outcome(), "disk_full");
  EXPECT_THAT(b.reason(), Not(HasSubstr("secret.db")));
}

TEST_F(PairingSessionTest, AUserWhoGivesUpEndsBoth) {
  TheJoiner a = joiner(code());
  TheInviter b = inviter();
  exchange(a.side, b.side, now_);
  a.side.cancel();
  exchange(a.side, b.side, now_);
  EXPECT_EQ(b.outcome(), "declined");
  EXPECT_FALSE(b.side.pending());
}

TEST_F(PairingSessionTest, NamesAreMadeHarmlessOnArrival) {
  PairingOptions joining = joiner_options();
  joining.device_name = "Ph\x1b[2Jone\n\xE2\x80\xAE\xFF Zo\xC3\xAB";
  PairingOptions inviting = inviter_options();
  inviting.device_name = std::string(kMaxDeviceName - 1, 'n') + "\xC3\xAB";
  TheJoiner a(code(), joining, now_);
  TheInviter b(book_, inviting, now_);
  exchange(a.side, b.side, now_);
  const PairingEvent* request = b.find(Kind::request);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->name, "Ph?[2Jone??? Zo\xC3\xAB");
  const PairingEvent* waiting = a.find(Kind::waiting);
  ASSERT_NE(waiting, nullptr);
  EXPECT_EQ(waiting->name, std::string(kMaxDeviceName - 1, 'n')) << "no character cut in two";
}

TEST_F(PairingSessionTest, NeedsAnExporterValue) {
  PairingOptions options = joiner_options();
  options.exporter = "short";
  EXPECT_ERROR(Joiner(code(), options, now_), ErrorCode::invalid_argument);
  EXPECT_ERROR(Inviter(book_, options, now_), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace rill::pairing
