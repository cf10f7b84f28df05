#include "extract.hpp"

#include <algorithm>
#include <utility>

#include "apply.hpp"
#include "damage.hpp"
#include "forks.hpp"
#include "identity.hpp"
#include "rill/error.hpp"
#include "text/news.hpp"

namespace rill::storage {
namespace {

/// What a session asks for.
constexpr std::size_t kUsualChunkBytes = std::size_t{64} << 10U;

/// Whether a column of texts has no text, not even one that was never edited.
bool lacks_text(const RowSource::Found& found) {
  for (ColumnId id = 0; id < found.columns.size(); ++id) {
    if (found.columns[id].kind == RuleKind::text && found.state.find(id) == nullptr) return true;
  }
  return false;
}

}  // namespace

DeltaExtraction::DeltaExtraction(ReaderLease reader, const VersionVector& known,
                                 const InboxSummary& received)
    : reader_(std::move(reader)) {
  const ClockRow clock = ClockRow::read(reader_->connection);
  header_.sender = reader_->interner.id(clock.replica);
  header_.opening = received.opening;
  header_.chunk = received.chunks;
  header_.position = received.position;
  header_.sender_vector = read_vector(reader_->connection, reader_->interner);
  header_.names = read_forks(reader_->connection).names();
  // What the peer knows beyond us is no business of this delta.
  header_.known = known;
  header_.known.meet(header_.sender_vector);
  known_by_number_ = reader_->interner.by_number(header_.known);
  if (header_.sender_vector <= header_.known) {
    done_ = true;
    return;
  }
  until_ = clock.seq;
  marked_ = marked_seq();
  const std::int64_t after = std::max(marked_, static_cast<std::int64_t>(received.position));
  sources_ = row_sources(*reader_, after, until_);
  std::erase_if(sources_, [&](const auto& source) { return !source->next(known_by_number_); });
}

DeltaExtraction::~DeltaExtraction() { sources_.clear(); }

std::int64_t DeltaExtraction::marked_seq() {
  sqlite::Using marks(reader_->connection.cached(
      "SELECT seq, vector FROM main.rill_mark WHERE space = 1 ORDER BY seq DESC"));
  while (marks->step()) {
    const VersionVector vector =
        read_stored("rill_mark.vector", [&] { return decode_version_vector(marks->bytes(1)); });
    if (vector <= header_.known) return marks->integer(0);
  }
  return 0;
}

RowSource* DeltaExtraction::advance() {
  const auto first = std::min_element(
      sources_.begin(), sources_.end(),
      [](const auto& left, const auto& right) { return left->seq() < right->seq(); });
  return first != sources_.end() ? first->get() : nullptr;
}

void DeltaExtraction::add_texts(const RowSource::Found& found, RowFragment& fragment) {
  TextCells cells(reader_->connection, reader_->interner);
  for (const RowState::Column& column : found.state.columns) {
    if (found.columns.at(column.id).kind != RuleKind::text) continue;
    add_text_news(cells, column.id, column.entries, header_.known, marked_, fragment);
  }
}

void DeltaExtraction::add(DeltaWriter& chunk, RowSource::Found found) {
  // A column without texts can only be told by leaving it out of a complete row.
  RowFragment fragment = fragment_beyond(found.state, header_.known, lacks_text(found));
  add_texts(found, fragment);
  if (!fragment.existence && !fragment.births && fragment.columns.empty()) return;
  fragment.table = chunk.table(found.table);
  fragment.key = std::move(found.key);
  // Rows of an unknown table may number their columns each in its own way.
  for (auto& [column, part] : fragment.columns) {
    column = chunk.column(fragment.table, found.columns.at(column));
  }
  std::sort(fragment.columns.begin(), fragment.columns.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  chunk.add(std::move(fragment));
}

std::optional<std::string> DeltaExtraction::next(std::size_t target_bytes) {
  if (done_) return std::nullopt;
  DeltaWriter chunk(header_);
  ++header_.chunk;
  // Growing step by step would ask the system for memory, and give it back, with every chunk.
  chunk.bytes().reserve(std::min(target_bytes, kUsualChunkBytes) * 9 / 8);
  while (chunk.size() < target_bytes) {
    RowSource* source = advance();
    if (source == nullptr) break;
    header_.position = static_cast<std::uint64_t>(source->seq());
    if (!source->hand_on(chunk)) add(chunk, source->take());
    if (!source->next(known_by_number_)) {
      std::erase_if(sources_, [&](const auto& candidate) { return candidate.get() == source; });
    }
  }
  done_ = sources_.empty();
  Delta& header = chunk.header();
  header.last = done_;
  if (done_) {
    header_.position = static_cast<std::uint64_t>(until_);
    header.epochs =
        read_epochs(reader_->connection, reader_->interner, header_.known, header_.sender_vector);
  }
  header.position = header_.position;
  try {
    return chunk.finish();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::limit_exceeded && chunk.size() > 0) {
      // Rows are added while there is room: it is the last that there was none for.
      throw Error(error.code(), chunk.last_row() + " is too large to be sent: " + error.what() +
                                    "; store less in it, or settle its conflicts");
    }
    // The encoder takes rows for consistent; what this file holds is not.
    if (error.code() != ErrorCode::internal && error.code() != ErrorCode::bad_value) throw;
    throw damaged(std::string("the rows contradict each other: ") + error.what());
  }
}

}  // namespace rill::storage
