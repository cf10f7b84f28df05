#pragma once

#include <array>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rill/error.hpp"
#include "rill/group_log.hpp"

namespace rill::test {

/// A group's log in memory. Its records are any strings; one that begins with '!' is refused.
class MemoryGroup final : public GroupLog {
 public:
  explicit MemoryGroup(std::set<std::string> records = {}) : records_(std::move(records)) {}

  /// Not SHA-256, but different for the different sets of a test.
  [[nodiscard]] GroupDigest digest() const override {
    GroupDigest digest{};
    for (const std::string& record : records_) {
      std::size_t hash = std::hash<std::string>{}(record);
      for (std::size_t byte = 0; byte < digest.size(); ++byte) {
        digest.at(byte) = static_cast<std::uint8_t>(std::size_t{digest.at(byte)} * 31 + hash);
        hash = hash * 131U + byte;
      }
    }
    return digest;
  }
  [[nodiscard]] std::vector<std::string> records() const override {
    return {records_.begin(), records_.end()};
  }
  void merge(const std::vector<std::string>& records) override {
    ++merges;
    for (const std::string& record : records) {
      if (record.starts_with('!')) throw Error(ErrorCode::malformed, "a record is not signed");
    }
    records_.insert(records.begin(), records.end());
  }

  /// Calls of `merge`.
  int merges = 0;

 private:
  std::set<std::string> records_;
};

}  // namespace rill::test
