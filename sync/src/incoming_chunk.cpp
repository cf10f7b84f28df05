#include "incoming_chunk.hpp"

#include <utility>

#include "compression.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"

namespace rill {

std::optional<std::string_view> IncomingChunk::add(const Frame& frame) {
  if (std::exchange(complete_, false)) bytes_ = {};
  if (frame.payload.empty()) throw Error(ErrorCode::malformed, "the peer sent an empty piece");
  const bool more = (frame.flags & kFrameMore) != 0;
  const bool packed = (frame.flags & kFrameCompressed) != 0;
  if (bytes_.empty() && !more && !packed) return frame.payload;

  std::string unpacked;
  if (packed) unpacked = unpack(frame.payload);
  const std::string_view piece = packed ? std::string_view(unpacked) : frame.payload;
  if (bytes_.size() + piece.size() > kMaxDeltaBytes) {
    throw Error(ErrorCode::limit_exceeded, "the peer sent a delta chunk of more than " +
                                               std::to_string(kMaxDeltaBytes) + " bytes");
  }
  if (packed && bytes_.empty()) {
    bytes_ = std::move(unpacked);
  } else {
    // Doubled step by step, the old room and the new would be held at once. Room that is not
    // written to costs nothing.
    if (bytes_.size() + piece.size() > kMaxUnpackedBytes) bytes_.reserve(kMaxDeltaBytes);
    bytes_.append(piece);
  }
  if (more) return std::nullopt;
  complete_ = true;
  return bytes_;
}

}  // namespace rill
