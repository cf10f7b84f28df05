#include <sqlite3.h>

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>

#include "oracle/runner.hpp"
#include "support/seed_range.hpp"

// Random histories on real databases, or on the engine alone, compared with the oracle after every
// step; see usage().

namespace {

struct CommandLine {
  oracle::RunnerOptions runner;
  rill::testing::SeedRange seeds{.count = 1000};
  bool quiet = false;
};

constexpr const char* kUsage =
    "usage: histories [--count N] [--seed S] [--shard I/N] [--steps K] [--adopt] [--trace] "
    "[--quiet] [--no-shrink] [--engine]\n"
    "  --count N    so many histories, of all shards together (1000)\n"
    "  --seed S     the seed of the first (0); they are consecutive\n"
    "  --shard I/N  only the I-th of N shares, I from 0\n"
    "  --steps K    steps per history, at most 150 (from 10 to 25)\n"
    "  --adopt      devices may migrate to a newer schema\n"
    "  --trace      print every history before it is run\n"
    "  --quiet      print nothing but failures\n"
    "  --no-shrink  do not look for a shorter history that fails, too\n"
    "  --engine     brief ones on the engine alone, without databases, and so without texts\n";

bool parse_pair(std::string_view name, std::string_view value, CommandLine& line) {
  if (name != "--steps") return rill::testing::parse_seeds(name, value, line.seeds);
  std::uint64_t steps = 0;
  if (!rill::testing::parse_number(value, steps) || steps > 150) return false;
  line.runner.flavour.steps = steps;
  return true;
}

bool parse(int count, char** arguments, CommandLine& line) {
  for (int i = 1; i < count; ++i) {
    const std::string_view name = arguments[i];
    if (name == "--trace") {
      line.runner.trace = true;
    } else if (name == "--quiet") {
      line.quiet = true;
    } else if (name == "--no-shrink") {
      line.runner.shorten = false;
    } else if (name == "--engine") {
      line.runner.engine_only = true;
      line.runner.flavour.texts = false;
      line.runner.flavour.brief = true;
    } else if (name == "--adopt") {
      line.runner.flavour.adoption = true;
    } else {
      ++i;
      if (i == count || !parse_pair(name, arguments[i], line)) return false;
    }
  }
  return true;
}

void print_summary(const oracle::Runner& runner, bool failed) {
  const oracle::Statistics& done = runner.statistics();
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "%llu histories, %d failures, %zu to %zu replicas, %llu events, %llu statements (%llu "
      "refused), "
      "%llu syncs, %llu chunks, %llu gaps refused, %llu restarts, %llu migrations, %llu conflicts "
      "(%llu resolved), %llu edits saved (%llu refused), hash %016llx, %.1f s CPU\n",
      number(done.histories), failed ? 1 : 0, done.histories == 0 ? 0 : done.least_replicas,
      done.most_replicas, number(done.events), number(done.statements),
      number(done.failed_statements), number(done.syncs), number(done.chunks), number(done.gaps),
      number(done.restarts), number(done.adoptions), number(done.conflicts), number(done.resolved),
      number(done.saves), number(done.lost_saves), number(runner.hash()),
      static_cast<double>(std::clock()) / CLOCKS_PER_SEC);
}

}  // namespace

int main(int count, char** arguments) {
  CommandLine line;
  if (!parse(count, arguments, line)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);  // a lock for each allocation
  line.runner.folder = oracle::temporary_folder();
  oracle::Runner runner(line.runner);
  const auto report =
      runner.run(line.seeds.seed, line.seeds.count, line.seeds.shard, line.seeds.shards);
  if (report) std::fputs(report->c_str(), stdout);
  if (!line.quiet || report) print_summary(runner, report.has_value());
  return report ? 1 : 0;
}
