#pragma once

#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "rill/device_key.hpp"

namespace rill {

/// A TLS connection. Asio's operations on one must not run at once: all are the I/O thread's.
using SecureStream = asio::ssl::stream<asio::ip::tcp::socket>;

/// What a connection is for, negotiated in the handshake (ALPN, RFC 7301).
enum class Purpose : std::uint8_t { sync, pairing };

/// A context for either end of a connection of this device: TLS 1.3 and nothing older, both ends
/// with a certificate made here for their Ed25519 key and signed by it, no tickets and no
/// resumption, since those would skip the proof of the key.
///
/// The handshake accepts any device that has its key: who may do what is decided by that key
/// afterwards. Certificates say nothing else; their dates and names are ignored, chains refused.
/// Throws `Error{internal}` if OpenSSL fails. `pairing` tells whether connections for pairing are
/// taken by the accepting end, `syncing` those between members.
/// Source: RFC 8446, RFC 8410.
asio::ssl::context tls_context(const DeviceKey& key);

/// Says, before the handshake, what the connection is for.
void set_purpose(SecureStream& stream, Purpose purpose);
/// What both ends agreed on in the handshake; empty if on nothing.
std::optional<Purpose> purpose_of(SecureStream& stream);
/// The other end's key, proved in the handshake. Throws `Error{protocol}` if it has none.
PublicKey peer_key(SecureStream& stream);
/// 32 bytes that both ends of this connection know and nobody else, and that differ in every other
/// connection (RFC 8446, section 7.5, RFC 5705).
std::string exporter_of(SecureStream& stream, std::string_view label);

/// Options of a new socket: no delay, and little unsent data in the kernel, so that control frames
/// can overtake.
void tune(asio::ip::tcp::socket& socket);

}  // namespace rill
