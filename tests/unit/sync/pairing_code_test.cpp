#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pairing/code.hpp"
#include "rill/error.hpp"
#include "support/expect_error.hpp"

namespace rill::pairing {
namespace {

/// Gives the numbers that it was given, one for each call.
class ScriptedRandom final : public RandomSource {
 public:
  explicit ScriptedRandom(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(std::span<std::byte> out) override {
    ASSERT_EQ(out.size(), sizeof(std::uint32_t));
    ASSERT_LT(next_, numbers_.size());
    std::memcpy(out.data(), &numbers_[next_++], out.size());
  }

 private:
  std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

std::string refusal(const std::string& text) {
  try {
    static_cast<void>(parse_invitation(text));
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.code()), to_string(ErrorCode::invalid_argument));
    return error.what();
  }
  return "none";
}

PairingLink sample_link(std::vector<std::string> addresses) {
  DeviceId inviter;
  std::ranges::generate(inviter.bytes, [byte = std::uint8_t{200}]() mutable { return byte++; });
  return PairingLink::draw(*system_random(), inviter, std::move(addresses));
}

TEST(PairingCode, IsShownInTwoGroupsWithItsZeros) {
  ScriptedRandom random({7, 12'345'678, 2'000'000'042});
  EXPECT_EQ(to_string(PairingCode::draw(random)), "0000 0007");
  EXPECT_EQ(to_string(PairingCode::draw(random)), "1234 5678");
  EXPECT_EQ(to_string(PairingCode::draw(random)), "0000 0042");
}

TEST(PairingCode, DrawsAgainWhereSomeCodesWouldBeLikelier) {
  ScriptedRandom random({4'200'000'000, UINT32_MAX, 4'199'999'999});
  EXPECT_EQ(PairingCode::draw(random).digits, "99999999");
}

TEST(PairingCode, HasTwoPublicDigitsAndSixSecretOnes) {
  const PairingCode code{"12345678"};
  EXPECT_EQ(code.public_digits(), "12");
  EXPECT_EQ(code.secret(), "345678");
}

TEST(PairingCode, IsReadHoweverPeopleGroupIt) {
  const Invitation expected = PairingCode{"12345678"};
  for (const char* text :
       {"12345678", "1234 5678", "1234-5678", " 12 34\t56-78\r\n", "12-345-678"}) {
    EXPECT_EQ(parse_invitation(text), expected) << text;
  }
}

TEST(PairingCode, SaysWhatIsWrongWithoutRepeatingTheCode) {
  EXPECT_THAT(refusal("1234567"), ::testing::HasSubstr("has 8 digits, and this one 7"));
  EXPECT_THAT(refusal("123456789"), ::testing::HasSubstr("this one 9"));
  EXPECT_THAT(refusal("1234 567x"), ::testing::HasSubstr("digits only"));
  EXPECT_THAT(refusal(" \n"), ::testing::HasSubstr("is needed"));
  EXPECT_THAT(refusal("--"), ::testing::HasSubstr("this one 0"));
  EXPECT_THAT(refusal(std::string(2'000, '1')), ::testing::HasSubstr("too long"));
  EXPECT_THAT(refusal("9753197"), ::testing::Not(::testing::HasSubstr("9753197")));
}

TEST(PairingLink, SurvivesItsText) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"192.0.2.1:4000"},
      {"[2001:db8::1]:65535", "10.0.0.1:1", "[::1]:80"},
      std::vector<std::string>(kMaxLinkAddresses, "[2001:db8:1:2:3:4:5:6]:50000")};
  for (const auto& addresses : cases) {
    const PairingLink link = sample_link(addresses);
    EXPECT_EQ(parse_invitation(to_string(link)), Invitation(link));
    EXPECT_LT(to_string(link).size(), kMaxInvitationText / 2);
  }
}

TEST(PairingLink, IsShortAndNeedsNoEscapes) {
  const std::string text = to_string(sample_link({"192.168.178.21:45678"}));
  EXPECT_EQ(text.size(), 87U);
  EXPECT_TRUE(text.starts_with("rill:pair?1."));
  EXPECT_EQ(text.substr(12).find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                              "0123456789-_"),
            std::string::npos);
}

TEST(PairingLink, IsReadFromATerminalThatBrokeItsLine) {
  const PairingLink link = sample_link({"192.0.2.1:4000"});
  std::string text = to_string(link);
  text.insert(40, "\n  ");
  EXPECT_EQ(parse_invitation(" " + text + "\n"), Invitation(link));
}

TEST(PairingLink, HasASecretOfItsOwnEachTimeAndAnIdThatDependsOnIt) {
  std::set<PairingLink::Secret> secrets;
  std::set<PairingLink::Id> ids;
  for (int round = 0; round < 20; ++round) {
    const PairingLink link = sample_link({});
    secrets.insert(link.secret);
    ids.insert(link.id());
    EXPECT_NE(link.id(), link.secret);
    EXPECT_EQ(link.id(), link.id());
  }
  EXPECT_EQ(secrets.size(), 20U);
  EXPECT_EQ(ids.size(), 20U);
}

TEST(PairingLink, NamesNumericAddressesOnly) {
  for (const char* address : {"", "192.0.2.1", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:x",
                              "192.0.2.1:4000 ", "host.example:4000", "2001:db8::1:4000",
                              "[fe80::1%eth0]:4000", "[192.0.2.1]:4000", ":4000", "[]:4000"}) {
    EXPECT_ERROR(sample_link({address}), ErrorCode::invalid_argument);
  }
  EXPECT_ERROR(sample_link(std::vector<std::string>(kMaxLinkAddresses + 1, "192.0.2.1:4000")),
               ErrorCode::invalid_argument);
}

TEST(PairingLink, SaysWhatIsWrong) {
  const std::string good = to_string(sample_link({"192.0.2.1:4000"}));
  EXPECT_THAT(refusal("rill:pear?1.AAAA"), ::testing::HasSubstr("does not begin with rill:pair?"));
  EXPECT_THAT(refusal("rill:pair?2.AAAA"), ::testing::HasSubstr("newer version"));
  EXPECT_THAT(refusal("rill:pair?17.AAAA"), ::testing::HasSubstr("newer version"));
  EXPECT_THAT(refusal("rill:pair?"), ::testing::HasSubstr("cut short"));
  EXPECT_THAT(refusal("rill:pair?1.!!!!"), ::testing::HasSubstr("damaged"));
  for (std::size_t size = 11; size < good.size(); ++size) {
    EXPECT_THAT(refusal(good.substr(0, size)), ::testing::HasSubstr("copy all of it")) << size;
  }
  EXPECT_THAT(refusal(good + "A"), ::testing::HasSubstr("copy all of it"));
  EXPECT_THAT(refusal(good + "AA"), ::testing::HasSubstr("copy all of it"));
}

TEST(PairingLink, RandomTextsAreRefusedOrMeanWhatTheySay) {
  std::mt19937 random(7);
  const std::string good = to_string(sample_link({"192.0.2.1:4000", "[2001:db8::1]:4000"}));
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (auto changes = random() % 3 + 1; changes > 0; --changes) {
      text[12 + random() % (text.size() - 12)] = static_cast<char>(random() & 0xFFU);
    }
    try {
      const Invitation invitation = parse_invitation(text);
      std::erase_if(text, [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
      const PairingLink& link = std::get<PairingLink>(invitation);
      EXPECT_EQ(parse_invitation(to_string(link)), invitation);
      EXPECT_EQ(to_string(link).size(), text.size());
      ++accepted;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << error.what();
    }
  }
  EXPECT_GT(accepted, 100U);  // a change within the secret gives another link
}

}  // namespace
}  // namespace rill::pairing
