#include "oracle/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "oracle/engine_world.hpp"
#include "oracle/file_world.hpp"
#include "oracle/script.hpp"

namespace oracle {
namespace {

/// How many shorter scripts are tried.
constexpr std::size_t kMostAttempts = 600;

std::string describe_all(const Plan& plan, const Script& script, std::int64_t ordinal) {
  std::vector<bool> current;
  current.reserve(plan.devices.size());
  for (const Device& device : plan.devices) current.push_back(device.current_schema);
  std::string text;
  for (std::size_t index = 0; index < script.size(); ++index) {
    text += "  " + std::to_string(index) + ": " +
            describe(script[index], plan.shape, current, {ordinal}) + "\n";
    if (script[index].kind == Step::Kind::adopt) current[script[index].replica] = true;
  }
  return text;
}

std::string describe(const Plan& plan) {
  std::string text = "  devices:";
  for (const Device& device : plan.devices) {
    text += " (clock " + std::to_string(device.clock_offset_ms) + " ms" +
            (device.current_schema ? "" : ", older schema") + (device.raw ? ", raw handle)" : ")");
  }
  text += "\n";
  for (const Table& table : plan.shape.tables) {
    text += "  table " + table.name + (table.delete_wins ? ", delete wins" : ", update wins") +
            (table.row_rule ? ", row rule" : "") + (table.late ? ", late" : "") +
            (table.without_rowid ? ", without rowid:" : ":");
    for (const Column& column : table.columns) {
      text += " " + column.name + (column.late ? " (late)" : "") +
              (column.default_sql.empty() ? "" : " default " + column.default_sql);
    }
    text += "\n";
  }
  return text;
}

/// All scripts that are a little shorter: without one step, without one statement, without a
/// restraint.
std::vector<Script> shorter(const Script& script) {
  std::vector<Script> found;
  for (std::size_t i = script.size(); i-- > 0;) {
    found.push_back(script);
    found.back().erase(found.back().begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (std::size_t i = 0; i < script.size(); ++i) {
    for (std::size_t block = 0; block < script[i].blocks.size(); ++block) {
      const std::size_t statements = script[i].blocks[block].statements.size();
      for (std::size_t statement = 0; statement < statements; ++statement) {
        if (script[i].autocommit) continue;
        found.push_back(script);
        auto& left = found.back()[i].blocks[block].statements;
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(statement));
      }
      for (std::size_t statement = 0; statement < statements; ++statement) {
        const auto& inputs = script[i].blocks[block].statements[statement].inputs;
        for (const auto& [column, unused] : inputs) {
          if (inputs.size() < 2) break;
          found.push_back(script);
          found.back()[i].blocks[block].statements[statement].inputs.erase(column);
        }
      }
    }
  }
  return found;
}

}  // namespace

std::filesystem::path temporary_folder() {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code ignored;
  const auto parent =
      std::filesystem::is_directory(memory, ignored) && access("/dev/shm", W_OK) == 0
          ? memory
          : std::filesystem::temp_directory_path();
  return parent / ("rill-histories-" + std::to_string(getpid()));
}

std::optional<std::string> Runner::run(std::uint64_t first, std::uint64_t count,
                                       std::uint64_t shard, std::uint64_t shards) {
  std::optional<std::string> report;
  const std::uint64_t end = first + count;
  while (first < end && !report) {
    const std::uint64_t world = first / kHistoriesPerWorld;
    const std::uint64_t world_end = std::min(end, (world + 1) * kHistoriesPerWorld);
    if (world % shards == shard) report = run_world(first, world_end);
    first = world_end;
  }
  std::error_code ignored;
  std::filesystem::remove_all(options_.folder, ignored);
  return report;
}

std::unique_ptr<World> Runner::make_world(const Plan& plan, const char* name) const {
  if (options_.engine_only) return std::make_unique<EngineWorld>(plan);
  return std::make_unique<FileWorld>(plan, options_.folder / name);
}

std::optional<std::string> Runner::run_world(std::uint64_t first, std::uint64_t end) {
  const Plan plan = random_plan(first / kHistoriesPerWorld, options_.flavour);
  try {
    const std::unique_ptr<World> world = make_world(plan, "world");
    for (std::uint64_t seed = first; seed < end; ++seed) {
      const Script script = random_script(seed, plan, options_.flavour);
      if (options_.trace) print_trace(plan, script, seed);
      const auto ordinal = static_cast<std::int64_t>(seed % kHistoriesPerWorld);
      const auto failure = world->run(script, ordinal, options_.fault, statistics_, hash_);
      if (failure) return explain(seed, first, *failure);
      if (options_.trace) std::printf("  hash %016llx\n", static_cast<unsigned long long>(hash_));
    }
    if (plan.seed % 4 == 0) {
      if (const auto failure = world->check_files()) {
        return "after seeds " + std::to_string(first) + " to " + std::to_string(end - 1) + ": " +
               failure->what + "\n";
      }
    }
  } catch (const std::exception& error) {
    return "the databases of seed " + std::to_string(first) + " cannot be made: " + error.what() +
           "\n" + describe(plan);
  }
  return std::nullopt;
}

std::optional<Runner::SequenceFailure> Runner::try_again(const Plan& plan,
                                                         const std::vector<Told>& histories) {
  Statistics statistics;
  std::uint64_t hash = 0;
  const std::unique_ptr<World> world = make_world(plan, "again");
  for (std::size_t index = 0; index < histories.size(); ++index) {
    const auto ordinal = static_cast<std::int64_t>(histories[index].seed % kHistoriesPerWorld);
    auto failure = world->run(histories[index].script, ordinal, options_.fault, statistics, hash);
    if (failure) return SequenceFailure{index, *std::move(failure)};
  }
  return std::nullopt;
}

void Runner::shorten(const Plan& plan, std::vector<Told>& histories, SequenceFailure& failure) {
  std::size_t attempts = 0;
  const auto try_instead = [&](std::vector<Told> candidate) {
    if (++attempts > kMostAttempts) return false;
    auto same = try_again(plan, candidate);
    if (!same) return false;
    failure = *std::move(same);
    histories = std::move(candidate);
    histories.resize(failure.index + 1);
    Script& last = histories.back().script;
    last.resize(std::min(last.size(), failure.failure.step + 1));
    return true;
  };
  const auto shrink_once = [&] {
    for (std::size_t index = 0; index + 1 < histories.size(); ++index) {
      auto candidate = histories;
      candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(index));
      if (try_instead(std::move(candidate))) return true;
    }
    for (std::size_t index = histories.size(); index-- > 0;) {
      for (Script& script : shorter(histories[index].script)) {
        auto candidate = histories;
        candidate[index].script = std::move(script);
        if (try_instead(std::move(candidate))) return true;
      }
    }
    return false;
  };
  try_instead(histories);
  while (attempts < kMostAttempts && shrink_once()) {
  }
}

std::string Runner::explain(std::uint64_t seed, std::uint64_t first, const Failure& failure) {
  if (!options_.shorten) {
    return "history of seed " + std::to_string(seed) + " failed: " + failure.what + "\n";
  }
  const Plan plan = random_plan(seed / kHistoriesPerWorld, options_.flavour);
  std::string text = "history of seed " + std::to_string(seed) + " failed\n" + describe(plan);
  // Alone if it fails alone, else after those that went before it.
  std::vector<Told> histories{{seed, random_script(seed, plan, options_.flavour)}};
  auto shown = try_again(plan, histories);
  if (!shown) {
    histories.clear();
    for (std::uint64_t each = first; each <= seed; ++each) {
      histories.push_back({each, random_script(each, plan, options_.flavour)});
    }
    shown = try_again(plan, histories);
  }
  text += "again: --seed " + std::to_string(histories.front().seed) + " --count " +
          std::to_string(histories.size());
  if (!shown) return text + "; it passes the second time\nbefore: " + failure.what + "\n";
  shorten(plan, histories, *shown);
  text += "; the shortest found:\n";
  for (const Told& told : histories) {
    text +=
        describe_all(plan, told.script, static_cast<std::int64_t>(told.seed % kHistoriesPerWorld));
    if (&told != &histories.back()) text += "  all agree; then\n";
  }
  const std::size_t step = shown->failure.step;
  const bool at_end = step >= histories.back().script.size();
  return text + (at_end ? "at the end: " : "at step " + std::to_string(step) + ": ") +
         shown->failure.what + "\n";
}

void Runner::print_trace(const Plan& plan, const Script& script, std::uint64_t seed) const {
  std::printf(
      "seed %llu\n%s%s", static_cast<unsigned long long>(seed), describe(plan).c_str(),
      describe_all(plan, script, static_cast<std::int64_t>(seed % kHistoriesPerWorld)).c_str());
  std::fflush(stdout);
}

}  // namespace oracle
