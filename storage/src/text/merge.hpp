#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rill/row_state.hpp"
#include "rill/version_vector.hpp"
#include "text/cells.hpp"
#include "text/news.hpp"

namespace rill::storage {

/// The texts of one row while a fragment of it is joined: the join settles which texts there are,
/// and what has come of each is then added to its cell.
///
///     TextMerge texts(cells, fragment, is_text);
///     texts.before(state);
///     bool changed = join(state, …);
///     changed |= texts.apply({table.id, fragment.key}, state, seen, seq);
class TextMerge {
 public:
  /// Takes the news out of `fragment`. Throws `Error{malformed}`.
  TextMerge(TextCells& cells, RowFragment& fragment, std::function<bool(ColumnId)> is_text);

  /// Notes the row as it was.
  void before(const RowState& state);
  /// Adds the news to the texts that `state` holds after the join, and removes the cells of those
  /// that were overwritten. Operations that `seen` covers are known; each new one takes the next
  /// `seq`. Returns whether a text changed. Throws `Error`: malformed, limit_exceeded, corrupt.
  bool apply(const TextPlace& row, RowState& state, const VersionVector& seen, std::int64_t& seq);
  /// What the texts that changed show, by cell.
  [[nodiscard]] const std::map<std::int64_t, std::string>& changed() const noexcept {
    return changed_;
  }

 private:
  bool apply(const TextPlace& place, Entries& texts, const TextNews& news,
             const VersionVector& seen, std::int64_t& seq);
  OpenText open(const TextPlace& place, Entries& texts, Entry& text, const TextNews& news);
  [[nodiscard]] std::vector<std::int64_t> cells_in(const RowState& state) const;

  TextCells& cells_;
  std::function<bool(ColumnId)> is_text_;
  std::vector<std::pair<ColumnId, std::vector<TextNews>>> news_;
  std::vector<std::int64_t> cells_before_;
  std::map<std::int64_t, std::string> changed_;
};

}  // namespace rill::storage
