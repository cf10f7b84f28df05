#include "frame.hpp"

#include <algorithm>

#include "rill/error.hpp"

namespace rill {
namespace {

void append_little_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned index = 0; index < bytes; ++index) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(value >> (8U * index))));
  }
}

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t index = bytes.size(); index > 0; --index) {
    value = value << 8U | static_cast<std::uint8_t>(bytes[index - 1]);
  }
  return value;
}

}  // namespace

void append_frame(std::string& out, FrameType type, std::uint16_t stream, std::string_view payload,
                  std::uint8_t flags) {
  if (payload.size() > kMaxFrameBytes) {
    throw Error(ErrorCode::limit_exceeded,
                "a message of " + std::to_string(payload.size()) +
                    " bytes fits no frame: too many replicas, or too many tables");
  }
  append_little_endian(out, payload.size(), 4);
  append_little_endian(out, static_cast<std::uint8_t>(type), 1);
  append_little_endian(out, flags, 1);
  append_little_endian(out, stream, 2);
  out.append(payload);
}

void FrameReader::fill(std::string_view& input, std::size_t size) {
  const std::size_t taken = std::min(input.size(), size - buffer_.size());
  buffer_.append(input.substr(0, taken));
  input.remove_prefix(taken);
}

std::optional<Frame> FrameReader::next(std::string_view& input, std::size_t limit) {
  if (complete_) {
    buffer_.clear();
    complete_ = false;
  }
  if (buffer_.size() < kFrameHeaderBytes) fill(input, kFrameHeaderBytes);
  if (buffer_.size() < kFrameHeaderBytes) return std::nullopt;

  const std::string_view header(buffer_);
  const std::size_t length = little_endian(header.substr(0, 4));
  if (length > limit) {
    throw Error(ErrorCode::limit_exceeded, "the peer began a frame of " + std::to_string(length) +
                                               " bytes; the limit is " + std::to_string(limit));
  }
  fill(input, kFrameHeaderBytes + length);
  if (buffer_.size() < kFrameHeaderBytes + length) return std::nullopt;

  complete_ = true;
  ++frames_;
  const std::string_view whole(buffer_);
  return Frame{static_cast<std::uint8_t>(whole[4]), static_cast<std::uint8_t>(whole[5]),
               static_cast<std::uint16_t>(little_endian(whole.substr(6, 2))),
               whole.substr(kFrameHeaderBytes)};
}

}  // namespace rill
