#include "value_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "text.hpp"

namespace notes {
namespace {

constexpr std::size_t kQuotedCharacters = 60;
constexpr std::size_t kReplicaDigits = 4;

}  // namespace

std::string quoted_value(const rill::Value& value) {
  if (value.type() != rill::Value::Type::text) return rill::to_display(value);
  const std::string line = one_line(value.text());
  const std::string start = limit_characters(line, kQuotedCharacters);
  std::string result = "“" + start + "”";
  if (start != line) result += " (" + byte_count(value.text().size()) + ")";
  return result;
}

std::string short_name(const rill::ReplicaId& replica) {
  return replica.to_string().substr(0, kReplicaDigits) + "…";
}

std::string byte_count(std::uint64_t bytes) {
  if (bytes < 1000) return counted(bytes, "byte", "bytes");
  constexpr std::array<const char*, 4> kUnits{"kB", "MB", "GB", "TB"};
  double amount = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  while (amount >= 999.95 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  std::array<char, 32> buffer{};
  const int size = std::snprintf(buffer.data(), buffer.size(), "%.1f %s", amount, kUnits[unit]);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace notes
