#pragma once

#include <utility>

#include "oracle/generator.hpp"
#include "oracle/world.hpp"

namespace oracle {

/// Devices without databases: the engine alone. Each history begins with new ones.
class EngineWorld final : public World {
 public:
  explicit EngineWorld(Plan plan) : plan_(std::move(plan)) {}

  std::optional<Failure> run(const Script& script, std::int64_t ordinal, Fault fault,
                             Statistics& statistics, std::uint64_t& hash) override;
  std::optional<Failure> check_files() override { return std::nullopt; }

 private:
  Plan plan_;
};

}  // namespace oracle
