#include "cpu_time.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rill::bench {
namespace {

/// Keeps the last run's time and prints nothing.
class LastRun final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) ms_ = run.GetAdjustedCPUTime();
  }
  [[nodiscard]] double ms() const noexcept { return ms_; }

 private:
  double ms_ = 0;
};

double time_once(const Preparation& prepare) {
  benchmark::ClearRegisteredBenchmarks();
  const auto body = [&](benchmark::State& state) {
    const Work work = prepare();
    for (auto _ : state) work();  // NOLINT(clang-analyzer-deadcode.DeadStores)
  };
  benchmark::RegisterBenchmark("work", body)
      ->Iterations(1)
      ->MeasureProcessCPUTime()
      ->Unit(benchmark::kMillisecond);
  LastRun last;
  benchmark::RunSpecifiedBenchmarks(&last, "all");
  return last.ms();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

Figures compare_cpu_time(int rounds, const Preparation& rill, const Preparation& baseline) {
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < rounds; ++round) {
    ours.push_back(time_once(rill));
    theirs.push_back(time_once(baseline));
  }
  Figures figures{median(std::move(ours)), median(std::move(theirs)), 0};
  figures.ratio = figures.value / figures.baseline;
  return figures;
}

double median_cpu_time(int rounds, const Preparation& work) {
  std::vector<double> times;
  times.reserve(static_cast<std::size_t>(rounds));
  for (int round = 0; round < rounds; ++round) times.push_back(time_once(work));
  return median(std::move(times));
}

}  // namespace rill::bench
