#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "simulation/scheduler.hpp"

namespace simulation {

/// What happened, as a hash, so that two runs can be told apart, and as lines for people.
class Trace {
 public:
  /// Prints every line, too.
  explicit Trace(bool print = false) : print_(print) {}

  void note(Time now, std::string_view what) {
    mix(now);
    for (const char letter : what) mix(static_cast<unsigned char>(letter));
    if (print_) {
      std::printf("%9.3f s  %.*s\n", static_cast<double>(now) / kSecond,
                  static_cast<int>(what.size()), what.data());
    }
  }
  /// Takes in what is not worth a line.
  void mix(std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x100000001b3ULL;  // FNV-1a, by words
    hash_ ^= hash_ >> 29U;
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  bool print_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace simulation
