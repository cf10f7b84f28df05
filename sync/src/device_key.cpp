#include "rill/device_key.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "byte_view.hpp"
#include "crypto.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr std::size_t kSecretBytes = 32;
/// The DER of an Ed25519 SubjectPublicKeyInfo up to the key itself (RFC 8410, section 10.1).
constexpr std::array<std::uint8_t, 12> kKeyInfoPrefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::string_view kFileHeader = "rill device key 1\n";
constexpr std::string_view kHexDigits = "0123456789abcdef";

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

/// OpenSSL fails here for want of memory or of a random generator only.
void require(bool holds) {
  if (!holds) throw Error(ErrorCode::internal, "OpenSSL failed to use a device's key");
}

std::shared_ptr<void> shared(EVP_PKEY* key) {
  require(key != nullptr);
  return {key, [](void* owned) { EVP_PKEY_free(static_cast<EVP_PKEY*>(owned)); }};
}

std::string hex(const std::uint8_t* bytes, std::size_t size) {
  std::string text;
  text.reserve(2 * size);
  for (std::size_t index = 0; index < size; ++index) {
    text += kHexDigits[bytes[index] >> 4U];
    text += kHexDigits[bytes[index] & 0xFU];
  }
  return text;
}

}  // namespace

DeviceId DeviceId::of(const PublicKey& key) {
  return {sha256(std::string(view(kKeyInfoPrefix)).append(view(key)))};
}

std::string to_string(const DeviceId& id) { return hex(id.bytes.data(), id.bytes.size()); }

std::string fingerprint(const DeviceId& id) {
  constexpr std::size_t kGroups = 4;
  std::string text;
  for (std::size_t group = 0; group < kGroups; ++group) {
    if (group > 0) text += '-';
    text += hex(id.bytes.data() + 2 * group, 2);
  }
  return text;
}

DeviceKey::DeviceKey(std::shared_ptr<void> key) : key_(std::move(key)) {
  std::size_t size = public_key_.size();
  require(EVP_PKEY_get_raw_public_key(static_cast<EVP_PKEY*>(key_.get()), public_key_.data(),
                                      &size) == 1);
  id_ = DeviceId::of(public_key_);
}

DeviceKey DeviceKey::generate() {
  return DeviceKey(shared(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
}

DeviceKey DeviceKey::from_secret(std::string_view secret) {
  if (secret.size() != kSecretBytes) {
    throw Error(ErrorCode::corrupt, "a device's key has " + std::to_string(kSecretBytes) +
                                        " bytes, and not " + std::to_string(secret.size()));
  }
  return DeviceKey(shared(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(secret), secret.size())));
}

std::string DeviceKey::secret() const {
  std::string bytes(kSecretBytes, '\0');
  std::size_t size = bytes.size();
  require(EVP_PKEY_get_raw_private_key(static_cast<EVP_PKEY*>(key_.get()),
                                       reinterpret_cast<unsigned char*>(bytes.data()), &size) == 1);
  return bytes;
}

Signature DeviceKey::sign(std::string_view message) const {
  const DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr);
  Signature signature{};
  std::size_t size = signature.size();
  require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr,
                             static_cast<EVP_PKEY*>(key_.get())) == 1);
  require(EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(message),
                         message.size()) == 1);
  return signature;
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  const std::shared_ptr<void> native =
      shared(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr);
  require(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr,
                               static_cast<EVP_PKEY*>(native.get())) == 1);
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

DeviceKey load_or_create(KeyStore& store) {
  if (const std::optional<std::string> secret = store.load()) {
    return DeviceKey::from_secret(*secret);
  }
  DeviceKey key = DeviceKey::generate();
  store.store(key.secret());
  return key;
}

// The file ---------------------------------------------------------------------------------------

namespace {

class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  const std::string reason = std::error_code(errno, std::generic_category()).message();
  throw Error(ErrorCode::io, std::string(what) + " the device's key " + file.string() + ": " +
                                 reason + ": its folder must be writable, and the file readable");
}

void check_mode(const std::filesystem::path& file, int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) fail(file, "cannot read");
  if ((status.st_mode & 077U) == 0) return;
  throw Error(ErrorCode::not_allowed, "others may read the device's key " + file.string() +
                                          ": chmod 600 it, or delete it, if it may have been "
                                          "read, and join the group anew");
}

void write_all(const std::filesystem::path& file, int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) fail(file, "cannot write");
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) fail(file, "cannot write");
}

}  // namespace

std::optional<std::string> FileKeyStore::load() {
  const OpenFile opened(::open(file_.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    fail(file_, "cannot open");
  }
  check_mode(file_, opened.get());
  std::string bytes(kFileHeader.size() + kSecretBytes + 1, '\0');
  const ssize_t size = ::read(opened.get(), bytes.data(), bytes.size());
  if (size < 0) fail(file_, "cannot read");
  bytes.resize(static_cast<std::size_t>(size));
  if (bytes.size() != kFileHeader.size() + kSecretBytes || !bytes.starts_with(kFileHeader)) {
    throw Error(ErrorCode::corrupt, "the device's key " + file_.string() +
                                        " is damaged: delete it and join the group anew");
  }
  return bytes.substr(kFileHeader.size());
}

void FileKeyStore::store(std::string_view secret) {
  std::filesystem::path draft = file_;
  draft += "-new";
  {
    const OpenFile opened(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (opened.get() < 0) fail(draft, "cannot create");
    if (::fchmod(opened.get(), 0600) != 0) fail(draft, "cannot create");
    write_all(draft, opened.get(), std::string(kFileHeader) + std::string(secret));
  }
  if (::rename(draft.c_str(), file_.c_str()) != 0) fail(file_, "cannot replace");
  const auto folder = file_.has_parent_path() ? file_.parent_path() : std::filesystem::path(".");
  const OpenFile entry(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (entry.get() >= 0) ::fsync(entry.get());
}

}  // namespace rill
