#include "rill/row_digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>

#include "rill/bytes.hpp"
#include "rill/delta.hpp"
#include "rill/value.hpp"

namespace rill {
namespace {

constexpr unsigned kRangeBits = 12;
static_assert(kDigestRanges == std::size_t{1} << kRangeBits);

std::uint64_t finalised(std::uint64_t word) noexcept {
  word = (word ^ (word >> 33U)) * 0xff51afd7ed558ccdULL;
  word = (word ^ (word >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return word ^ (word >> 33U);
}

/// The first bytes of a text of any length, ended between characters.
std::string shortened(std::string text) {
  if (text.size() <= kMaxRowName) return text;
  std::size_t end = kMaxRowName - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

std::string name_of(std::string_view table, std::string_view key) {
  std::string name(table);
  for (const Value& value : decode_key(key)) name += " " + to_display(value);
  return shortened(std::move(name));
}

}  // namespace

void Digest::add(const Digest& other) noexcept {
  low += other.low;
  high += other.high + (low < other.low ? 1 : 0);
}

std::string Digest::to_string() const {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return text.data();
}

Digest digest_of(std::string_view bytes) noexcept {
  Digest hash{0x9e3779b97f4a7c15ULL, bytes.size()};
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min<std::size_t>(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), count);
    bytes.remove_prefix(count);
    hash.low = std::rotl(hash.low ^ (word * 0x87c37b91114253d5ULL), 31) * 5 + 0x52dce729U;
    hash.high = std::rotl(hash.high ^ (word * 0x4cf5ad432745937fULL), 27) * 5 + hash.low;
  }
  return {finalised(hash.high + hash.low), finalised(hash.low ^ std::rotl(hash.high, 17))};
}

RowDigests::RowDigests(const std::vector<std::uint32_t>& listed)
    : ranges_(kDigestRanges), listed_(kDigestRanges) {
  for (const std::uint32_t range : listed) listed_.at(range) = true;
}

void RowDigests::add(std::string_view table, std::string_view key, std::string_view row) {
  ByteWriter identity;
  identity.string(table);
  identity.string(key);
  const std::uint64_t place = digest_of(identity.view()).high;
  const std::size_t range = place >> (64U - kRangeBits);
  const Digest digest = digest_of(row);
  ranges_[range].add(digest);
  if (listed_[range]) list(place, digest, table, key);
}

void RowDigests::list(std::uint64_t place, const Digest& digest, std::string_view table,
                      std::string_view key) {
  if (rows_.size() == kMaxRowDigests) {
    complete_ = false;
    const auto last = std::prev(rows_.end());
    if (last->first < place) return;
    rows_.erase(last);
  }
  rows_.emplace(place, RowDigest{place, digest, name_of(table, key)});
}

Digest RowDigests::total() const noexcept {
  Digest sum;
  for (const Digest& range : ranges_) sum.add(range);
  return sum;
}

std::vector<RowDigest> RowDigests::rows() const {
  std::vector<RowDigest> rows;
  rows.reserve(rows_.size());
  for (const auto& [place, row] : rows_) rows.push_back(row);
  return rows;
}

}  // namespace rill
