#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace rill::fugue {

/// Objects numbered from 0, in pieces of memory that never move: growing copies nothing.
template <typename T>
class Pool {
 public:
  /// A pool of `count` objects.
  explicit Pool(std::size_t count = 0) { resize(count); }

  [[nodiscard]] T& operator[](std::size_t id) noexcept { return pieces_[id / kPiece][id % kPiece]; }
  [[nodiscard]] const T& operator[](std::size_t id) const noexcept {
    return pieces_[id / kPiece][id % kPiece];
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  T& emplace_back() {
    if (size_ == pieces_.size() * kPiece) pieces_.push_back(std::make_unique<T[]>(kPiece));
    return (*this)[size_++];
  }
  /// Starts anew with `count` objects.
  void resize(std::size_t count) {
    pieces_.clear();
    size_ = 0;
    pieces_.reserve((count + kPiece - 1) / kPiece);
    while (size_ < count) emplace_back();
  }

 private:
  static constexpr std::size_t kPiece = 16;

  std::vector<std::unique_ptr<T[]>> pieces_;
  std::size_t size_ = 0;
};

}  // namespace rill::fugue
