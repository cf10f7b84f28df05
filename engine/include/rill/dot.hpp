#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// An author of events: one database file's identity, 128 random bits. Not a device and not a key:
/// a copied or restored file takes a new one.
///
/// Order is by bytes; it means nothing but breaks ties the same way everywhere.
/// Thread safety: a value.
struct ReplicaId {
  /// All 0 for the id of nobody.
  std::array<std::uint8_t, 16> bytes{};

  /// 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string to_string() const;
  /// The inverse of `to_string`; empty for anything else.
  static std::optional<ReplicaId> parse(std::string_view text);

  friend auto operator<=>(const ReplicaId&, const ReplicaId&) = default;
};

/// The name of one committed local transaction: the replica that made it and that replica's
/// counter. Counters start at 1; gaps are harmless.
struct Dot {
  /// The author.
  ReplicaId replica;
  /// The author's transaction, counted from 1; 0 for no event at all.
  std::uint64_t counter = 0;

  friend auto operator<=>(const Dot&, const Dot&) = default;
};

/// A hybrid-logical-clock reading: 48 bits of milliseconds since 1970 (UTC), then a 16-bit counter.
/// It only breaks ties between concurrent writes; causal order comes from dots.
/// Source: Kulkarni et al., "Logical Physical Clocks", 2014.
struct Timestamp {
  /// Milliseconds times 65,536, plus the counter: readings order as this number does.
  std::uint64_t bits = 0;

  /// The reading `counter` steps after the first of millisecond `ms`.
  static constexpr Timestamp from_ms(std::uint64_t ms, std::uint16_t counter = 0) {
    return {(ms << 16U) | counter};
  }
  /// Milliseconds since 1970 (UTC).
  [[nodiscard]] constexpr std::uint64_t ms() const { return bits >> 16U; }
  /// The place among the readings of the same millisecond.
  [[nodiscard]] constexpr std::uint16_t counter() const {
    return static_cast<std::uint16_t>(bits & 0xFFFFU);
  }

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// A dot with the time that rides with it: everything a transaction says of itself.
struct Stamp {
  /// Who made the transaction, and which it is.
  Dot dot;
  /// When, by the author's clock: for ties only.
  Timestamp time;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// Whether `left` is the earlier write where two are concurrent: by time, then by dot.
bool earlier(const Stamp& left, const Stamp& right) noexcept;

}  // namespace rill

/// Hashes an id for unordered containers. Ids are random, so a part of the bytes serves as the
/// hash.
template <>
struct std::hash<rill::ReplicaId> {
  /// A hash that is the same for equal ids within one run of the program.
  std::size_t operator()(const rill::ReplicaId& id) const noexcept;
};
