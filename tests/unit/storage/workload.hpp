#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "rill/error.hpp"
#include "support/disk_device.hpp"

namespace rill::testing {

/// A day in the life of a device `a` whose disk may fail at any call, and of a peer `b` whose disk
/// is fine: open, migrate, write, send, receive in one chunk and in many, checkpoint, close, open
/// again.
///
/// Each step that throws is passed over, and its error kept; what follows goes on as an app would.
class Workload {
 public:
  explicit Workload(std::uint64_t seed = 0, Durability durability = Durability::normal)
      : a(seed, durability), b(seed + 1'000'000) {}

  void run();
  /// A shorter day on a file that may exist already; `day` sets it apart from others.
  void live(int day);

  /// Opens `a` on a disk that works again, and checks what must hold then: the file is sound, each
  /// transaction is there whole or not at all, those that `run` saw committed are there (unless
  /// `may_forget`), and the two devices come to show the same.
  void check(bool may_forget = false);

  DiskDevice a;
  DiskDevice b;
  /// What the steps threw.
  std::vector<Error> errors;

 private:
  void step(const std::function<void()>& body);
  /// One transaction of two rows.
  void write_pair(int number);
  void write_at_peer();

  std::set<int> committed_;
};

}  // namespace rill::testing
