#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "support/effort.hpp"

namespace rill::testing {

inline constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

/// A line of /proc/self/status, in bytes; 0 where there is none.
inline std::uint64_t process_memory(const std::string& name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1'024;
  }
  return 0;
}

/// By how much the process has outgrown the size that it had when the object was made.
class MemoryPeak {
 public:
  MemoryPeak() : before_(process_memory("VmRSS")) {
    // Makes the greatest size so far the present one.
    std::ofstream("/proc/self/clear_refs") << "5";
  }

  /// Whether sizes mean anything: a sanitizer's own memory would drown them.
  [[nodiscard]] bool measures() const { return before_ > 0 && kEffortPercent == 100; }
  /// The greatest size since then less the size then; 0 where nothing is measured.
  [[nodiscard]] std::uint64_t grown() const {
    const std::uint64_t peak = process_memory("VmHWM");
    return measures() && peak > before_ ? peak - before_ : 0;
  }

 private:
  std::uint64_t before_;
};

}  // namespace rill::testing
