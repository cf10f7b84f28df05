#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "frame.hpp"
#include "rill/error.hpp"

namespace rill {

/// How many bytes of DELTA payload the peer may have sent that this side has not consumed.
inline constexpr std::uint64_t kCredit = std::uint64_t{1} << 20U;
/// The least that HELLO may grant: one frame of bulk.
inline constexpr std::uint64_t kMinCredit = kBulkFrameBytes;
/// The most that a peer may grant in all.
inline constexpr std::uint64_t kMaxCredit = std::uint64_t{64} << 20U;

/// What this side lets the peer send. Consumed bytes are granted again when they make a quarter of
/// the whole, so grants are few, and a peer whose bytes are all consumed has three quarters left:
/// more than a frame takes, so it never waits for a grant that is not coming.
class CreditGiven {
 public:
  /// A frame came. Throws `Error{limit_exceeded}` if the peer had no credit for it.
  void spend(std::size_t bytes) {
    if (bytes > left_) {
      throw Error(ErrorCode::limit_exceeded, "the peer sent more changes than it had credit for");
    }
    left_ -= bytes;
  }
  /// The bytes of a frame are no longer held, or only within another limit.
  void consume(std::size_t bytes) noexcept { consumed_ += bytes; }
  /// What to grant now; 0 for nothing.
  std::uint64_t take_grant() noexcept {
    if (consumed_ < kCredit / 4) return 0;
    left_ += consumed_;
    return std::exchange(consumed_, 0);
  }

 private:
  std::uint64_t left_ = kCredit;
  std::uint64_t consumed_ = 0;
};

/// What the peer lets this side send.
class CreditTaken {
 public:
  /// Throws `Error{limit_exceeded}` if that would make more than `kMaxCredit`.
  void grant(std::uint64_t bytes) {
    if (bytes > kMaxCredit - left_) {
      throw Error(ErrorCode::limit_exceeded, "the peer granted more credit than the limit");
    }
    left_ += bytes;
  }
  /// Takes credit for a frame; false, and nothing is taken, if there is not enough.
  bool spend(std::size_t bytes) noexcept {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

 private:
  std::uint64_t left_ = 0;
};

}  // namespace rill
