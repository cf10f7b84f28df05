#include <benchmark/benchmark.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cpu_time.hpp"
#include "metric.hpp"
#include "recordings.hpp"
#include "rill/text_document.hpp"
#include "support/editing_trace.hpp"
#include "text_memory.hpp"

// What a text costs in memory, without a database: recorded writing, replayed.

namespace rill::bench {
namespace {

using test::EditingTrace;
using test::Patch;
using test::TraceStep;

constexpr ReplicaId kReader{{2}};

using Ops = std::shared_ptr<const std::vector<TextOp>>;

/// More than elsewhere: a run takes milliseconds.
int rounds(const Setting& setting) { return setting.scale.rounds * 3; }

/// Every patch its own operation; the text goes, untimed, with the work.
Preparation local_replay(const Trace& trace) {
  return [trace] {
    auto document = std::make_shared<std::optional<TextDocument>>();
    return [trace, document] { *document = replayed(trace->trace); };
  };
}

Preparation plain_replay(const Trace& trace) {
  return [trace] {
    auto text = std::make_shared<std::string>();
    return [trace, text] { *text = replayed_plainly(trace->trace); };
  };
}

Preparation application(const Ops& ops) {
  return [ops] {
    auto document = std::make_shared<TextDocument>(kReader);
    return [ops, document] {
      for (const TextOp& op : *ops) document->apply(op);
    };
  };
}

Figures text_local(const Setting& setting, const Trace& trace) {
  return compare_cpu_time(rounds(setting), local_replay(trace), plain_replay(trace));
}

Figures absolute(double value) { return {value, 0, value}; }

Figures ns_per_patch(const Setting& setting, const Trace& trace) {
  const double ms = median_cpu_time(rounds(setting), local_replay(trace));
  return absolute(ms * 1e6 / static_cast<double>(trace->trace.patches()));
}

Figures text_remote(const Setting& setting, const Trace& trace) {
  const auto ops = std::make_shared<const std::vector<TextOp>>(test::operations_of(trace->trace));
  return compare_cpu_time(rounds(setting), application(ops), local_replay(trace));
}

/// Ready is who has shown the text and taken an edit.
Figures text_load(const Setting& setting, const Trace& trace) {
  const auto saved = std::make_shared<const std::string>(replayed(trace->trace).save());
  const Preparation load = [saved] {
    auto document = std::make_shared<std::optional<TextDocument>>();
    return [saved, document] {
      document->emplace(kAuthor, *saved);
      benchmark::DoNotOptimize((*document)->text());
      (*document)->insert((*document)->length() / 2, "x");
    };
  };
  return compare_cpu_time(rounds(setting), load, local_replay(trace));
}

Figures saved_bytes(const TextDocument& document, const Trace& trace) {
  Figures figures{static_cast<double>(document.save().size()),
                  static_cast<double>(trace->end.size()), 0};
  figures.ratio = figures.value / figures.baseline;
  return figures;
}

Figures text_saved(const Setting& /*setting*/, const Trace& trace) {
  return saved_bytes(replayed(trace->trace), trace);
}

Figures text_saved_compacted(const Setting& /*setting*/, const Trace& trace) {
  TextDocument document = replayed(trace->trace);
  document.seal(document.version());
  document.compact(document.version());
  return saved_bytes(document, trace);
}

Figures text_concurrent(const Setting& setting, const Trace& trace) {
  const auto ops = std::make_shared<const std::vector<TextOp>>(test::operations_of(trace->trace));
  const double ms = median_cpu_time(rounds(setting), application(ops));
  return absolute(ms * 1e3 / static_cast<double>(ops->size()));
}

Figures text_memory(const Setting& setting, const Trace& trace) {
  std::size_t characters = 0;
  for (const TraceStep& step : trace->trace.steps) {
    for (const Patch& patch : step.patches) characters += patch.inserted.size();
  }
  return absolute(resident_bytes(trace->trace.steps, setting.folder) /
                  static_cast<double>(characters));
}

}  // namespace

std::vector<Metric> text_metrics() {
  const auto recordings = std::make_shared<Recordings>();
  const auto on = [&](const std::string& name, Figures (*measure)(const Setting&, const Trace&)) {
    return [recordings, name, measure](const Setting& setting) -> std::optional<Figures> {
      const Trace trace = recordings->find(setting, name);
      if (!trace) return std::nullopt;
      return measure(setting, trace);
    };
  };
  const std::string paper = "automerge-paper";
  return {{"text_local", "ms", 0.14, on(paper, text_local)},
          {"text_local_rustcode_ns", "ns/patch", 150, on("rustcode", ns_per_patch)},
          {"text_local_svelte_ns", "ns/patch", 500, on("sveltecomponent", ns_per_patch)},
          {"text_remote", "ms", 3, on(paper, text_remote)},
          {"text_load", "ms", 0.15, on(paper, text_load)},
          {"text_saved", "bytes", 1.7, on(paper, text_saved)},
          {"text_saved_compacted", "bytes", 1.25, on(paper, text_saved_compacted)},
          {"text_concurrent_us", "us/update", 1, on("friendsforever", text_concurrent)},
          {"text_memory", "bytes/character", 6, on(paper, text_memory)}};
}

}  // namespace rill::bench
