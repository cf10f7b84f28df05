#include "compression.hpp"

#include <zstd.h>

#include <cstdint>
#include <new>

#include "rill/bytes.hpp"
#include "rill/error.hpp"

namespace rill {
namespace {

constexpr int kLevel = 3;
/// As it stands in bytes. zstd would also read formats of its own past, and skippable frames.
constexpr std::string_view kFrameMagic("\x28\xB5\x2F\xFD", 4);

[[noreturn]] void refuse() {
  throw Error(ErrorCode::malformed, "the peer sent a compressed piece that does not unpack");
}

}  // namespace

struct Compressor::Context {
  Context() : zstd(ZSTD_createCCtx()) {
    if (zstd == nullptr) throw std::bad_alloc();
  }
  ~Context() { ZSTD_freeCCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  ZSTD_CCtx* zstd;
};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

std::string Compressor::compress(std::string_view piece) {
  if (piece.size() < kMinCompressedBytes || piece.size() > kMaxUnpackedBytes) return {};
  if (context_ == nullptr) context_ = std::make_unique<Context>();
  ByteWriter header;
  header.varint(piece.size());
  std::string out = header.take();
  const std::size_t begin = out.size();
  // No room for more than the piece itself: what does not shrink is not worth unpacking.
  out.resize(piece.size());
  const std::size_t size = ZSTD_compressCCtx(context_->zstd, out.data() + begin, out.size() - begin,
                                             piece.data(), piece.size(), kLevel);
  if (ZSTD_isError(size) != 0) return {};
  out.resize(begin + size);
  return out;
}

std::string unpack(std::string_view bytes) {
  ByteReader reader(bytes);
  const std::uint64_t size = reader.varint();
  if (size > kMaxUnpackedBytes) {
    throw Error(ErrorCode::limit_exceeded, "the peer sent a piece that unpacks to " +
                                               std::to_string(size) + " bytes; the limit is " +
                                               std::to_string(kMaxUnpackedBytes));
  }
  const std::string_view frame = bytes.substr(bytes.size() - reader.remaining());
  if (!frame.starts_with(kFrameMagic)) refuse();
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) refuse();
  std::string out(static_cast<std::size_t>(size), '\0');
  // Writes no further than the room it is given, and needs no window beside that.
  if (ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size()) != size) refuse();
  return out;
}

}  // namespace rill
