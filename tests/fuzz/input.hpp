#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

/// What fuzz targets do again and again.
namespace rill::fuzz {

/// Ends the run with a finding unless it holds.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "finding: " << what << '\n';
  std::abort();
}

/// The bytes of an input, which steer what comes next; zeros once they have run out.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  /// Less than `bound`, which is from 1 to 256.
  std::size_t below(std::size_t bound) { return byte() % bound; }
  /// At most so many bytes.
  std::string_view bytes(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

/// `valid` with some bytes changed as `recipe` says: each change takes two bytes for a place, one
/// for a kind and one for what is written there.
inline std::string spoilt(std::string valid, std::string_view recipe) {
  for (; recipe.size() >= 4 && !valid.empty(); recipe.remove_prefix(4)) {
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(recipe[index]); };
    const std::size_t place = (byte(0) + 256U * byte(1)) % valid.size();
    switch (byte(2) % 4) {
      case 0:
        valid[place] = recipe[3];
        break;
      case 1:
        valid.insert(place, 1, recipe[3]);
        break;
      case 2:
        valid.erase(place, 1 + byte(3) % 8);
        break;
      default:
        valid[place] =
            static_cast<char>(static_cast<unsigned char>(valid[place]) ^ (1U << byte(3) % 8));
    }
  }
  return valid;
}

}  // namespace rill::fuzz
