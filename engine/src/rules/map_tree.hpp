#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "json.hpp"
#include "rill/row_state.hpp"

namespace rill {

/// The live leaves of a map column by path, from which the shown object is made.
///
/// Per path the latest leaf counts. Where a path has both a leaf and leaves below it, the later of
/// the leaf and the latest below decides; an empty object as leaf yields to anything below.
class MapTree {
 public:
  /// Adds a leaf. One that no map operation writes (peers may send anything) is left out.
  void add(const Entry& entry);

  /// The object shown. Leaves are moved out: call it once.
  [[nodiscard]] Json resolve();

 private:
  struct Leaf {
    Stamp stamp;
    Json value;
  };
  struct Node {
    std::optional<Leaf> leaf;
    /// The latest of all leaves below.
    std::optional<Stamp> latest_below;
    std::map<std::string, Node, std::less<>> children;
  };

  static Json resolve(Node& node);

  Node root_;
};

}  // namespace rill
