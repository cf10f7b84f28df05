#include "simulation/runner.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <utility>

namespace simulation {

Outcome live(const Script& script, const RunnerOptions& options) {
  Outcome outcome;
  Life life(script, options.fault, options.trace);
  try {
    life.live();
  } catch (const std::exception& error) {
    outcome.failure = "during \"" + life.doing() + "\": " + error.what();
  }
  life.add_up();
  outcome.statistics = life.statistics();
  outcome.hash = life.hash();
  return outcome;
}

Script shrink(Script script, const RunnerOptions& options) {
  RunnerOptions quiet = options;
  quiet.trace = false;
  // Ever smaller runs of actions are left out, as long as what is left fails.
  for (std::size_t size = script.actions.size() / 2; size > 0; size /= 2) {
    for (std::size_t begin = 0; begin < script.actions.size();) {
      Script fewer = script;
      const auto first = fewer.actions.begin() + static_cast<std::ptrdiff_t>(begin);
      const std::size_t end = std::min(begin + size, script.actions.size());
      fewer.actions.erase(first, first + static_cast<std::ptrdiff_t>(end - begin));
      if (live(fewer, quiet).failure) {
        script = std::move(fewer);
      } else {
        begin += size;
      }
    }
  }
  return script;
}

std::string describe(const Script& script) {
  std::string text;
  for (const Action& action : script.actions) {
    text += "  after " + std::to_string(action.wait) + " ms: d" +
            std::to_string(action.device % script.devices.size()) + " " +
            std::string(name_of(action.kind)) + "\n";
    if (action.step.blocks.empty() && action.step.typed.empty()) continue;
    text += oracle::describe(action.step, script.plan.shape,
                             std::vector<bool>(script.plan.devices.size(), true), {}) +
            "\n";
  }
  return text;
}

std::optional<std::string> Runner::run(std::uint64_t first, std::uint64_t count,
                                       std::uint64_t shard, std::uint64_t shards) {
  for (std::uint64_t seed = first + shard; seed < first + count; seed += shards) {
    const Script script = random_script(seed, options_.flavour);
    const Outcome outcome = simulation::live(script, options_);
    statistics_.merge(outcome.statistics);
    hash_ = (hash_ * 31) ^ outcome.hash;
    if (outcome.failure) return report(script, *outcome.failure);
  }
  return std::nullopt;
}

std::string Runner::report(const Script& script, const std::string& failure) const {
  std::string text = "seed " + std::to_string(script.seed) + " fails " + failure + "\n";
  if (!options_.shrink) return text + "add --shrink for fewer actions, --trace for all of them\n";
  const Script fewer = simulation::shrink(script, options_);
  const Outcome outcome = simulation::live(fewer, options_);
  return text + std::to_string(fewer.actions.size()) + " of its actions fail " +
         outcome.failure.value_or("no more") + "\n" + describe(fewer);
}

}  // namespace simulation
