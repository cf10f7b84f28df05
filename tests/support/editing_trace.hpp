#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rill/text_document.hpp"

namespace rill::test {

/// At `position`, `erased` code points go and `inserted` comes.
struct Patch {
  std::size_t position = 0;
  std::size_t erased = 0;
  std::string inserted;
};

/// What one person did at once.
struct TraceStep {
  std::size_t agent = 0;
  /// The steps that the agent had seen last, by their numbers. In a trace of one person: the step
  /// before.
  std::vector<std::size_t> parents;
  std::vector<Patch> patches;
};

/// The recorded writing of a real text, by one person or by several at once.
struct EditingTrace {
  std::string start;
  std::string end;
  std::size_t agents = 1;
  std::vector<TraceStep> steps;

  [[nodiscard]] std::size_t patches() const;
};

/// Reads a trace in the JSON format of github.com/josephg/editing-traces, compressed by gzip.
/// Throws `std::runtime_error` if there is none or if it is of another form.
EditingTrace read_editing_trace(const std::filesystem::path& path);

/// The trace `<name>.json.gz` in the folder that the environment's RILL_TRACES names, or else the
/// build's; empty if it is not there.
std::optional<std::filesystem::path> find_editing_trace(std::string_view name);

/// Erases and inserts, without a commit.
void edit(TextDocument& document, const Patch& patch);

/// Each step as an operation, in the trace's order, made by the agents' own documents: each applied
/// beforehand what the agent had seen, and nothing else. Agents are replicas that order as their
/// numbers do. Throws `std::runtime_error` if an agent forgot its own steps.
std::vector<TextOp> operations_of(const EditingTrace& trace);

}  // namespace rill::test
