// Causality and rules alone: no database, no network.
#include <iostream>
#include <rill/testing/check_rule.hpp>
#include <rill/version_vector.hpp>

int main() {
  rill::ReplicaId tablet;
  tablet.bytes[0] = 1;
  rill::ReplicaId phone;
  phone.bytes[0] = 2;
  rill::VersionVector here;
  here.raise({tablet, 1});
  rill::VersionVector there;
  there.raise({phone, 1});
  const bool concurrent = (here <=> there) == std::partial_ordering::unordered;

  const auto report = rill::testing::check_rule(
      rill::maximum(), [](std::mt19937_64& random) { return rill::Value(random() % 5); });
  std::cout << report.to_string() << '\n';
  return concurrent && report.ok ? 0 : 1;
}
