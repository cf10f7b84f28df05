#include "text/merge.hpp"

#include <algorithm>

#include "rill/error.hpp"

namespace rill::storage {
namespace {

/// What a peer sent of a text and cannot be applied is malformed, whatever the text says of it:
/// operations come in an order in which each builds upon what came before.
template <typename Apply>
decltype(auto) apply_received(Apply apply) {
  try {
    return apply();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::causality_gap) throw;
    throw Error(ErrorCode::malformed,
                std::string("a delta's text operations do not fit together: ") + error.what());
  }
}

}  // namespace

TextMerge::TextMerge(TextCells& cells, RowFragment& fragment, std::function<bool(ColumnId)> is_text)
    : cells_(cells), is_text_(std::move(is_text)) {
  for (auto& [column, part] : fragment.columns) {
    if (is_text_(column)) news_.emplace_back(column, take_text_news(part));
  }
}

std::vector<std::int64_t> TextMerge::cells_in(const RowState& state) const {
  std::vector<std::int64_t> cells;
  for (const RowState::Column& column : state.columns) {
    if (!is_text_(column.id)) continue;
    const std::vector<std::int64_t> found = cells_of(column.entries);
    cells.insert(cells.end(), found.begin(), found.end());
  }
  return cells;
}

void TextMerge::before(const RowState& state) { cells_before_ = cells_in(state); }

bool TextMerge::apply(const TextPlace& row, RowState& state, const VersionVector& seen,
                      std::int64_t& seq) {
  bool changed = false;
  for (const auto& [column, texts] : news_) {
    if (state.find(column) == nullptr) continue;
    Entries& entries = state.at(column);
    for (const TextNews& news : texts) {
      changed |= apply({row.table, row.key, column}, entries, news, seen, seq);
    }
    for (const Entry& text : entries) {
      if (!is_edited(text) || !text.value.is_null()) continue;
      throw Error(ErrorCode::malformed, "a delta says that a text was edited, and lacks it");
    }
  }
  const std::vector<std::int64_t> cells = cells_in(state);
  for (const std::int64_t cell : cells_before_) {
    if (std::find(cells.begin(), cells.end(), cell) == cells.end()) cells_.remove(cell);
  }
  return changed;
}

OpenText TextMerge::open(const TextPlace& place, Entries& texts, Entry& text,
                         const TextNews& news) {
  const ReplicaId& author = text.id.dot.replica;  // nothing is going to be edited
  if (is_edited(text) && text.value.is_null()) {
    if (news.checkpoint.empty()) {
      throw Error(ErrorCode::malformed, "a delta says that a text was edited, and lacks it");
    }
    OpenText open{TextDocument(author, news.checkpoint)};
    open.version = news.vector;
    text = cells_.create(place, text, open, cells_of(texts));
    open.cell = cell_of(text);
    return open;
  }
  if (!is_edited(text)) text = cells_.create(place, text, cells_of(texts));
  OpenText open = cells_.open(text, author);
  if (news.checkpoint.empty()) return open;
  cells_.note_epochs(open.document);
  open.document.merge(news.checkpoint);
  open.version.merge(news.vector);
  return open;
}

bool TextMerge::apply(const TextPlace& place, Entries& texts, const TextNews& news,
                      const VersionVector& seen, std::int64_t& seq) {
  const auto text = std::ranges::find(texts, news.text, &Entry::id);
  if (text == texts.end()) return false;  // overwritten here
  const auto is_news = [&](const CellOp& op) { return !seen.covers(op.stamp.dot); };
  if (news.checkpoint.empty() && std::ranges::none_of(news.ops, is_news)) return false;
  return apply_received([&] {
    OpenText open = this->open(place, texts, *text, news);
    for (const CellOp& received : news.ops) {
      if (!is_news(received) || open.document.version().covers(received.stamp.dot)) continue;
      const CellOp op{++seq, received.stamp, received.content};
      if (!op.content.empty()) open.document.apply(op.stamp.dot, op.content);
      cells_.add(open.cell, op);
      open.added(op);
    }
    if (!news.checkpoint.empty()) {
      cells_.replace_checkpoint(open);
    } else if (open.is_checkpoint_due()) {
      cells_.write_checkpoint(open);
    }
    changed_[open.cell] = open.document.text();
    return true;
  });
}

}  // namespace rill::storage
