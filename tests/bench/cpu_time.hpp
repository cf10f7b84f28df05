#pragma once

#include <functional>

#include "metric.hpp"

namespace rill::bench {

/// What is timed.
using Work = std::function<void()>;
/// Makes everything that one run needs, untimed, and returns its work. Whatever the work holds is
/// let go untimed, too.
using Preparation = std::function<Work()>;

/// Runs the two in turn, `rounds` times, and compares the medians of the process's CPU times, in
/// milliseconds. Google Benchmark takes the times.
Figures compare_cpu_time(int rounds, const Preparation& rill, const Preparation& baseline);

/// The median alone, in milliseconds, for goals that are absolute.
double median_cpu_time(int rounds, const Preparation& work);

}  // namespace rill::bench
