#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rill {

/// SHA-256 over the records of a group.
using GroupDigest = std::array<std::uint8_t, 32>;

/// The signed records of a group as a session sees them: a set that only grows, which both ends of
/// a connection unite. Thread safety: all calls may come from any thread.
class GroupLog {
 public:
  virtual ~GroupLog() = default;
  /// Over all records: equal sets have equal digests.
  [[nodiscard]] virtual GroupDigest digest() const = 0;
  /// Every record, encoded.
  [[nodiscard]] virtual std::vector<std::string> records() const = 0;
  /// Adds those that are not known yet, durably. Throws `Error`: malformed, limit_exceeded, or a
  /// storage error; then none was added.
  virtual void merge(const std::vector<std::string>& records) = 0;
};

/// How many bytes the records of a group may take together.
inline constexpr std::size_t kMaxGroupBytes = std::size_t{1} << 20U;
/// How many records.
inline constexpr std::size_t kMaxGroupRecords = 4'096;

}  // namespace rill
