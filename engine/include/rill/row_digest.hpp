#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rill {

/// A 128-bit hash of bytes, or a sum of such hashes, which does not depend on their order. It finds
/// accidents; it is no defence against an attacker. Thread safety: a value.
struct Digest {
  /// The more significant half.
  std::uint64_t high = 0;
  /// The less significant half.
  std::uint64_t low = 0;

  /// Adds modulo 2^128.
  void add(const Digest& other) noexcept;
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Digest&, const Digest&) = default;
};

/// The hash of `bytes`: two lanes of multiply-and-rotate over 8-byte words, finalised as in
/// MurmurHash3 (Appleby 2011). Peers compare it, so it is part of the protocol.
Digest digest_of(std::string_view bytes) noexcept;

/// The digest of one row, listed to be compared with a peer's.
struct RowDigest {
  /// A hash of table and key: where the row stands among all.
  std::uint64_t place = 0;
  /// Of the row.
  Digest digest;
  /// Table and key, for people; at most `kMaxRowName` bytes.
  std::string name;

  friend bool operator==(const RowDigest&, const RowDigest&) = default;
};

/// Rows are spread over so many ranges, by the first bits of their place.
inline constexpr std::size_t kDigestRanges = 4'096;
/// How many rows one comparison lists, the first by place.
inline constexpr std::size_t kMaxRowDigests = 1'024;
/// The longest name of a listed row, in bytes.
inline constexpr std::size_t kMaxRowName = 160;

/// The digests of a replica's live rows, range by range, and a list of those in some ranges: two
/// replicas that have seen the same compare ranges first, and then the rows of those that differ.
///
/// A replica adds each live row once. Memory: 64 KiB, and at most `kMaxRowDigests` listed rows.
/// Thread safety: a value; concurrent reads are fine, a write needs exclusion.
/// Source: the idea is a Merkle tree (Merkle 1987) of two levels, with sums in place of hashes of
/// hashes, so that rows may come in any order.
class RowDigests {
 public:
  /// Lists the rows of the ranges `listed`.
  explicit RowDigests(const std::vector<std::uint32_t>& listed = {});

  /// Adds a row, described by `row`: equal on replicas where it is equal. `key` is encoded.
  void add(std::string_view table, std::string_view key, std::string_view row);

  /// Over all rows.
  [[nodiscard]] Digest total() const noexcept;
  /// `kDigestRanges` sums.
  [[nodiscard]] const std::vector<Digest>& ranges() const noexcept { return ranges_; }
  /// The rows of the listed ranges, ascending by place.
  [[nodiscard]] std::vector<RowDigest> rows() const;
  /// Whether `rows` has them all; otherwise only the first.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  void list(std::uint64_t place, const Digest& digest, std::string_view table,
            std::string_view key);

  std::vector<Digest> ranges_;
  std::vector<bool> listed_;
  std::map<std::uint64_t, RowDigest> rows_;
  bool complete_ = true;
};

}  // namespace rill
