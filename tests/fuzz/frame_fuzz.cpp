#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "frame.hpp"
#include "fuzz/input.hpp"
#include "rill/error.hpp"

// Hostile bytes, in portions, as frames: each is within the limit, and together they are just the
// bytes that came.

using rill::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t portion = 1U + data[0];
  const std::size_t limit = std::size_t{data[1]} * 64;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  rill::FrameReader reader;
  std::string again;
  std::uint64_t frames = 0;
  try {
    for (std::size_t at = 0; at < bytes.size(); at += portion) {
      std::string_view input = bytes.substr(at, portion);
      while (const auto frame = reader.next(input, limit)) {
        require(frame->payload.size() <= limit, "a frame is above the limit");
        rill::append_frame(again, static_cast<rill::FrameType>(frame->type), frame->stream,
                           frame->payload, frame->flags);
        ++frames;
      }
      require(input.empty(), "bytes are left");
    }
  } catch (const rill::Error& error) {
    require(error.code() == rill::ErrorCode::limit_exceeded, "refused with another error");
    return 0;
  }
  require(bytes.starts_with(again), "the frames are not what came");
  require(reader.frames() == frames, "frames are counted wrongly");
  require(reader.inside_frame() == (again.size() < bytes.size()), "the rest is no frame begun");
  return 0;
}
