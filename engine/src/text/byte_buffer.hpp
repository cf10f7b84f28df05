#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace rill::fugue {

/// Bytes that are only appended to. It grows by `realloc`, which moves large blocks by remapping
/// their pages: a `std::string` spent a third of a replay on copying what it had.
class ByteBuffer {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

  void push_back(char byte) {
    if (size_ == capacity_) reserve(capacity_ + capacity_ / 2 + 64);
    bytes_.get()[size_++] = byte;
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (bytes.size() > capacity_ - size_) reserve(size_ + bytes.size() + capacity_ / 2);
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// Makes room for `capacity` bytes in all.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    char* old = bytes_.release();
    auto* grown = static_cast<char*>(std::realloc(old, capacity));
    bytes_.reset(grown == nullptr ? old : grown);
    if (grown == nullptr) throw std::bad_alloc();
    capacity_ = capacity;
  }

 private:
  struct Free {
    void operator()(char* bytes) const noexcept { std::free(bytes); }
  };

  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace rill::fugue
