#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "byte_buffer.hpp"
#include "utf8.hpp"

namespace rill::fugue {

/// The characters of a text, in the order in which they came: only appended to, never moved.
///
/// While all is ASCII, a character is a byte. From the first other character on, an index of the
/// code points and pairs before every block of bytes makes both directions logarithmic.
class TextStore {
 public:
  /// Appends valid UTF-8 of the given extent. Returns the offset of its first byte.
  std::uint32_t append(std::string_view text, const Extent& extent);
  /// Appends one ASCII character.
  void append_ascii(char character) {
    if (!ascii_) {
      append(std::string_view(&character, 1), {1, 1, 1});
      return;
    }
    bytes_.push_back(character);
  }

  /// The next offset.
  [[nodiscard]] std::uint32_t end() const noexcept {
    return static_cast<std::uint32_t>(bytes_.size());
  }
  /// Whether all characters take one byte.
  [[nodiscard]] bool ascii() const noexcept { return ascii_; }
  /// The bytes from one offset to another.
  [[nodiscard]] std::string_view slice(std::uint32_t from, std::uint32_t to) const noexcept {
    return bytes_.view().substr(from, to - from);
  }
  /// The offset `chars` code points behind `offset`.
  [[nodiscard]] std::uint32_t advance(std::uint32_t offset, std::uint32_t chars) const noexcept {
    return ascii_ ? offset + chars : advance_indexed(offset, chars);
  }
  /// The extent of `chars` code points from `offset` on.
  [[nodiscard]] Extent extent(std::uint32_t offset, std::uint32_t chars) const noexcept {
    if (ascii_) return {chars, chars, chars};
    return between(offset, advance_indexed(offset, chars));
  }
  /// The extent of what lies between two offsets.
  [[nodiscard]] Extent between(std::uint32_t from, std::uint32_t to) const noexcept;

 private:
  static constexpr std::uint32_t kBlock = 256;

  // What precedes a block.
  struct Before {
    std::uint32_t chars;
    std::uint32_t pairs;
  };

  [[nodiscard]] std::uint32_t advance_indexed(std::uint32_t offset,
                                              std::uint32_t chars) const noexcept;
  [[nodiscard]] Before before(std::uint32_t offset) const noexcept;
  // Brings the index up to the last whole block.
  void index();

  ByteBuffer bytes_;
  std::vector<Before> blocks_;
  bool ascii_ = true;
};

}  // namespace rill::fugue
