#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "crypto.hpp"

namespace rill::pairing {

/// A point of P-256, uncompressed (SEC 1).
inline constexpr std::size_t kShareBytes = 65;
using Share = std::array<std::uint8_t, kShareBytes>;
/// HMAC-SHA-256 over all that both sides have said.
using Confirmation = Sha256;
/// What both sides hold afterwards, and nobody else.
using SharedKey = std::array<std::uint8_t, 16>;
/// A number below the order of P-256, big-endian.
using Scalar = std::array<std::uint8_t, 32>;

/// The code's scalar: scrypt (N = 2^14, r = 8, p = 1) of it and `salt`, reduced modulo the order.
/// The same on both sides, and never 0.
Scalar scalar_of_code(std::string_view code, std::string_view salt);

/// One side of SPAKE2: two devices that were told the same code, of a few digits, agree on a key.
/// Who listens, or stands in between, learns nothing by which codes could be tried out elsewhere:
/// each wrong guess costs a run with one of the two.
///
///     Spake2 device(Spake2::Side::b, code, context);
///     send(device.share());
///     device.receive(their_share);
///     send(device.confirmation());
///     if (device.confirms(their_confirmation)) use(device.key());
///
/// The key is worth nothing before the other side's confirmation was checked: that alone tells that
/// both have the same code and stand on the same connection.
///
/// Thread safety: one user at a time; distinct objects are independent.
/// Source: RFC 9382 (Ladd, 2023), suite P256-SHA256-HKDF-SHA256-HMAC-SHA256, on OpenSSL.
class Spake2 {
 public:
  /// Which share a side makes. Both must not be the same.
  enum class Side : std::uint8_t { a, b };

  /// What both sides say of themselves and of their connection; it must be equal on both.
  struct Context {
    std::string identity_a;
    std::string identity_b;
    /// Of the connection that carries the run, so that it cannot be carried over to another: TLS
    /// exporter.
    std::string channel;
  };

  /// Draws the side's secret from OpenSSL's random generator. Throws `Error{internal}` if OpenSSL
  /// fails.
  Spake2(Side side, const Scalar& code, Context context);
  /// The same with a secret that is given: for test vectors alone.
  Spake2(Side side, const Scalar& code, Context context, const Scalar& secret);
  ~Spake2();
  Spake2(Spake2&&) noexcept;
  Spake2& operator=(Spake2&&) noexcept;
  Spake2(const Spake2&) = delete;
  Spake2& operator=(const Spake2&) = delete;

  /// What to send.
  [[nodiscard]] const Share& share() const noexcept;
  /// Takes the other side's share, once. Throws `Error{malformed}` for bytes that are no point of
  /// the curve other than infinity, with nothing changed.
  void receive(std::string_view share);
  /// What to send then. Precondition of this and of what follows: `receive` returned.
  [[nodiscard]] const Confirmation& confirmation() const noexcept;
  /// Whether the other side, whose confirmation this is, had the same code and context. Takes the
  /// same time wherever the bytes differ.
  [[nodiscard]] bool confirms(std::string_view confirmation) const noexcept;
  /// The key that both sides hold.
  [[nodiscard]] const SharedKey& key() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rill::pairing
