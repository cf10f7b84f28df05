#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pairing/invitations.hpp"
#include "rill/error.hpp"
#include "support/expect_error.hpp"

namespace rill::pairing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class InvitationsTest : public ::testing::Test {
 protected:
  InvitationName code(std::uint8_t role = 0) {
    return name_of(book_.create_code(role, *random_, now_));
  }
  InvitationName link(std::uint8_t role = 0) {
    return name_of(book_.create_link(role, DeviceId{}, {}, *random_, now_));
  }
  /// What is said to who comes with it.
  std::string refusal(const InvitationName& name, ErrorCode expected) {
    try {
      static_cast<void>(book_.begin(name, now_));
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), to_string(expected)) << error.what();
      return error.what();
    }
    return "none";
  }

  std::shared_ptr<RandomSource> random_ = system_random();
  milliseconds now_{5'000};
  Invitations book_;
};

TEST_F(InvitationsTest, GrantsAnAttemptWithSecretAndRole) {
  const PairingCode code = book_.create_code(2, *random_, now_);
  const PairingLink link = book_.create_link(1, DeviceId{}, {"192.0.2.1:1"}, *random_, now_);
  const Attempt of_code = book_.begin({InvitationName::Kind::code, code.public_digits()}, now_);
  EXPECT_EQ(of_code.secret, code.digits.substr(2));
  EXPECT_EQ(of_code.role, 2);
  const Attempt of_link = book_.begin(name_of(link), now_);
  EXPECT_EQ(of_link.secret, std::string(link.secret.begin(), link.secret.end()));
  EXPECT_EQ(of_link.role, 1);
}

TEST_F(InvitationsTest, KnowsNoOther) {
  EXPECT_THAT(refusal({InvitationName::Kind::code, "12"}, ErrorCode::wrong_code),
              HasSubstr("two digits"));
  EXPECT_THAT(refusal({InvitationName::Kind::link, "12"}, ErrorCode::wrong_code),
              HasSubstr("does not know"));
  const InvitationName name = code();
  EXPECT_ERROR(book_.begin({InvitationName::Kind::link, name.name}, now_), ErrorCode::wrong_code);
}

TEST_F(InvitationsTest, CountsAttemptsWhenTheyBegin) {
  for (const InvitationName& name : {code(), link()}) {
    for (unsigned left = kMaxAttempts; left > 0; --left) {
      EXPECT_TRUE(book_.open(now_));
      EXPECT_EQ(book_.attempts_left(book_.begin(name, now_)), left - 1);
    }
    EXPECT_THAT(refusal(name, ErrorCode::expired), HasSubstr("tried too often"));
  }
  EXPECT_FALSE(book_.open(now_));
  EXPECT_EQ(book_.public_digits(now_), std::nullopt);
}

TEST_F(InvitationsTest, LetsTheLastAttemptSucceed) {
  const InvitationName name = code();
  const Attempt first = book_.begin(name, now_);
  static_cast<void>(book_.begin(name, now_));
  const Attempt third = book_.begin(name, now_);
  book_.use(third);
  EXPECT_ERROR(book_.use(first), ErrorCode::expired);
  EXPECT_THAT(refusal(name, ErrorCode::expired), HasSubstr("used already"));
}

TEST_F(InvitationsTest, CodesAndLinksHaveTheirTimes) {
  const InvitationName a_code = code();
  const InvitationName a_link = link();
  now_ += kCodeLifetime - milliseconds(1);
  EXPECT_EQ(book_.public_digits(now_), a_code.name);
  const Attempt attempt = book_.begin(a_code, now_);
  now_ += milliseconds(1);
  EXPECT_EQ(book_.public_digits(now_), std::nullopt);
  EXPECT_THAT(refusal(a_code, ErrorCode::expired), HasSubstr("too old"));
  book_.use(attempt);  // it began in time
  EXPECT_TRUE(book_.open(now_));
  now_ += kLinkLifetime - kCodeLifetime - milliseconds(1);
  static_cast<void>(book_.begin(a_link, now_));
  now_ += milliseconds(1);
  EXPECT_FALSE(book_.open(now_));
  EXPECT_THAT(refusal(a_link, ErrorCode::expired), HasSubstr("too old"));
}

TEST_F(InvitationsTest, ANewCodeWithdrawsTheOldOneAndItsRuns) {
  InvitationName old = code();
  const InvitationName a_link = link();
  const Attempt run = book_.begin(old, now_);
  InvitationName current = code();
  while (current == old) {
    old = current;
    current = code();
  }
  EXPECT_THAT(refusal(old, ErrorCode::expired), HasSubstr("withdrawn"));
  EXPECT_ERROR(book_.use(run), ErrorCode::expired);
  EXPECT_EQ(book_.public_digits(now_), current.name);
  static_cast<void>(book_.begin(current, now_));
  static_cast<void>(book_.begin(a_link, now_));
}

TEST_F(InvitationsTest, ANewCodeMayHaveThePublicDigitsOfAnOldOne) {
  const InvitationName first = code();
  book_.use(book_.begin(first, now_));
  for (int round = 0; round < 10'000; ++round) {
    if (code() != first) continue;
    const Attempt attempt = book_.begin(first, now_);
    EXPECT_EQ(book_.attempts_left(attempt), kMaxAttempts - 1);
    return;
  }
  FAIL() << "one of a hundred should have had them";
}

TEST_F(InvitationsTest, KeepsAFewLinksOpen) {
  std::vector<InvitationName> links;
  links.reserve(kMaxOpenLinks + 1);
  for (std::size_t count = 0; count < kMaxOpenLinks + 1; ++count) links.push_back(link());
  EXPECT_THAT(refusal(links.front(), ErrorCode::expired), HasSubstr("withdrawn"));
  for (std::size_t index = 1; index < links.size(); ++index) {
    static_cast<void>(book_.begin(links[index], now_));
  }
}

TEST_F(InvitationsTest, ARefusedLinkWithdrawsNothing) {
  std::vector<InvitationName> links;
  links.reserve(kMaxOpenLinks + 1);
  for (std::size_t count = 0; count < kMaxOpenLinks; ++count) links.push_back(link());
  EXPECT_ERROR(book_.create_link(0, DeviceId{}, {"nowhere"}, *random_, now_),
               ErrorCode::invalid_argument);
  for (const InvitationName& name : links) static_cast<void>(book_.begin(name, now_));
}

TEST_F(InvitationsTest, WithdrawsAll) {
  const InvitationName a_code = code();
  const InvitationName a_link = link();
  book_.withdraw();
  EXPECT_FALSE(book_.open(now_));
  EXPECT_THAT(refusal(a_code, ErrorCode::expired), HasSubstr("code was withdrawn"));
  EXPECT_THAT(refusal(a_link, ErrorCode::expired), HasSubstr("link was withdrawn"));
}

TEST_F(InvitationsTest, ForgetsWhatIsLongOver) {
  const InvitationName first = link();
  const Attempt attempt = book_.begin(first, now_);
  for (std::size_t count = 0; count < kMaxPastInvitations + kMaxOpenLinks - 1; ++count) link();
  static_cast<void>(refusal(first, ErrorCode::expired));
  link();
  static_cast<void>(refusal(first, ErrorCode::wrong_code));
  EXPECT_ERROR(book_.use(attempt), ErrorCode::expired);
  EXPECT_EQ(book_.attempts_left(attempt), 0U);
}

}  // namespace
}  // namespace rill::pairing
