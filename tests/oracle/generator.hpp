#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oracle/random.hpp"
#include "oracle/script.hpp"
#include "oracle/shape.hpp"

namespace oracle {

/// What histories are drawn from.
struct Flavour {
  /// Steps per history; 0: from 10 to 25, or from 5 to 12 where it is to be brief.
  std::size_t steps = 0;
  bool brief = false;
  /// A rule that the first table has in any case.
  std::optional<Family> family;
  std::optional<bool> delete_wins;
  /// Whether columns may be texts.
  bool texts = true;
  /// From 2 to 5; empty: mostly 2 and 3.
  std::optional<std::size_t> replicas;
  /// Whether some devices may lack columns or a table.
  bool older_schemas = true;
  /// Whether they may gain them by a migration in the middle of a history.
  bool adoption = false;
};

/// One device of a world.
struct Device {
  std::int64_t clock_offset_ms = 0;
  bool current_schema = true;
  /// Writes through the raw SQLite handle.
  bool raw = false;
};

/// What several histories have in common, since they run on the same files one after another.
struct Plan {
  std::uint64_t seed = 0;
  Shape shape;
  std::vector<Device> devices;
  /// Whether histories may contain migrations.
  bool adoption = false;
  /// One device's clock is decades ahead.
  bool far_clock = false;
};

Plan random_plan(std::uint64_t seed, const Flavour& flavour);
Script random_script(std::uint64_t seed, const Plan& plan, const Flavour& flavour);

/// A value, or a change of one where `update`, of a kind that the column's rule takes; of a text,
/// sometimes one that only an INSERT takes.
Input random_input(Random& random, Family family, bool update);
Typing random_typing(Random& random);
/// What takes as much room as a text's operations may have before a checkpoint of it is written.
std::string long_text();

}  // namespace oracle
