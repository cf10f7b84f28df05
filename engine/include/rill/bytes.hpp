#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "rill/dot.hpp"
#include "rill/value.hpp"
#include "rill/version_vector.hpp"

namespace rill {

/// Appends primitive values to a string of bytes: the one encoding of everything stored or sent.
///
/// Unsigned integers are LEB128 varints in their shortest form, signed ones zigzag varints; lengths
/// precede bytes. Thread safety: one user at a time.
class ByteWriter {
 public:
  /// One byte as it is.
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  /// An unsigned integer as LEB128: 1 to 10 bytes.
  void varint(std::uint64_t value);
  /// A signed integer as the varint of 2n, or of -2n - 1 where it is negative.
  void zigzag(std::int64_t value);
  /// Bytes as they are, without their length.
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  /// Length, then bytes.
  void string(std::string_view bytes);
  void fixed64(std::uint64_t value);  ///< Little-endian.
  /// The 16 bytes of an id.
  void replica(const ReplicaId& id);
  /// A first byte that tells type and, for small values, content; then the rest of it.
  void value(const Value& value) { value_view(ValueView::of(value)); }
  /// The same for a value that is held elsewhere.
  void value_view(const ValueView& value);
  /// A count, then each replica with its counter, ascending by replica.
  void version_vector(const VersionVector& vector);

  /// How many bytes have been written.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// Hands out what was written; the writer is to be cleared before it is used again.
  [[nodiscard]] std::string take() { return std::move(bytes_); }
  /// What was written so far; valid until the next call that writes.
  [[nodiscard]] std::string_view view() const noexcept { return bytes_; }
  /// Starts anew, keeping the memory.
  void clear() noexcept { bytes_.clear(); }
  /// Makes room for `bytes` in all.
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  /// Forgets what was written beyond `size`.
  void shorten(std::size_t size) { bytes_.resize(size); }

 private:
  std::string bytes_;
};

/// Reads what `ByteWriter` wrote, from bytes that may be hostile: every length is checked against
/// what remains before anything is allocated, and only the shortest form of a varint is accepted.
///
/// Every call throws `Error{malformed}` where the bytes do not fit, and `Error{limit_exceeded}`
/// where a length is above the given limit. Holds a view: the bytes must outlive it.
class ByteReader {
 public:
  /// Reads `bytes`, which must outlive the reader.
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  /// One byte.
  std::uint8_t byte();
  /// An unsigned integer in its shortest form, of at most 64 bits.
  std::uint64_t varint();
  /// A varint of at most `maximum`, else `limit_exceeded`.
  std::uint64_t varint(std::uint64_t maximum);
  /// A signed integer in its shortest form.
  std::int64_t zigzag();
  /// A count of things that take at least `least_bytes` each; bounded by what remains and by
  /// `maximum`.
  std::size_t count(std::size_t maximum, std::size_t least_bytes = 1);
  /// The next `length` bytes, as a view of the input.
  std::string_view raw(std::size_t length);
  /// A length of at most `maximum` and that many bytes, as a view of the input.
  std::string_view string(std::size_t maximum);
  /// Eight bytes, little-endian.
  std::uint64_t fixed64();
  /// The 16 bytes of an id; any 16 will do.
  ReplicaId replica();
  /// `maximum` bounds the bytes of TEXT and BLOB.
  Value value(std::size_t maximum) { return value_view(maximum).copy(); }
  /// The same in place.
  ValueView value_view(std::size_t maximum);
  /// Of at most `kMaxReplicas` replicas.
  VersionVector version_vector();

  /// How many bytes have not been read.
  [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }
  /// Throws `Error{malformed}` unless everything was read.
  void expect_end() const;

 private:
  std::string_view rest_;
};

}  // namespace rill
