#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace rill {

/// What an app's function gave: a result, or the reason why there is none.
template <typename Result>
struct Outcome {
  std::optional<Result> result;
  std::string failure;
};

/// Calls an app's function, which may throw anything. `call` makes its own copy of what it passes
/// on. With `check_purity` it is called twice, and must give the same result.
template <typename Result, typename Call>
Outcome<Result> guarded_call(const Call& call, bool check_purity) {
  try {
    Result result = call();
    if (check_purity && call() != result) {
      return {std::nullopt, "is not pure: it gave two results for the same siblings"};
    }
    return {std::move(result), {}};
  } catch (const std::exception& error) {
    return {std::nullopt, std::string("threw: ") + error.what()};
  } catch (...) {
    return {std::nullopt, "threw something that is not a std::exception"};
  }
}

}  // namespace rill
