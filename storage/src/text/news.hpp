#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rill/row_state.hpp"
#include "rill/version_vector.hpp"
#include "text/cells.hpp"

namespace rill::storage {

/// What a peer lacks of one text of a column: a checkpoint, if it lacks operations that are no
/// longer kept one by one, and operations, in an order in which they can be applied.
///
/// In a delta these are entries of the column, beside those of the texts themselves: named by
/// events that the peer has not seen, and marked by their sub-keys (storage/README.md, "Texts in a
/// delta").
struct TextNews {
  /// The entry that the news is of.
  EntryId text;
  /// Empty if none came; and the operations it holds, those that change no character included.
  std::string checkpoint;
  VersionVector vector;
  std::vector<CellOp> ops;
};

/// Adds to a row's fragment what a peer that knows `known` lacks of the texts of one column, whose
/// entries these are. The texts' names travel whenever the row has news: an edit overwrites texts
/// that stood beside its own, and leaves no entry that would tell so once its own is gone, too.
/// Operations up to the place `after` in the file's order are known to it. Precondition: the
/// fragment is what `fragment_beyond` gave for the row.
void add_text_news(TextCells& cells, ColumnId column, const Entries& texts,
                   const VersionVector& known, std::int64_t after, RowFragment& fragment);

/// Takes the news of texts out of a column's fragment, of which the texts themselves remain. Throws
/// `Error{malformed}`.
std::vector<TextNews> take_text_news(ColumnFragment& column);

}  // namespace rill::storage
