#include "discovery/beacon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "rill/error.hpp"
#include "support/expect_error.hpp"

namespace rill {
namespace {

constexpr std::size_t kHeaderBytes = 25;
constexpr std::size_t kAllBytes = 153;

BeaconKey key(std::uint8_t seed) {
  BeaconKey result;
  result.fill(seed);
  return result;
}

BeaconHeader header(std::optional<std::uint8_t> inviting = {}) {
  BeaconHeader result{0xA165, inviting, {}};
  result.nonce.fill(0x4E);
  return result;
}

std::string encoded(const BeaconHeader& header, const std::vector<BeaconKey>& keys) {
  return encode(header, keys, *system_random());
}

bool recognized(const std::string& bytes, const std::vector<BeaconKey>& keys) {
  const auto beacon = decode_beacon(bytes);
  return beacon && matches(*beacon, keys);
}

TEST(BeaconTest, HasTheDocumentedBytes) {
  const std::string bytes = encoded(header(7), {key(1)});
  ASSERT_EQ(bytes.size(), kAllBytes);
  EXPECT_EQ(bytes.substr(0, kHeaderBytes), "RILb\x01\x01\x65\xA1\x07" + std::string(16, 'N'));
  // HMAC-SHA-256 under 32 bytes of 1 over "rill beacon 1" and the header, computed with `openssl`.
  constexpr std::string_view kExpected{
      "\x85\x2e\xeb\xce\xfd\xd8\x97\x27\x61\x5e\xcf\xfe\xdc\xd0\xcc\x2a", kBeaconTagBytes};
  EXPECT_EQ(bytes.substr(kHeaderBytes, kBeaconTagBytes), kExpected);
}

TEST(BeaconTest, SurvivesTheTrip) {
  for (const auto& said : {header(), header(0), header(42), header(kMaxPublicDigits)}) {
    const auto beacon = decode_beacon(encoded(said, {key(1)}));
    ASSERT_TRUE(beacon);
    EXPECT_EQ(beacon->header, said);
  }
}

TEST(BeaconTest, IsRecognizedByEachKeyThatBothHold) {
  const std::string bytes = encoded(header(), {key(3), key(2), key(1)});
  EXPECT_TRUE(recognized(bytes, {key(3)}));
  EXPECT_TRUE(recognized(bytes, {key(1)}));
  EXPECT_TRUE(recognized(bytes, {key(9), key(2)}));
  EXPECT_FALSE(recognized(bytes, {key(4)}));
  EXPECT_FALSE(recognized(bytes, {}));
}

TEST(BeaconTest, OnlyTheNewestKeysCount) {
  std::vector<BeaconKey> keys;
  for (std::uint8_t seed = 20; seed > 0; --seed) keys.push_back(key(seed));
  const std::string bytes = encoded(header(), keys);
  EXPECT_EQ(bytes.size(), kAllBytes);
  EXPECT_TRUE(recognized(bytes, {keys[kBeaconTags - 1]}));
  EXPECT_FALSE(recognized(bytes, {keys[kBeaconTags]}));
  const std::string other = encoded(header(), {keys[kBeaconTags]});
  EXPECT_FALSE(recognized(other, keys));
}

TEST(BeaconTest, WithAnyByteChangedItDoesNotMatch) {
  const std::string bytes = encoded(header(7), {key(1)});
  for (std::size_t at = 0; at < kHeaderBytes + kBeaconTagBytes; ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ change);
      EXPECT_FALSE(recognized(changed, {key(1)})) << "byte " << at << " xor " << change;
    }
  }
}

TEST(BeaconTest, OfAnotherLengthItIsNone) {
  const std::string bytes = encoded(header(), {key(1)}) + std::string(200, '\0');
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    EXPECT_EQ(decode_beacon(std::string_view(bytes).substr(0, size)).has_value(),
              size == kAllBytes);
  }
}

TEST(BeaconTest, AnythingMayBeDecoded) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes in every run
  const std::string valid = encoded(header(), {key(1)});
  for (std::size_t size = 0; size <= kMaxBeaconBytes; ++size) {
    for (int round = 0; round < 50; ++round) {
      std::string bytes(size, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      // Half of the time random bytes behind a beginning that is right.
      if (round % 2 == 0) {
        const std::size_t right = std::min(size, std::size_t{random() % kHeaderBytes});
        std::ranges::copy(valid.substr(0, right), bytes.begin());
      }
      EXPECT_FALSE(recognized(bytes, {key(1)}));
    }
  }
}

TEST(BeaconTest, WhatIsNotInThisVersionIsRefused) {
  const std::string bytes = encoded(header(), {key(1)});
  const auto with = [&](std::size_t at, char value) {
    std::string changed = bytes;
    changed[at] = value;
    return decode_beacon(changed).has_value();
  };
  EXPECT_FALSE(with(4, 2)) << "version";
  EXPECT_FALSE(with(5, 2)) << "flag";
  EXPECT_FALSE(with(8, 1)) << "digits without an invitation";
  std::string no_port = bytes;
  no_port[6] = no_port[7] = 0;
  EXPECT_FALSE(decode_beacon(no_port));
  std::string digits = encoded(header(99), {});
  EXPECT_TRUE(decode_beacon(digits));
  digits[8] = 100;
  EXPECT_FALSE(decode_beacon(digits));
}

TEST(BeaconTest, OnesOfOneDeviceShareNothingAcrossNonces) {
  BeaconHeader first = header();
  BeaconHeader second = header();
  second.nonce.fill(0x4F);
  const auto one = decode_beacon(encoded(first, {key(1), key(2)}));
  const auto other = decode_beacon(encoded(second, {key(1), key(2)}));
  ASSERT_TRUE(one && other);
  for (const BeaconTag& tag : one->tags) {
    EXPECT_EQ(std::ranges::count(other->tags, tag), 0);
    EXPECT_EQ(std::ranges::count(one->tags, tag), 1);
  }
}

TEST(BeaconTest, DoesNotTellHowManyKeysThereAre) {
  for (const std::size_t count : {0U, 1U, 3U, 8U}) {
    const std::string bytes = encoded(header(), std::vector<BeaconKey>(count, key(1)));
    EXPECT_EQ(bytes.size(), kAllBytes);
    EXPECT_EQ(bytes.find(std::string(kBeaconTagBytes, '\0')), std::string::npos);
  }
}

TEST(BeaconTest, WhatCannotBeSaidIsRefused) {
  BeaconHeader no_port = header();
  no_port.port = 0;
  EXPECT_ERROR(encoded(no_port, {}), ErrorCode::invalid_argument);
  EXPECT_ERROR(encoded(header(100), {}), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace rill
