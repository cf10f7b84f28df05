#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rill {

/// Frames on the wire; the numbers are part of the protocol. See sync/README.md.
enum class FrameType : std::uint8_t {
  hello = 1,
  begin = 2,
  delta = 3,
  ack = 4,
  retry = 5,
  ping = 6,
  pong = 7,
  working = 8,
  bye = 9,
  error = 10,
  group = 11,
  digest = 12,
  digest_ranges = 13,
  digest_rows = 14,
  credit = 15,
  have = 16,
  history = 17,
};
inline constexpr FrameType kLastFrameType = FrameType::history;

/// Frame flags.
inline constexpr std::uint8_t kFrameOptional = 0x01;  ///< A receiver that lacks the type skips it.
inline constexpr std::uint8_t kFrameMore = 0x02;      ///< The next frame of this type continues it.
inline constexpr std::uint8_t kFrameCompressed = 0x04;  ///< DELTA: the payload is packed.

inline constexpr std::size_t kFrameHeaderBytes = 8;
/// The longest HELLO. No peer is authenticated yet, and none can be further away than this machine.
inline constexpr std::size_t kMaxHelloBytes = std::size_t{256} << 10U;
/// The longest payload of any other frame.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{256} << 10U;
/// The longest piece of a delta chunk in one frame, so that control frames need not wait long.
inline constexpr std::size_t kBulkFrameBytes = std::size_t{64} << 10U;

/// One frame, its payload a view of the reader's buffer.
struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint16_t stream = 0;
  std::string_view payload;

  [[nodiscard]] bool is(FrameType wanted) const noexcept {
    return type == static_cast<std::uint8_t>(wanted);
  }
};

/// Appends header and payload to `out`. Throws `Error{limit_exceeded}` for a payload above
/// `kMaxFrameBytes`.
void append_frame(std::string& out, FrameType type, std::uint16_t stream, std::string_view payload,
                  std::uint8_t flags = 0);

/// Cuts a stream of bytes into frames. Holds at most one frame; a length above the limit is refused
/// before anything is allocated for it.
class FrameReader {
 public:
  /// Takes bytes from the front of `input` until a frame is complete; empty if it ran out first.
  /// The frame's payload is valid until the next call. Throws `Error{limit_exceeded}`; the reader
  /// is then of no further use.
  std::optional<Frame> next(std::string_view& input, std::size_t limit);
  /// Whether a frame has begun and not ended.
  [[nodiscard]] bool inside_frame() const noexcept { return !complete_ && !buffer_.empty(); }
  /// Frames completed so far.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }

 private:
  void fill(std::string_view& input, std::size_t size);

  std::string buffer_;
  bool complete_ = false;
  std::uint64_t frames_ = 0;
};

}  // namespace rill
