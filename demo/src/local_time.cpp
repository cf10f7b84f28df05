#include "local_time.hpp"

#include <array>
#include <ctime>

namespace notes {
namespace {

std::string formatted(std::uint64_t ms, const char* format) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "?";
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &parts)};
}

}  // namespace

std::string local_date_time(std::uint64_t ms) { return formatted(ms, "%Y-%m-%d %H:%M"); }

std::string local_time_of_day(std::uint64_t ms) { return formatted(ms, "%H:%M:%S"); }

}  // namespace notes
