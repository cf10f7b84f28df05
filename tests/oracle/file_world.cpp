#include "oracle/file_world.hpp"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "oracle/run.hpp"
#include "support/seeded_random.hpp"

namespace oracle {

FileWorld::FileWorld(Plan plan, std::filesystem::path folder)
    : plan_(std::move(plan)), folder_(std::move(folder)) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_);
  for (std::size_t number = 0; number < plan_.devices.size(); ++number) {
    rill::DatabaseOptions options;
    options.witness = rill::witness_files(folder_ / "witness");
    options.random = std::make_shared<rill::testing::SeededRandom>(plan_.seed * 16 + number);
    sites_.push_back(std::make_unique<Site>(
        plan_, number, folder_ / ("r" + std::to_string(number) + ".db"), std::move(options)));
    sites_.back()->open();
  }
}

FileWorld::~FileWorld() {
  sites_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::optional<Failure> FileWorld::run(const Script& script, std::int64_t ordinal, Fault fault,
                                      Statistics& statistics, std::uint64_t& hash) {
  ++statistics.histories;
  statistics.least_replicas = std::min(statistics.least_replicas, sites_.size());
  statistics.most_replicas = std::max(statistics.most_replicas, sites_.size());
  std::size_t step = 0;
  try {
    Run run(plan_, sites_, ordinal, fault, statistics, hash);
    for (; step < script.size(); ++step) run.step(script[step]);
    run.finish();
  } catch (const std::exception& error) {
    return Failure{step, error.what()};
  }
  return std::nullopt;
}

std::optional<Failure> FileWorld::check_files() {
  for (const auto& site : sites_) {
    try {
      const auto rows = site->database().query("PRAGMA integrity_check");
      const auto report = rows.front().get<std::string>(0);
      if (report != "ok") return Failure{0, "integrity_check: " + report};
      for (const rill::Finding& finding : site->database().check()) {
        return Failure{0, "check() finds in " + finding.table + ": " + finding.what};
      }
    } catch (const std::exception& error) {
      return Failure{0, std::string("integrity_check: ") + error.what()};
    }
  }
  return std::nullopt;
}

}  // namespace oracle
