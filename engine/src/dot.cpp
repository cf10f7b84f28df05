#include "rill/dot.hpp"

#include <cstring>

namespace rill {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string ReplicaId::to_string() const {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned byte : bytes) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0xFU]);
  }
  return text;
}

std::optional<ReplicaId> ReplicaId::parse(std::string_view text) {
  ReplicaId id;
  if (text.size() != 2 * id.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const std::size_t high = kDigits.find(text[2 * i]);
    const std::size_t low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return id;
}

bool earlier(const Stamp& left, const Stamp& right) noexcept {
  if (left.time != right.time) return left.time < right.time;
  return left.dot < right.dot;
}

}  // namespace rill

std::size_t std::hash<rill::ReplicaId>::operator()(const rill::ReplicaId& id) const noexcept {
  // All bytes count: ids come from peers, and nothing makes a peer choose them at random.
  std::array<char, sizeof id.bytes> bytes;
  std::memcpy(bytes.data(), id.bytes.data(), bytes.size());
  return std::hash<std::string_view>{}({bytes.data(), bytes.size()});
}
