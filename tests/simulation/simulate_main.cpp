#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>

#include "simulation/runner.hpp"
#include "support/seed_range.hpp"

// Devices in one process, on virtual disks, links and clocks; see usage().

namespace {

struct CommandLine {
  simulation::RunnerOptions runner;
  rill::testing::SeedRange seeds{.count = 100};
  /// So many lives must have seen every fault; 0: none need.
  std::uint64_t expect_faults = 0;
};

constexpr const char* kUsage =
    "usage: simulate [--count N] [--seed S] [--shard I/N] [--steps K] [--no-forks] [--trace] "
    "[--shrink]\n"
    "                [--expect-faults N]\n"
    "  --count N    so many lives, of all shards together (100)\n"
    "  --seed S     the seed of the first (0); they are consecutive\n"
    "  --shard I/N  only the I-th of N shares, I from 0\n"
    "  --steps K    actions in a life (from 80 to 200)\n"
    "  --no-forks   no two files use the same names of events\n"
    "  --trace      print all that happens, in virtual time\n"
    "  --shrink     look for fewer actions that fail\n"
    "  --expect-faults N  fail if N lives or more were lived, and a class of faults never fired\n";

bool parse_pair(std::string_view name, std::string_view value, CommandLine& line) {
  using rill::testing::parse_number;
  if (name == "--expect-faults") return parse_number(value, line.expect_faults);
  if (name != "--steps") return rill::testing::parse_seeds(name, value, line.seeds);
  std::uint64_t steps = 0;
  if (!parse_number(value, steps)) return false;
  line.runner.flavour.steps = steps;
  return true;
}

bool parse(int count, char** arguments, CommandLine& line) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name == "--trace") {
      line.runner.trace = true;
    } else if (name == "--shrink") {
      line.runner.shrink = true;
    } else if (name == "--no-forks") {
      line.runner.flavour.forks = false;
    } else {
      ++i;
      if (i == count || !parse_pair(name, arguments[i], line)) return false;
    }
  }
  return true;
}

/// Whether every class of faults has fired, as far as that is asked for.
bool all_fired(const simulation::Statistics& done, std::uint64_t from_lives) {
  if (from_lives == 0 || done.lives < from_lives) return true;
  bool all = true;
  for (std::size_t index = 0; index < simulation::kFaults; ++index) {
    const auto fault = static_cast<simulation::Fault>(index);
    if (done.faults.of(fault) != 0) continue;
    std::printf("%s never fired\n", std::string(name_of(fault)).c_str());
    all = false;
  }
  return all;
}

void print_summary(const simulation::Runner& runner, bool failed) {
  const simulation::Statistics& done = runner.statistics();
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  const double seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const double hours = static_cast<double>(done.device_ms) / simulation::kHour;
  for (std::size_t index = 0; index < simulation::kFaults; ++index) {
    const auto fault = static_cast<simulation::Fault>(index);
    std::printf("%20s %10llu\n", std::string(name_of(fault)).c_str(),
                number(done.faults.of(fault)));
  }
  std::printf(
      "%llu lives, %d failures, %llu events, %llu transactions, %llu edits saved, %llu "
      "connections, %llu deltas, "
      "%llu recoveries, %llu crash checks, %llu comparisons, %llu disk calls, %llu sessions ended "
      "by forks, at most %zu rounds, %.0f device-hours, "
      "hash %016llx, %.1f s CPU, %.0f device-hours a CPU second\n",
      number(done.lives), failed ? 1 : 0, number(done.events), number(done.transactions),
      number(done.saves), number(done.connections), number(done.deltas), number(done.recoveries),
      number(done.crash_checks), number(done.comparisons), number(done.disk_calls),
      number(done.forks), done.most_rounds, hours, number(runner.hash()), seconds, hours / seconds);
}

}  // namespace

int main(int count, char** arguments) {
  CommandLine line;
  if (!parse(count, arguments, line)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // a lock for each allocation
  simulation::Runner runner(line.runner);
  const auto report =
      runner.run(line.seeds.seed, line.seeds.count, line.seeds.shard, line.seeds.shards);
  if (report) std::fputs(report->c_str(), stdout);
  const bool failed = report || !all_fired(runner.statistics(), line.expect_faults);
  print_summary(runner, failed);
  return failed ? 1 : 0;
}
