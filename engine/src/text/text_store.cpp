#include "text_store.hpp"

#include <algorithm>

namespace rill::fugue {

std::uint32_t TextStore::append(std::string_view text, const Extent& extent) {
  const std::uint32_t offset = end();
  bytes_.append(text);
  if (extent.chars != extent.bytes) ascii_ = false;
  if (!ascii_) index();
  return offset;
}

void TextStore::index() {
  if (blocks_.empty()) blocks_.push_back({0, 0});
  while (bytes_.size() >= blocks_.size() * kBlock) {
    const std::size_t begin = (blocks_.size() - 1) * kBlock;
    const Extent block = measure(bytes_.view().substr(begin, kBlock));
    const Before& last = blocks_.back();
    blocks_.push_back({last.chars + block.chars, last.pairs + block.units - block.chars});
  }
}

TextStore::Before TextStore::before(std::uint32_t offset) const noexcept {
  const std::uint32_t block = offset / kBlock;
  const Extent rest = measure(slice(block * kBlock, offset));
  return {blocks_[block].chars + rest.chars, blocks_[block].pairs + rest.units - rest.chars};
}

Extent TextStore::between(std::uint32_t from, std::uint32_t to) const noexcept {
  if (ascii_) return {to - from, to - from, to - from};
  if (to - from <= 2 * kBlock) return measure(slice(from, to));
  const Before begin = before(from);
  const Before end = before(to);
  const std::uint32_t chars = end.chars - begin.chars;
  return {chars, chars + end.pairs - begin.pairs, to - from};
}

std::uint32_t TextStore::advance_indexed(std::uint32_t offset, std::uint32_t chars) const noexcept {
  const std::string_view all = bytes_.view();
  if (chars <= kBlock) {
    return offset + static_cast<std::uint32_t>(bytes_of(all.substr(offset), chars));
  }
  const std::uint32_t target = before(offset).chars + chars;
  const auto behind = std::upper_bound(
      blocks_.begin(), blocks_.end(), target,
      [](std::uint32_t wanted, const Before& block) { return wanted < block.chars; });
  const auto block = static_cast<std::uint32_t>(behind - blocks_.begin()) - 1;
  std::uint32_t begin = block * kBlock;
  while (begin < all.size() && !begins_char(all[begin])) ++begin;
  return begin +
         static_cast<std::uint32_t>(bytes_of(all.substr(begin), target - blocks_[block].chars));
}

}  // namespace rill::fugue
