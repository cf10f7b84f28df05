#include "metric.hpp"

#include <iterator>

namespace rill::bench {

std::vector<Metric> all_metrics() {
  std::vector<Metric> all;
  for (auto* group :
       {local_write_metrics, delta_metrics, delta_scaling_metrics, text_metrics, text_edit_metrics,
        live_metrics, transfer_metrics, mesh_metrics, reconnect_metrics}) {
    std::vector<Metric> metrics = group();
    std::move(metrics.begin(), metrics.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace rill::bench
