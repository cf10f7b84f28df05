#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "metric.hpp"

namespace rill::bench {

/// A metric with what it found.
struct Result {
  Metric metric;
  Figures figures;
};

void print_heading();
/// One line: name, Rill, baseline, ratio, goal, and whether the goal is met.
void print(const Result& result);
/// One line for a metric that cannot be measured here, and why.
void print_skipped(const Metric& metric, const std::string& reason);
/// An array of {"metric", "value", "baseline", "ratio", "goal", "unit"}. Throws
/// `std::runtime_error` if the file cannot be written.
void write_json(const std::filesystem::path& path, const std::vector<Result>& results);

}  // namespace rill::bench
