#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "fuzz/input.hpp"
#include "oracle/text_history.hpp"

// The input as the choices of a history of a text: two to four replicas edit, exchange and forget,
// and each is compared with the naive text after every step.

namespace {

/// A byte is a choice, and a step takes some six of them: more would take longer, not find more.
constexpr std::size_t kMaxSteps = 60;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rill::fuzz::Input input(data, size);
  const std::uint8_t kind = input.byte();
  oracle::TextHistoryOptions options;
  options.replicas = 2 + kind % 3;
  options.steps = kMaxSteps;
  options.collects = kind / 4 % 2 == 1;
  options.undoes = kind / 8 % 4 == 3;
  const auto failure = oracle::TextHistory(oracle::Random(input.rest()), options).run();
  rill::fuzz::require(!failure, failure.value_or(std::string()));
  return 0;
}
