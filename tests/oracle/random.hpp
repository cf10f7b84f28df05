#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace oracle {

/// Random numbers that are the same on every machine (SplitMix64; Steele, Lea, Flood 2014), or
/// those that a fuzzer's bytes say.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) { next(); }
  /// Each choice takes a byte, or eight where there are more than 256 to choose from; without bytes
  /// left it is the first. The bytes must outlive this object.
  explicit Random(std::string_view choices) : told_(true), choices_(choices) {}

  std::uint64_t next() { return told_ ? told(8) : drawn(); }
  /// Less than `bound`, which is not 0.
  std::size_t below(std::size_t bound) {
    return static_cast<std::size_t>((told_ ? told(bound <= 256 ? 1 : 8) : drawn()) % bound);
  }
  /// From `least` to `greatest`.
  std::int64_t between(std::int64_t least, std::int64_t greatest) {
    return least + static_cast<std::int64_t>(below(static_cast<std::size_t>(greatest - least + 1)));
  }
  bool percent(unsigned chance) { return below(100) < chance; }
  /// Whether a fuzzer's bytes have been used up.
  [[nodiscard]] bool at_end() const { return told_ && choices_.empty(); }

 private:
  std::uint64_t drawn() {
    std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }
  std::uint64_t told(std::size_t bytes) {
    std::uint64_t number = 0;
    for (; bytes > 0 && !choices_.empty(); --bytes) {
      number = number << 8U | static_cast<unsigned char>(choices_.front());
      choices_.remove_prefix(1);
    }
    return number;
  }

  std::uint64_t state_ = 0;
  bool told_ = false;
  std::string_view choices_;
};

}  // namespace oracle
