#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace rill::testing {

/// Which random cases a program runs: those of consecutive seeds, or a share of them.
struct SeedRange {
  std::uint64_t count = 0;  ///< Of all shares together.
  std::uint64_t seed = 0;   ///< The first.
  std::uint64_t shard = 0;
  std::uint64_t shards = 1;
};

/// Reads all of `text` as a number; false if it is none.
inline bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// Takes one of `--count N`, `--seed S` and `--shard I/N`; false if it is another option, or its
/// value is none.
inline bool parse_seeds(std::string_view name, std::string_view value, SeedRange& seeds) {
  if (name == "--count") return parse_number(value, seeds.count);
  if (name == "--seed") return parse_number(value, seeds.seed);
  const std::size_t slash = value.find('/');
  return name == "--shard" && slash != std::string_view::npos &&
         parse_number(value.substr(0, slash), seeds.shard) &&
         parse_number(value.substr(slash + 1), seeds.shards) && seeds.shard < seeds.shards;
}

}  // namespace rill::testing
