#include "recordings.hpp"

#include <algorithm>
#include <stdexcept>

namespace rill::bench {

using test::EditingTrace;
using test::Patch;
using test::TraceStep;

namespace {

constexpr ReplicaId kReader{{2}};

/// A text of one author. A trace holds ASCII alone, so that `std::string` counts as Rill does; what
/// is measured must end in what was recorded.
Trace recording(const std::filesystem::path& path, std::size_t most_steps) {
  auto recording = std::make_shared<Recording>(Recording{test::read_editing_trace(path), {}});
  EditingTrace& trace = recording->trace;
  const bool whole = trace.steps.size() <= most_steps;
  trace.steps.resize(std::min(trace.steps.size(), most_steps));
  if (trace.agents > 1) {
    TextDocument document(kReader);
    for (const TextOp& op : test::operations_of(trace)) document.apply(op);
    recording->end = document.text();
  } else {
    recording->end = replayed_plainly(trace);
    if (replayed(trace).text() != recording->end) throw std::runtime_error("texts differ");
  }
  if (whole && recording->end != trace.end) throw std::runtime_error("the trace ends otherwise");
  return recording;
}

}  // namespace

std::string replayed_plainly(const EditingTrace& trace) {
  std::string text;
  for (const TraceStep& step : trace.steps) {
    for (const Patch& patch : step.patches) {
      text.replace(patch.position, patch.erased, patch.inserted);
    }
  }
  return text;
}

TextDocument replayed(const EditingTrace& trace) {
  TextDocument document(kAuthor);
  for (const TraceStep& step : trace.steps) {
    for (const Patch& patch : step.patches) {
      test::edit(document, patch);
      document.commit();
    }
  }
  return document;
}

Trace Recordings::find(const Setting& setting, const std::string& name) {
  const std::filesystem::path path = setting.traces / (name + ".json.gz");
  if (setting.traces.empty() || !std::filesystem::exists(path)) return nullptr;
  Trace& trace = traces_[name];
  if (!trace) trace = recording(path, setting.scale.trace_steps);
  return trace;
}

}  // namespace rill::bench
