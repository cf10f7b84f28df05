#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace rill::test {

/// Text that hardly compresses: letters of 64 kinds, six bits a byte. The same for the same seed.
inline std::string noise(std::size_t size, unsigned seed = 7) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& letter : text) letter = static_cast<char>(' ' + random() % 64);
  return text;
}

}  // namespace rill::test
