#pragma once

#include <random>
#include <vector>

#include "rill/table_rules.hpp"
#include "rill/testing/check_rule.hpp"
#include "rill/version_vector.hpp"

namespace rill::testing {

/// One simulated device that holds a single row.
struct Device {
  ReplicaId id;
  TableRules rules;
  RowState row;
  VersionVector seen;
  /// Its highest counter that some other device has received.
  std::uint64_t exported = 0;

  [[nodiscard]] ShownRow show() const { return rill::show(rules, row); }
  /// Writes a whole row: as an insert if there is none, else as an update.
  void write(const std::vector<Value>& values, Timestamp time);
  /// Takes over everything that `other` has seen.
  void receive_from(Device& other);
};

/// The same row on several devices through random writes and exchanges, all decided by one seed: a
/// history with fewer steps is the beginning of the one with more.
class RuleHistory {
 public:
  RuleHistory(const TableRules& rules, const RowGenerator& generate, const CheckOptions& options,
              std::uint64_t seed);

  /// One write or exchange. Returns the device whose row it changed.
  const Device& step();
  /// A device that receives from all, in random order.
  [[nodiscard]] Device gather();
  /// Brings all devices up to date with each other.
  void exchange_all();

  [[nodiscard]] const std::vector<Device>& devices() const noexcept { return devices_; }

 private:
  Device make_device(std::uint8_t number) const;
  std::size_t pick(std::size_t count);

  const TableRules& rules_;
  const RowGenerator& generate_;
  std::mt19937_64 random_;
  std::vector<Device> devices_;
  std::uint64_t now_ms_ = 1000;
};

}  // namespace rill::testing
