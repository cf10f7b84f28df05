#include "transport/tls.hpp"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <asio/error_code.hpp>
#include <memory>

#include "byte_view.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

/// ALPN names, each behind its length. The number is that of the protocol's generation: versions
/// within one are negotiated in HELLO.
constexpr std::string_view kSyncName{"\x06rill/2"};
constexpr std::string_view kPairingName{"\x0brill-pair/1"};
/// A certificate of ours takes some 250 bytes; OpenSSL would take 100 KiB from a stranger.
constexpr long kMaxCertificateBytes = 2'048;
constexpr std::size_t kExporterBytes = 32;
constexpr int kNotSentBytes = 16 << 10;

struct FreeCertificate {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

void require(bool holds) {
  if (!holds) throw Error(ErrorCode::internal, "OpenSSL failed to prepare TLS");
}

/// What TLS carries the public key in. No field of it is ever looked at.
Certificate certificate_of(const DeviceKey& key) {
  auto* native = static_cast<EVP_PKEY*>(key.native());
  Certificate certificate(X509_new());
  require(certificate != nullptr);
  X509* made = certificate.get();
  require(X509_set_version(made, X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1);
  require(ASN1_TIME_set_string_X509(X509_getm_notBefore(made), "19700101000000Z") == 1);
  require(ASN1_TIME_set_string_X509(X509_getm_notAfter(made), "99991231235959Z") == 1);
  X509_NAME* name = X509_get_subject_name(made);
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes_of("rill"), -1, -1, 0) == 1);
  require(X509_set_issuer_name(made, name) == 1);
  require(X509_set_pubkey(made, native) == 1);
  require(X509_sign(made, native, nullptr) > 0);
  return certificate;
}

/// Stands in for OpenSSL's check of chains: one certificate, of an Ed25519 key. That the peer holds
/// the key is proved by the handshake itself.
int accept_certificate(X509_STORE_CTX* store, void* /*unused*/) {
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  STACK_OF(X509)* chain = X509_STORE_CTX_get0_untrusted(store);
  const bool single = certificate != nullptr && sk_X509_num(chain) <= 1;
  const EVP_PKEY* key = single ? X509_get0_pubkey(certificate) : nullptr;
  if (key != nullptr && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

bool is_known(std::string_view name) {
  return name == kSyncName.substr(1) || name == kPairingName.substr(1);
}

/// Takes the first name of the client's list that is ours; refuses the handshake without one.
int select_purpose(SSL* /*ssl*/, const unsigned char** selected, unsigned char* selected_size,
                   const unsigned char* offered, unsigned int offered_size, void* /*unused*/) {
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const std::size_t size = static_cast<unsigned char>(rest.front());
    const std::string_view name = rest.substr(1, size);
    if (is_known(name)) {
      *selected = bytes_of(name);
      *selected_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min(rest.size(), 1 + size));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

asio::ssl::context tls_context(const DeviceKey& key) {
  asio::ssl::context context(asio::ssl::context::tls);
  SSL_CTX* native = context.native_handle();
  require(SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION) == 1);
  require(SSL_CTX_set1_sigalgs_list(native, "ed25519") == 1);
  require(SSL_CTX_set1_groups_list(native, "X25519") == 1);
  require(SSL_CTX_set_num_tickets(native, 0) == 1);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
  SSL_CTX_set_max_cert_list(native, kMaxCertificateBytes);
  const Certificate certificate = certificate_of(key);
  require(SSL_CTX_use_certificate(native, certificate.get()) == 1);
  require(SSL_CTX_use_PrivateKey(native, static_cast<EVP_PKEY*>(key.native())) == 1);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(native, accept_certificate, nullptr);
  SSL_CTX_set_alpn_select_cb(native, select_purpose, nullptr);
  return context;
}

void set_purpose(SecureStream& stream, Purpose purpose) {
  const std::string_view name = purpose == Purpose::sync ? kSyncName : kPairingName;
  // Of OpenSSL's functions the one that returns 0 for success.
  require(SSL_set_alpn_protos(stream.native_handle(), bytes_of(name),
                              static_cast<unsigned int>(name.size())) == 0);
}

std::optional<Purpose> purpose_of(SecureStream& stream) {
  const unsigned char* selected = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(stream.native_handle(), &selected, &size);
  const std::string_view name(reinterpret_cast<const char*>(selected), size);
  if (name == kSyncName.substr(1)) return Purpose::sync;
  if (name == kPairingName.substr(1)) return Purpose::pairing;
  return std::nullopt;
}

PublicKey peer_key(SecureStream& stream) {
  const X509* certificate = SSL_get0_peer_certificate(stream.native_handle());
  const EVP_PKEY* key = certificate == nullptr ? nullptr : X509_get0_pubkey(certificate);
  PublicKey bytes{};
  std::size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 ||
      size != bytes.size()) {
    throw Error(ErrorCode::protocol, "the peer has no Ed25519 key");
  }
  return bytes;
}

std::string exporter_of(SecureStream& stream, std::string_view label) {
  std::string bytes(kExporterBytes, '\0');
  require(SSL_export_keying_material(stream.native_handle(),
                                     reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                     label.data(), label.size(), nullptr, 0, 0) == 1);
  return bytes;
}

void tune(asio::ip::tcp::socket& socket) {
  asio::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
#ifdef TCP_NOTSENT_LOWAT
  using NotSent = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
  socket.set_option(NotSent(kNotSentBytes), ignored);
#endif
}

}  // namespace rill
