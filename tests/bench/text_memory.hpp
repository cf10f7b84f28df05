#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "support/editing_trace.hpp"

namespace rill::bench {

/// How `resident_bytes` has the program measure a replay: followed by the file of patches.
inline constexpr std::string_view kMemoryOption = "--text-memory";

/// How much resident memory a fresh process gains by replaying the steps, one operation each, and
/// keeping the document open. Code that is paged in for it is not counted; all that the allocator
/// took is, whether it serves the document or only lies between its parts. Throws
/// `std::runtime_error` if the process cannot be run.
double resident_bytes(const std::vector<test::TraceStep>& steps,
                      const std::filesystem::path& folder);

/// The fresh process's part: returns its exit code.
int measure_text_memory(const std::filesystem::path& patches);

}  // namespace rill::bench
