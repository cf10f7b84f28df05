#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "rill/device_key.hpp"

namespace rill::test {

/// A bare TCP connection to 127.0.0.1, for peers that behave badly.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : RawSocket(port, INADDR_LOOPBACK) {}
  /// The same from an address of its own, such as 127.0.0.9.
  RawSocket(std::uint16_t port, std::uint32_t from) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(from);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  }
  RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  /// Takes over a connection.
  static RawSocket of(int descriptor) { return RawSocket(Taken{descriptor}); }

  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  void send(std::string_view bytes) const {
    static_cast<void>(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// Reads until the other end closes, which it has to do in time.
  [[nodiscard]] std::string read_all() const {
    std::string bytes;
    char buffer[4'096];
    ssize_t size = 0;
    while ((size = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0) {
      bytes.append(buffer, static_cast<std::size_t>(size));
    }
    const bool timed_out = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    EXPECT_FALSE(timed_out) << "the other end did not close the connection";
    return bytes;
  }

 private:
  struct Taken {
    int descriptor;
  };
  explicit RawSocket(Taken taken) : fd_(taken.descriptor) {}

  int fd_;
};

/// A port of this machine on which one connection at a time is taken.
class RawListener {
 public:
  /// On 127.0.0.1 and any port that is free, unless others are given.
  explicit RawListener(std::uint32_t host = INADDR_LOOPBACK, std::uint16_t port = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    socklen_t size = sizeof(address);
    auto* general = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, general, size), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    EXPECT_EQ(::getsockname(fd_, general, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener() { ::close(fd_); }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// The descriptor of the next connection.
  [[nodiscard]] int accept() const { return ::accept(fd_, nullptr, nullptr); }
  /// Waits for one for that long; returns whether it came.
  [[nodiscard]] bool wait(std::chrono::milliseconds patience) const {
    pollfd ready{fd_, POLLIN, 0};
    return ::poll(&ready, 1, static_cast<int>(patience.count())) > 0;
  }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

/// What a bad TLS client does other than a device would.
struct TlsManners {
  int newest = TLS1_3_VERSION;
  /// As it goes over the wire: each name behind its length. Empty: none is offered.
  std::string alpn = "\x06rill/2";
  /// "ED25519", "EC" (P-256), or empty for no certificate.
  std::string key = "ED25519";
  /// The key in place of a new one, if any.
  const DeviceKey* device = nullptr;
  /// Whether the certificate comes with another one behind it.
  bool chain = false;
};

/// A TLS connection made by hand.
class RawTls {
 public:
  explicit RawTls(std::uint16_t port, const TlsManners& manners = {})
      : RawTls(RawSocket(port), TLS_client_method(), manners) {
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  /// The other end: takes a connection, and whatever name of a protocol is offered.
  explicit RawTls(const RawListener& listener)
      : RawTls(RawSocket::of(listener.accept()), TLS_server_method(), {}) {
    connected_ = SSL_accept(tls_.get()) == 1;
  }

  /// Whether this side took the handshake for done: the other may see that later, and refuse.
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  /// Sends all of it, unless the other end takes no more.
  void send(std::string_view bytes) {
    SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }
  /// What comes next; empty at the end.
  std::string read_some() {
    char buffer[4'096];
    const int size = SSL_read(tls_.get(), buffer, sizeof(buffer));
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
  }
  /// The other end's key, if it has one.
  [[nodiscard]] PublicKey peer_key() const {
    PublicKey key{};
    std::size_t size = key.size();
    EVP_PKEY_get_raw_public_key(X509_get0_pubkey(SSL_get0_peer_certificate(tls_.get())), key.data(),
                                &size);
    return key;
  }
  /// What both ends know of this connection (RFC 8446, section 7.5).
  [[nodiscard]] std::string exporter(std::string_view label) const {
    std::string bytes(32, '\0');
    SSL_export_keying_material(tls_.get(), reinterpret_cast<unsigned char*>(bytes.data()),
                               bytes.size(), label.data(), label.size(), nullptr, 0, 0);
    return bytes;
  }
  [[nodiscard]] int descriptor() const noexcept { return socket_.descriptor(); }
  [[nodiscard]] bool has_pending() const noexcept { return SSL_pending(tls_.get()) > 0; }
  /// What comes until the other end closes.
  std::string read_all() {
    std::string bytes;
    char buffer[4'096];
    for (int size = 0; (size = SSL_read(tls_.get(), buffer, sizeof(buffer))) > 0;) {
      bytes.append(buffer, static_cast<std::size_t>(size));
    }
    return bytes;
  }
  /// At least `size` bytes, unless the other end closes before.
  std::string read(std::size_t size) {
    std::string bytes;
    char letter = 0;
    while (bytes.size() < size && SSL_read(tls_.get(), &letter, 1) == 1) bytes += letter;
    return bytes;
  }

 private:
  template <typename T, void (*Free)(T*)>
  struct Freed {
    void operator()(T* object) const noexcept { Free(object); }
  };

  RawTls(RawSocket socket, const SSL_METHOD* method, const TlsManners& manners)
      : socket_(std::move(socket)) {
    context_.reset(SSL_CTX_new(method));
    SSL_CTX_set_max_proto_version(context_.get(), manners.newest);
    SSL_CTX_set_alpn_select_cb(context_.get(), take_first, nullptr);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, accept_any);
    if (!manners.key.empty()) use_certificate(manners);
    tls_.reset(SSL_new(context_.get()));
    SSL_set_fd(tls_.get(), socket_.descriptor());
    if (!manners.alpn.empty()) {
      SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(manners.alpn.data()),
                          static_cast<unsigned int>(manners.alpn.size()));
    }
  }

  static int accept_any(int /*verified*/, X509_STORE_CTX* /*store*/) { return 1; }
  static int take_first(SSL* /*tls*/, const unsigned char** selected, unsigned char* size,
                        const unsigned char* offered, unsigned int /*offered_size*/,
                        void* /*unused*/) {
    *size = offered[0];
    *selected = offered + 1;
    return SSL_TLSEXT_ERR_OK;
  }

  /// A new key, or one more reference to the given one.
  static EVP_PKEY* key_of(const TlsManners& manners) {
    if (manners.device != nullptr) {
      auto* native = static_cast<EVP_PKEY*>(manners.device->native());
      EVP_PKEY_up_ref(native);
      return native;
    }
    return manners.key == "EC" ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                               : EVP_PKEY_Q_keygen(nullptr, nullptr, manners.key.c_str());
  }
  void use_certificate(const TlsManners& manners) {
    EVP_PKEY* key = key_of(manners);
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, manners.key == "EC" ? EVP_sha256() : nullptr);
    SSL_CTX_use_certificate(context_.get(), certificate);
    SSL_CTX_use_PrivateKey(context_.get(), key);
    if (manners.chain) SSL_CTX_add1_chain_cert(context_.get(), certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  RawSocket socket_;
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Freed<SSL, SSL_free>> tls_;
  bool connected_ = false;
};

}  // namespace rill::test
