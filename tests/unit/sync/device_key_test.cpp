#include "rill/device_key.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "rill/error.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace rill {
namespace {

/// RFC 8032, section 7.1, test 2.
constexpr const char* kSecretHex =
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
constexpr const char* kPublicHex =
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr const char* kSignatureHex =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

std::string unhex(const std::string& digits) {
  std::string bytes;
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

template <std::size_t Size>
std::string text(const std::array<std::uint8_t, Size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(DeviceKeyTest, SignsAsTheRfcSays) {
  const DeviceKey key = DeviceKey::from_secret(unhex(kSecretHex));
  EXPECT_EQ(text(key.public_key()), unhex(kPublicHex));
  EXPECT_EQ(text(key.sign("\x72")), unhex(kSignatureHex));
  EXPECT_EQ(key.secret(), unhex(kSecretHex));
}

TEST(DeviceKeyTest, OnlyTheRightSignatureOfTheRightMessageVerifies) {
  const DeviceKey key = DeviceKey::generate();
  const Signature signature = key.sign("message");
  EXPECT_TRUE(verify(key.public_key(), "message", signature));
  EXPECT_FALSE(verify(key.public_key(), "massage", signature));
  EXPECT_FALSE(verify(DeviceKey::generate().public_key(), "message", signature));
  for (std::size_t index = 0; index < signature.size(); ++index) {
    Signature other = signature;
    other.at(index) ^= 1U;
    EXPECT_FALSE(verify(key.public_key(), "message", other)) << index;
  }
}

TEST(DeviceKeyTest, IdsAreThoseOfThePublicKeyInfo) {
  // openssl pkey -pubin -outform DER | sha256sum, of the RFC's key
  const DeviceId id = DeviceKey::from_secret(unhex(kSecretHex)).id();
  EXPECT_EQ(to_string(id), "deb2ded39dc26fce0e6085b6fc34bf6b5941913bbfe2ea614113cff9e004c170");
  EXPECT_EQ(fingerprint(id), "deb2-ded3-9dc2-6fce");
}

TEST(DeviceKeyTest, ASecretOfAnotherLengthIsRefused) {
  EXPECT_ERROR(DeviceKey::from_secret("short"), ErrorCode::corrupt);
}

class FileKeyStoreTest : public ::testing::Test {
 public:
  testing::TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "notes.db-key";
  FileKeyStore store{file};
};

TEST_F(FileKeyStoreTest, KeepsOneKeyThatOnlyItsOwnerMayRead) {
  EXPECT_FALSE(store.load());
  const DeviceKey first = load_or_create(store);
  EXPECT_EQ(load_or_create(store).id(), first.id());
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(FileKeyStoreTest, AFileThatOthersMayReadIsRefusedAndLeft) {
  load_or_create(store);
  std::filesystem::permissions(file, std::filesystem::perms::group_read,
                               std::filesystem::perm_options::add);
  EXPECT_ERROR(load_or_create(store), ErrorCode::not_allowed);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(FileKeyStoreTest, ADamagedFileIsRefusedAndLeft) {
  load_or_create(store);
  std::ofstream(file, std::ios::app) << 'x';
  EXPECT_ERROR(load_or_create(store), ErrorCode::corrupt);
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(FileKeyStoreTest, AFolderThatIsNotThereIsNamed) {
  FileKeyStore nowhere(folder.path() / "missing" / "key");
  EXPECT_ERROR(load_or_create(nowhere), ErrorCode::io);
}

}  // namespace
}  // namespace rill
