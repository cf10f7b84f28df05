#include "discovery/sightings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace rill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::SizeIs;

Beacon beacon(std::uint32_t device, std::optional<std::uint8_t> inviting = {}) {
  Beacon result;
  result.header.port = 4'711;
  result.header.inviting = inviting;
  for (std::size_t at = 0; at < 4; ++at) {
    result.header.nonce.at(at) = static_cast<std::uint8_t>(device >> (8 * at));
  }
  return result;
}

std::string host(unsigned number) { return "10.0.0." + std::to_string(number); }

TEST(SightingsTest, SuggestsAMemberAtOnceAndThenEveryFiveSeconds) {
  Sightings sightings;
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1), true, 0s));
  EXPECT_FALSE(sightings.note("10.0.0.1", beacon(1), true, 1ms));
  EXPECT_FALSE(sightings.note("10.0.0.1", beacon(1), true, 4'999ms));
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1), true, 5s));
  EXPECT_FALSE(sightings.note("10.0.0.1", beacon(1), true, 9s));
}

TEST(SightingsTest, OneDeviceMayBeAtSeveralAddresses) {
  Sightings sightings;
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1), true, 0s));
  EXPECT_TRUE(sightings.note("fe80::1%eth0", beacon(1), true, 0s));
  EXPECT_EQ(sightings.size(), 2U);
}

TEST(SightingsTest, StrangersAreNotKept) {
  Sightings sightings;
  for (unsigned device = 0; device < 1'000; ++device) {
    EXPECT_FALSE(sightings.note(host(device), beacon(device), false, 0s));
  }
  EXPECT_EQ(sightings.size(), 0U);
}

TEST(SightingsTest, FindsInvitersByTheirDigits) {
  Sightings sightings;
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1, 42), false, 0s));
  EXPECT_TRUE(sightings.note("10.0.0.2", beacon(2, 42), true, 1s));
  EXPECT_TRUE(sightings.note("10.0.0.3", beacon(3, 7), false, 2s));
  const Sightings::Known first{{"10.0.0.1", 4'711, beacon(1).header.nonce}, false, 42};
  const Sightings::Known second{{"10.0.0.2", 4'711, beacon(2).header.nonce}, true, 42};
  EXPECT_THAT(sightings.inviters(2s, 42), ElementsAre(second, first));
  EXPECT_THAT(sightings.inviters(2s), SizeIs(3));
  EXPECT_THAT(sightings.inviters(2s, 8), IsEmpty());
}

TEST(SightingsTest, ForgetsWhoWasNotSeenForNinetySeconds) {
  Sightings sightings;
  sightings.note("10.0.0.1", beacon(1, 42), false, 0s);
  EXPECT_THAT(sightings.inviters(89s, 42), SizeIs(1));
  EXPECT_THAT(sightings.inviters(90s, 42), IsEmpty());
  sightings.note("10.0.0.2", beacon(2), true, 90s);
  EXPECT_EQ(sightings.size(), 1U);
}

TEST(SightingsTest, AForgeryDoesNotChangeWhatAMemberSaid) {
  Sightings sightings;
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1, 42), true, 0s));
  EXPECT_FALSE(sightings.note("10.0.0.1", beacon(1, 43), false, 60s));
  EXPECT_THAT(sightings.inviters(60s, 43), IsEmpty());
  EXPECT_THAT(sightings.inviters(60s, 42), SizeIs(1));
  EXPECT_THAT(sightings.inviters(90s, 42), IsEmpty()) << "kept alive by the forgery";
}

TEST(SightingsTest, AReplayedBeaconNamesFewAddresses) {
  Sightings sightings;
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1), true, 0s));
  unsigned suggested = 0;
  for (unsigned number = 2; number < 200; ++number) {
    if (sightings.note(host(number), beacon(1), true, 0s)) ++suggested;
  }
  EXPECT_EQ(suggested, kMaxPlacesPerNonce - 1);
  EXPECT_EQ(sightings.size(), kMaxPlacesPerNonce);
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(1), true, 5s)) << "who was first is kept";
}

TEST(SightingsTest, ForgedInvitationsCannotKeepAMemberOut) {
  Sightings sightings;
  for (unsigned device = 0; device < 200; ++device) {
    sightings.note("10.0.1.1", beacon(device), true, 0s);
  }
  for (unsigned device = 1'000; device < 3'000; ++device) {
    sightings.note("10.0.2.1", beacon(device, 42), false, 1s);
    EXPECT_LE(sightings.size(), kMaxPlaces);
  }
  EXPECT_THAT(sightings.inviters(1s), SizeIs(kMaxPlaces - 200));
  for (unsigned device = 200; device < 400; ++device) {
    sightings.note("10.0.1.1", beacon(device), true, 2s);
  }
  EXPECT_EQ(sightings.size(), kMaxPlaces);
  EXPECT_THAT(sightings.inviters(2s), IsEmpty());
  EXPECT_FALSE(sightings.note("10.0.2.1", beacon(5'000, 42), false, 3s)) << "members alone fill it";
  EXPECT_TRUE(sightings.note("10.0.1.1", beacon(399), true, 7s));
}

TEST(SightingsTest, TheOldestMemberGoesFirst) {
  Sightings sightings;
  sightings.note("10.0.0.1", beacon(0, 1), true, 0s);
  sightings.note("10.0.0.1", beacon(1, 2), true, 1s);
  for (unsigned device = 2; device <= kMaxPlaces; ++device) {
    sightings.note("10.0.0.1", beacon(device), true, 2s);
  }
  EXPECT_THAT(sightings.inviters(2s, 1), IsEmpty());
  EXPECT_THAT(sightings.inviters(2s, 2), SizeIs(1));
}

TEST(SightingsTest, SuggestsNoMoreThanCanBeDialed) {
  Sightings sightings;
  unsigned suggested = 0;
  for (unsigned device = 0; device < 200; ++device) {
    if (sightings.note("10.0.0.1", beacon(device), true, 0s)) ++suggested;
  }
  EXPECT_EQ(suggested, kMaxSuggestionsPerSecond);
  EXPECT_TRUE(sightings.note("10.0.0.1", beacon(199), true, 1s)) << "left out then, in turn now";
}

TEST(SightingsTest, LooksAtTwoHundredDatagramsASecond) {
  Sightings sightings;
  for (int second = 0; second < 5; ++second) {
    std::size_t admitted = 0;
    for (int datagram = 0; datagram < 10'000; ++datagram) {
      const auto now = std::chrono::seconds(second) + std::chrono::milliseconds(datagram / 10);
      if (sightings.admit(now)) ++admitted;
    }
    EXPECT_EQ(admitted, kMaxDatagramsPerSecond);
  }
}

}  // namespace
}  // namespace rill
