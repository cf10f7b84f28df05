#include "support/editing_trace.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <stdexcept>

#include "support/events.hpp"

namespace rill::test {
namespace {

using nlohmann::json;

std::string unzipped(const std::filesystem::path& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot open " + path.string());
  std::string text;
  std::string piece(std::size_t{1} << 20U, '\0');
  int read = 0;
  while ((read = gzread(file.get(), piece.data(), static_cast<unsigned>(piece.size()))) > 0) {
    text.append(piece, 0, static_cast<std::size_t>(read));
  }
  if (read < 0) throw std::runtime_error("cannot decompress " + path.string());
  return text;
}

std::vector<Patch> patches_of(const json& array) {
  std::vector<Patch> patches;
  for (const json& item : array) {
    patches.push_back({item.at(0).get<std::size_t>(), item.at(1).get<std::size_t>(),
                       item.at(2).get<std::string>()});
  }
  return patches;
}

/// How many steps of each agent have been seen.
using Seen = std::vector<std::size_t>;

/// For each step what its agent had seen when making it.
std::vector<Seen> seen_before(const EditingTrace& trace) {
  std::vector<Seen> before;
  std::vector<Seen> after;
  Seen latest(trace.agents, 0);
  for (const TraceStep& step : trace.steps) {
    Seen seen(trace.agents, 0);
    for (const std::size_t parent : step.parents) {
      const Seen& other = after.at(parent);
      std::transform(seen.begin(), seen.end(), other.begin(), seen.begin(),
                     [](std::size_t a, std::size_t b) { return std::max(a, b); });
    }
    if (seen.at(step.agent) != latest.at(step.agent)) {
      throw std::runtime_error("an agent of the trace forgot its own steps");
    }
    before.push_back(seen);
    seen.at(step.agent) = ++latest.at(step.agent);
    after.push_back(std::move(seen));
  }
  return before;
}

}  // namespace

std::size_t EditingTrace::patches() const {
  return std::accumulate(
      steps.begin(), steps.end(), std::size_t{0},
      [](std::size_t sum, const TraceStep& step) { return sum + step.patches.size(); });
}

EditingTrace read_editing_trace(const std::filesystem::path& path) {
  try {
    const json whole = json::parse(unzipped(path));
    EditingTrace trace;
    trace.start = whole.value("startContent", "");
    trace.end = whole.at("endContent").get<std::string>();
    trace.agents = whole.value("numAgents", std::size_t{1});
    for (const json& item : whole.at("txns")) {
      TraceStep step;
      step.agent = item.value("agent", std::size_t{0});
      if (item.contains("parents")) {
        step.parents = item["parents"].get<std::vector<std::size_t>>();
      } else if (!trace.steps.empty()) {
        step.parents = {trace.steps.size() - 1};
      }
      step.patches = patches_of(item.at("patches"));
      trace.steps.push_back(std::move(step));
    }
    return trace;
  } catch (const json::exception& error) {
    throw std::runtime_error(path.string() + ": " + error.what());
  }
}

std::optional<std::filesystem::path> find_editing_trace(std::string_view name) {
  const char* folder = std::getenv("RILL_TRACES");
#ifdef RILL_TRACES
  if (folder == nullptr) folder = RILL_TRACES;
#endif
  if (folder == nullptr) return std::nullopt;
  std::filesystem::path path = std::filesystem::path(folder) / (std::string(name) + ".json.gz");
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

void edit(TextDocument& document, const Patch& patch) {
  if (patch.erased > 0) document.erase(patch.position, patch.erased);
  if (!patch.inserted.empty()) document.insert(patch.position, patch.inserted);
}

std::vector<TextOp> operations_of(const EditingTrace& trace) {
  const std::vector<Seen> seen = seen_before(trace);
  std::vector<TextDocument> documents;
  documents.reserve(trace.agents);
  std::vector<std::vector<std::size_t>> steps(trace.agents);  // each agent's, by number
  std::vector<Seen> applied(trace.agents, Seen(trace.agents, 0));
  for (std::size_t agent = 0; agent < trace.agents; ++agent) {
    documents.emplace_back(replica(static_cast<std::uint8_t>('A' + agent)));
  }
  if (!trace.start.empty()) throw std::runtime_error("a trace that starts with a text");

  std::vector<TextOp> ops;
  for (std::size_t number = 0; number < trace.steps.size(); ++number) {
    const TraceStep& step = trace.steps[number];
    TextDocument& document = documents[step.agent];
    // Of other agents in the order of the trace, in which parents come first.
    std::vector<std::size_t> missing;
    for (std::size_t other = 0; other < trace.agents; ++other) {
      std::size_t& known = applied[step.agent][other];
      if (other == step.agent) continue;
      for (; known < seen[number][other]; ++known) missing.push_back(steps[other][known]);
    }
    std::sort(missing.begin(), missing.end());
    for (const std::size_t other : missing) document.apply(ops[other]);
    for (const Patch& patch : step.patches) edit(document, patch);
    ops.push_back(document.op(document.commit()));
    steps[step.agent].push_back(number);
  }
  return ops;
}

}  // namespace rill::test
