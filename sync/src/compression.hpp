#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace rill {

/// Shorter pieces are sent as they are.
inline constexpr std::size_t kMinCompressedBytes = 512;
/// The most that a compressed piece may say it unpacks to.
inline constexpr std::size_t kMaxUnpackedBytes = std::size_t{1} << 20U;

/// Compresses pieces, each for itself, by zstd level 3. Takes its memory, about 1 MiB, with the
/// first piece.
///
/// A compressed piece: varint size when unpacked, then one zstd frame (RFC 8878).
/// Thread safety: one user at a time.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  /// The compressed piece; empty if `piece` is short, long, or would not shrink.
  std::string compress(std::string_view piece);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// Undoes `Compressor::compress`. Allocates what the piece says it unpacks to, after checking that
/// against `kMaxUnpackedBytes`, and no more. Throws `Error{limit_exceeded}`, or `Error{malformed}`
/// for what is not one whole frame of just the size that was said. `bytes` may be hostile.
std::string unpack(std::string_view bytes);

}  // namespace rill
