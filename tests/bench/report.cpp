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
  // Shares of a core are small.
  const int digits = metric.goal > 0 && metric.goal < 0.01 ? 5 : 2;
  std::printf("%-22s %14.*f %14.*f  %-14s %7.*f %7.*f  %s\n", metric.name.c_str(), digits,
              figures.value, digits, figures.baseline, metric.unit.c_str(), digits, figures.ratio,
              digits, metric.goal, met ? "met" : "SHORT");
  std::fflush(stdout);
}

void print_skipped(const Metric& metric, const std::string& reason) {
  std::printf("%-22s skipped: %s\n", metric.name.c_str(), reason.c_str());
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
