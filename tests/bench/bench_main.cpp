#include <algorithm>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "device_process.hpp"
#include "metric.hpp"
#include "report.hpp"
#include "scratch_folder.hpp"
#include "text_memory.hpp"

// `bench`: measures Rill against bare SQLite. See README.md.

namespace {

using rill::bench::Metric;
using rill::bench::Result;
using rill::bench::Setting;

constexpr const char* kUsage =
    "usage: bench [--json FILE] [--only NAME] [--traces DIR] [--tiny] [--list]\n";

struct Options {
  std::string json;
  std::string only;
  std::string traces;
  bool tiny = false;
  bool list = false;
};

std::optional<Options> parse(const std::vector<std::string_view>& arguments) {
  Options options;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string_view name = arguments[index];
    std::string* value = nullptr;
    if (name == "--json") value = &options.json;
    if (name == "--only") value = &options.only;
    if (name == "--traces") value = &options.traces;
    if (value != nullptr) {
      if (++index == arguments.size()) return std::nullopt;
      *value = arguments[index];
    } else if (name == "--tiny") {
      options.tiny = true;
    } else if (name == "--list") {
      options.list = true;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

std::vector<Result> measure(const std::vector<Metric>& metrics, const Options& options) {
  const rill::bench::ScratchFolder folder;
  Setting setting{.scale = {}, .folder = folder.path(), .traces = options.traces};
  if (options.tiny) setting.scale = rill::bench::Scale::tiny();
  std::vector<Result> results;
  rill::bench::print_heading();
  for (const Metric& metric : metrics) {
    try {
      const std::optional<rill::bench::Figures> figures = metric.measure(setting);
      if (!figures) throw rill::bench::Skipped("its trace is not in the folder of --traces");
      results.push_back({metric, *figures});
      print(results.back());
    } catch (const rill::bench::Skipped& skipped) {
      print_skipped(metric, skipped.what());
    }
  }
  return results;
}

int run(const Options& options) {
  std::vector<Metric> metrics = rill::bench::all_metrics();
  if (options.list) {
    for (const Metric& metric : metrics) std::cout << metric.name << '\n';
    return 0;
  }
  if (!options.only.empty()) {
    std::erase_if(metrics, [&](const Metric& metric) { return metric.name != options.only; });
    if (metrics.empty()) {
      std::cerr << "bench: no metric is named " << options.only << "; --list names them\n";
      return 2;
    }
  }
  const std::vector<Result> results = measure(metrics, options);
  if (!options.json.empty()) write_json(options.json, results);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // How the metric text_memory calls its own program.
  if (argc == 3 && argv[1] == rill::bench::kMemoryOption) {
    return rill::bench::measure_text_memory(argv[2]);
  }
  // How metrics of the network call it.
  if (argc == 4 && argv[1] == rill::bench::kDeviceOption) {
    return rill::bench::run_device(argv[2], std::stoi(argv[3]));
  }
  const auto options = parse({argv + 1, argv + argc});
  if (!options) {
    std::cerr << kUsage;
    return 2;
  }
  try {
    return run(*options);
  } catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << '\n';
    return 1;
  }
}
