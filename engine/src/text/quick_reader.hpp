#pragma once

#include <cstdint>
#include <string_view>

#include "rill/error.hpp"

namespace rill::fugue {

/// Reads varints as `ByteReader` does, inline: a checkpoint has tens of thousands of them.
class QuickReader {
 public:
  /// The bytes must outlive the reader.
  explicit QuickReader(std::string_view bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// A number of up to 32 bits in its shortest form; `malformed` otherwise.
  std::uint32_t number() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      return static_cast<unsigned char>(*at_++);
    }
    return long_number();
  }
  /// The next bytes.
  std::string_view raw(std::size_t length) {
    if (length > remaining()) fail();
    const std::string_view bytes(at_, length);
    at_ += length;
    return bytes;
  }
  [[nodiscard]] std::size_t remaining() const noexcept {
    return static_cast<std::size_t>(end_ - at_);
  }
  /// What a checkpoint that does not decode gets.
  [[noreturn]] static void fail() {
    throw Error(ErrorCode::malformed,
                "a text's checkpoint does not decode: it is damaged, or no checkpoint");
  }

 private:
  std::uint32_t long_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      if (at_ == end_) fail();
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte >= 0x80) continue;
      if ((byte == 0 && shift > 0) || value > 0xFFFF'FFFFU) fail();
      return static_cast<std::uint32_t>(value);
    }
    fail();
  }

  const char* at_;
  const char* end_;
};

}  // namespace rill::fugue
