#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace rill::bench {

/// How much work the metrics do.
struct Scale {
  std::size_t rows = 100'000;
  /// One-row transactions.
  std::size_t transactions = 10'000;
  /// Rows written by key in one transaction.
  std::size_t keyed = 20'000;
  /// Cells changed for a delta.
  std::size_t changes = 1'000;
  std::size_t small_table = 10'000;
  std::size_t large_table = 1'000'000;
  /// Interleaved runs, of which the median counts.
  int rounds = 5;
  /// Steps of a trace that are replayed, at most.
  std::size_t trace_steps = std::numeric_limits<std::size_t>::max();
  /// Values in the rows of the large transfer.
  std::size_t transfer_bytes = std::size_t{1} << 30U;

  /// So little that figures mean nothing: to see that everything runs.
  static Scale tiny() { return {400, 20, 100, 50, 100, 400, 1, 2'000, std::size_t{1} << 20U}; }
};

/// What a metric is given.
struct Setting {
  Scale scale;
  /// For the metric's files; removed by the caller.
  std::filesystem::path folder;
  /// Recorded editing traces; empty if none were given.
  std::filesystem::path traces;
};

/// What a metric found. `ratio` is held against the goal; smaller is better. Where the goal is an
/// absolute number, it is the value itself, and there is no baseline.
struct Figures {
  double value = 0;
  double baseline = 0;
  double ratio = 0;
};

/// Thrown by a metric that cannot be measured here; the message says why.
class Skipped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One line of the report.
struct Metric {
  std::string name;
  /// Of value and baseline.
  std::string unit;
  double goal = 0;
  /// Empty if the trace that it replays is not there. May throw `Skipped`.
  std::function<std::optional<Figures>(const Setting&)> measure;
};

// One function per file of metrics; `all_metrics` lists them in the order of the report.
std::vector<Metric> local_write_metrics();
std::vector<Metric> delta_metrics();
std::vector<Metric> delta_scaling_metrics();
std::vector<Metric> text_metrics();
std::vector<Metric> text_edit_metrics();
std::vector<Metric> live_metrics();
std::vector<Metric> transfer_metrics();
std::vector<Metric> mesh_metrics();
std::vector<Metric> reconnect_metrics();

std::vector<Metric> all_metrics();

}  // namespace rill::bench
