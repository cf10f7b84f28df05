#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "metric.hpp"
#include "rill/text_document.hpp"
#include "support/editing_trace.hpp"

namespace rill::bench {

/// Who writes what was recorded.
inline constexpr ReplicaId kAuthor{{1}};

/// A trace, perhaps shortened, with the text that it ends in.
struct Recording {
  test::EditingTrace trace;
  std::string end;
};
using Trace = std::shared_ptr<const Recording>;

/// What `std::string` makes of it.
std::string replayed_plainly(const test::EditingTrace& trace);
/// Every patch its own operation.
TextDocument replayed(const test::EditingTrace& trace);

/// Reads each trace once.
class Recordings {
 public:
  /// Null if it is not there.
  Trace find(const Setting& setting, const std::string& name);

 private:
  std::map<std::string, Trace> traces_;
};

}  // namespace rill::bench
