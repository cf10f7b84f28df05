#include "crypto.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "byte_view.hpp"
#include "rill/error.hpp"

namespace rill {

Sha256 sha256(std::string_view message) {
  Sha256 hash{};
  if (SHA256(bytes_of(message), message.size(), hash.data()) == nullptr) {
    throw Error(ErrorCode::internal, "OpenSSL failed to compute a SHA-256");
  }
  return hash;
}

Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view message) {
  Sha256 tag{};
  unsigned int size = 0;
  const bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(message),
                         message.size(), tag.data(), &size) != nullptr;
  if (!done || size != tag.size()) {
    throw Error(ErrorCode::internal, "OpenSSL failed to compute an HMAC");
  }
  return tag;
}

bool equal_secrets(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace rill
