#include "hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "rill/error.hpp"

namespace rill {

std::string hmac_sha256(std::span<const std::uint8_t> key, std::string_view message) {
  std::string tag(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const bool done = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         reinterpret_cast<unsigned char*>(tag.data()), &size) != nullptr;
  if (!done) throw Error(ErrorCode::internal, "OpenSSL failed to compute an HMAC");
  tag.resize(size);
  return tag;
}

bool equal_secrets(std::string_view one, std::string_view other) noexcept {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace rill
