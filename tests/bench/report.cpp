#include "report.hpp"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace rill::bench {

void print_heading() {
  std::printf("%-22s %14s %14s  %-14s %7s %7s\n", "metric", "Rill", "baseline", "unit", "ratio",
              "goal");
}

void print(const Result& result) {
  const auto& [metric, figures] = result;
  const bool met = figures.ratio <= metric.goal;
  std::printf("%-22s %14.2f %14.2f  %-14s %7.2f %7.2f  %s\n", metric.name.c_str(), figures.value,
              figures.baseline, metric.unit.c_str(), figures.ratio, metric.goal,
              met ? "met" : "SHORT");
  std::fflush(stdout);
}

void print_skipped(const Metric& metric) {
  std::printf("%-22s skipped: its trace is not in the folder of --traces\n", metric.name.c_str());
  std::fflush(stdout);
}

void write_json(const std::filesystem::path& path, const std::vector<Result>& results) {
  nlohmann::ordered_json array = nlohmann::ordered_json::array();
  for (const auto& [metric, figures] : results) {
    nlohmann::ordered_json item;
    item["metric"] = metric.name;
    item["value"] = figures.value;
    item["baseline"] = figures.baseline;
    item["ratio"] = figures.ratio;
    item["goal"] = metric.goal;
    item["unit"] = metric.unit;
    array.push_back(std::move(item));
  }
  std::ofstream file(path);
  file << array.dump(2) << '\n';
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace rill::bench
