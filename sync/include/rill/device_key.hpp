#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// An Ed25519 public key (RFC 8032).
using PublicKey = std::array<std::uint8_t, 32>;
/// An Ed25519 signature.
using Signature = std::array<std::uint8_t, 64>;

/// The name of a device among others: the SHA-256 of its public key (of the DER
/// SubjectPublicKeyInfo). It cannot be taken by anyone who lacks the private key.
struct DeviceId {
  /// The hash.
  std::array<std::uint8_t, 32> bytes{};

  /// The id of the device with this key.
  static DeviceId of(const PublicKey& key);

  friend auto operator<=>(const DeviceId&, const DeviceId&) = default;
};

/// 64 hexadecimal digits.
std::string to_string(const DeviceId& id);
/// The first 16 of them, in groups of four, for people to compare: "3f2a-91c0-77be-04d1".
std::string fingerprint(const DeviceId& id);

/// A device's own key: it signs, and proves in TLS who the device is.
///
/// Thread safety: a value that shares its secret; distinct and shared objects may be used at once.
class DeviceKey {
 public:
  /// A new one from OpenSSL's random generator. Throws `Error{internal}` if that fails.
  static DeviceKey generate();
  /// The key of 32 secret bytes, as `secret` gives them. Throws `Error{corrupt}` for any other
  /// number of bytes.
  static DeviceKey from_secret(std::string_view secret);

  /// The 32 bytes to keep.
  [[nodiscard]] std::string secret() const;
  /// What others verify by.
  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
  /// What others call the device by.
  [[nodiscard]] const DeviceId& id() const noexcept { return id_; }
  /// Signs `message`.
  [[nodiscard]] Signature sign(std::string_view message) const;

  /// The OpenSSL key (`EVP_PKEY`), for Rill's own transport.
  [[nodiscard]] void* native() const noexcept { return key_.get(); }

 private:
  explicit DeviceKey(std::shared_ptr<void> key);

  std::shared_ptr<void> key_;
  PublicKey public_key_{};
  DeviceId id_;
};

/// Whether `signature` is that of the key's device over `message`.
bool verify(const PublicKey& key, std::string_view message, const Signature& signature);

/// Where a device's key is kept. An app on a platform with a store for secrets implements it;
/// `FileKeyStore` is the default. Thread safety: called by one thread at a time.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// The secret that was stored; empty if none was. May throw `Error`.
  [[nodiscard]] virtual std::optional<std::string> load() = 0;
  /// Keeps the secret, replacing an earlier one. May throw `Error`.
  virtual void store(std::string_view secret) = 0;
};

/// Keeps the key in a file that only its owner may read (mode 0600), by default beside the
/// database: "notes.db-key".
class FileKeyStore : public KeyStore {
 public:
  /// Nothing is read or made yet.
  explicit FileKeyStore(std::filesystem::path file) : file_(std::move(file)) {}
  /// Throws `Error`: io (cannot be read), corrupt (not a key), not_allowed (others may read the
  /// file: the message names the mode and what to do).
  [[nodiscard]] std::optional<std::string> load() override;
  /// Written whole or not at all, and durable when the call returns. Throws `Error{io}`.
  void store(std::string_view secret) override;

 private:
  std::filesystem::path file_;
};

/// The key in `store`, or a new one that is stored first.
DeviceKey load_or_create(KeyStore& store);

}  // namespace rill
