#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "support/network_namespace.hpp"

namespace rill::test {

/// Three machines joined by a switch: network namespaces, each with a cable to a bridge in a
/// fourth. Machine `n` has the interface "vN", with the addresses 10.77.0.(n + 1) and a link-local
/// one.
class SwitchedNetwork {
 public:
  static constexpr std::size_t kMachines = 3;
  /// Which addresses the machines have.
  enum class Family { v4, v6, both };

  explicit SwitchedNetwork(Family family = Family::both) {
    check(switch_, "link add switch type bridge");
    // No wait for loops: there are none.
    check(switch_, "link set switch up type bridge stp_state 0 forward_delay 0");
    for (std::size_t number = 0; number < kMachines; ++number) connect(number, family);
  }

  /// Why there is no network; empty if there is one.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }
  [[nodiscard]] const NetworkNamespace& machine(std::size_t number) const {
    return machines_.at(number);
  }
  static std::string interface(std::size_t number) { return "v" + std::to_string(number); }
  static std::string host(std::size_t number) { return "10.77.0." + std::to_string(number + 1); }

  /// Pulls the machine's cable out of the switch, or plugs it in again.
  [[nodiscard]] bool plug(std::size_t number, bool in) const {
    return switch_.run("link set " + interface(number) + (in ? " up" : " down"));
  }
  /// From now on nothing reaches the machine, while all that it sends arrives; or all is well
  /// again.
  [[nodiscard]] bool deafen(std::size_t number, bool deaf) const {
    return swallow(switch_, number, deaf);
  }
  /// From now on nothing that the machine sends arrives, while everything reaches it.
  [[nodiscard]] bool mute(std::size_t number, bool mute) const {
    return swallow(machines_.at(number), number, mute);
  }
  /// Takes the machine's address away and gives it another one.
  [[nodiscard]] bool renumber(std::size_t number, const std::string& address) const {
    const std::string on = "/24 dev " + interface(number);
    return machines_.at(number).run("address del " + host(number) + on) &&
           machines_.at(number).run("address add " + address + on);
  }

 private:
  /// A queue without room drops all that leaves by the interface.
  static bool swallow(const NetworkNamespace& side, std::size_t number, bool all) {
    const std::string qdisc = "dev " + interface(number) + " root";
    return side.execute(all ? "tc qdisc add " + qdisc + " pfifo limit 0" : "tc qdisc del " + qdisc);
  }

  void connect(std::size_t number, Family family) {
    const NetworkNamespace& machine = machines_.at(number);
    const std::string name = interface(number);
    if (!machine.trouble().empty()) trouble_ = machine.trouble();
    if (trouble_.empty() && !machine.connect(switch_, name)) trouble_ = "no veth devices";
    check(switch_, "link set " + name + " master switch up");
    if (family == Family::v4) check(machine, "link set " + name + " addrgenmode none");
    if (family != Family::v6) check(machine, "address add " + host(number) + "/24 dev " + name);
    check(machine, "link set " + name + " up");
  }
  void check(const NetworkNamespace& side, const std::string& arguments) {
    if (!side.trouble().empty()) trouble_ = side.trouble();
    if (trouble_.empty() && !side.run(arguments)) trouble_ = "`ip " + arguments + "` fails";
  }

  const NetworkNamespace switch_;
  const std::array<NetworkNamespace, kMachines> machines_{};
  std::string trouble_;
};

}  // namespace rill::test
