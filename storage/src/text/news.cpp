#include "text/news.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "byte_view.hpp"
#include "rill/bytes.hpp"

namespace rill::storage {
namespace {

// The first byte of a sub-key; then come the text's number among the column's, and for an operation
// its own number in the order of the file.
constexpr std::uint8_t kCheckpoint = 'c';
constexpr std::uint8_t kOp = 'o';
// Ordinals: the text itself has 0, an operation 1, the checkpoint of a text one from here on.
constexpr std::uint32_t kOpOrdinal = 1;
constexpr std::uint32_t kFirstCheckpointOrdinal = 2;
/// Beyond so many a checkpoint is sent instead.
constexpr std::size_t kMaxOpsSent = std::size_t{1} << 16U;

[[noreturn]] void malformed(const std::string& what) {
  throw Error(ErrorCode::malformed, "a delta's text " + what);
}

Blob to_blob(std::string_view bytes) {
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

/// Whether an entry of a delta is one of the texts, not news of one.
bool is_text(const Entry& entry) { return entry.sub_key.empty() || is_edited(entry); }

/// Writes the news of one text.
class NewsWriter {
 public:
  NewsWriter(TextCells& cells, const VersionVector& known, std::int64_t after)
      : cells_(cells), known_(known), after_(after) {}

  /// `mark`: an event of the row that the peer has not seen.
  void write(const Entry& text, std::size_t number, const Entry& mark) {
    const std::int64_t cell = cell_of(text);
    const TextCells::Checkpoint checkpoint = cells_.checkpoint(cell);
    if (checkpoint.begun <= known_) {
      const std::vector<CellOp> ops = unknown_ops(cell, after_);
      if (ops.size() <= kMaxOpsSent) return write_ops(ops, number);
    }
    write_checkpoint(cell, checkpoint.vector, number, mark);
    write_ops(unknown_ops(cell, checkpoint.seq), number);
  }

  [[nodiscard]] Entries take() { return std::move(entries_); }

 private:
  std::vector<CellOp> unknown_ops(std::int64_t cell, std::int64_t after) {
    std::vector<CellOp> ops = cells_.ops_after(cell, after);
    std::erase_if(ops, [&](const CellOp& op) { return known_.covers(op.stamp.dot); });
    return ops;
  }

  void write_ops(const std::vector<CellOp>& ops, std::size_t number) {
    std::uint64_t place = 0;
    for (const CellOp& op : ops) {
      Entry entry = Entry::make(op.stamp, to_blob(op.content), kOpOrdinal);
      ByteWriter key;
      key.byte(kOp);
      key.varint(number);
      key.varint(place++);
      entry.sub_key = key.take();
      entries_.push_back(std::move(entry));
    }
  }

  void write_checkpoint(std::int64_t cell, const VersionVector& vector, std::size_t number,
                        const Entry& mark) {
    const auto ordinal = kFirstCheckpointOrdinal + static_cast<std::uint32_t>(number);
    ByteWriter content;
    content.version_vector(vector);
    content.raw(cells_.checkpoint_bytes(cell));
    Entry entry = Entry::make(mark.stamp(), to_blob(content.view()), ordinal);
    ByteWriter key;
    key.byte(kCheckpoint);
    key.varint(number);
    entry.sub_key = key.take();
    entries_.push_back(std::move(entry));
  }

  TextCells& cells_;
  const VersionVector& known_;
  std::int64_t after_;
  Entries entries_;
};

/// The place of a column among a fragment's.
auto find_part(RowFragment& fragment, ColumnId column) {
  return std::ranges::lower_bound(fragment.columns, column, {},
                                  [](const auto& part) { return part.first; });
}

/// The fragment of a column whose texts themselves are no news.
ColumnFragment names_of(const Entries& texts) {
  ColumnFragment part;
  part.kept.reserve(texts.size());
  for (const Entry& text : texts) part.kept.push_back(text.id);
  return part;
}

/// The column's texts at the sender, which news are numbered by.
std::vector<EntryId> texts_of(const ColumnFragment& part) {
  std::vector<EntryId> fresh;
  for (const Entry& entry : part.fresh) {
    if (is_text(entry)) fresh.push_back(entry.id);
  }
  std::vector<EntryId> texts;
  std::ranges::merge(fresh, part.kept, std::back_inserter(texts));
  return texts;
}

/// One entry's share of the news.
class NewsReader {
 public:
  explicit NewsReader(const ColumnFragment& part) {
    for (const EntryId& text : texts_of(part)) news_.push_back({text, {}, {}, {}});
    places_.resize(news_.size());
  }

  void read(const Entry& entry) {
    if (entry.value.type() != Value::Type::blob) malformed("came as " + to_display(entry.value));
    ByteReader key(entry.sub_key);
    const std::uint8_t kind = key.byte();
    const std::uint64_t number = key.varint();
    if (number >= news_.size()) malformed("is not among the texts of its column");
    TextNews& news = news_[number];
    if (kind == kCheckpoint) {
      if (!news.checkpoint.empty()) malformed("came twice");
      ByteReader content(view(entry.value.blob()));
      news.vector = content.version_vector();
      news.checkpoint = content.raw(content.remaining());
      if (news.checkpoint.empty()) malformed("came empty");
    } else if (kind == kOp) {
      places_[number].push_back({key.varint(), news.ops.size()});
      news.ops.push_back({0, entry.stamp(), std::string(view(entry.value.blob()))});
    } else {
      malformed("came in a form that is not known");
    }
    key.expect_end();
  }

  std::vector<TextNews> take() {
    for (std::size_t index = 0; index < news_.size(); ++index) order(news_[index], places_[index]);
    std::erase_if(news_,
                  [](const TextNews& news) { return news.checkpoint.empty() && news.ops.empty(); });
    return std::move(news_);
  }

 private:
  struct Place {
    std::uint64_t number;
    std::size_t index;
  };

  /// Entries stand in the order of their names; operations are to be applied in the sender's.
  static void order(TextNews& news, std::vector<Place>& places) {
    std::ranges::sort(places, {}, &Place::number);
    std::vector<CellOp> ops;
    ops.reserve(places.size());
    for (std::size_t index = 0; index < places.size(); ++index) {
      if (places[index].number != index) malformed("has operations without an order");
      ops.push_back(std::move(news.ops[places[index].index]));
    }
    news.ops = std::move(ops);
  }

  std::vector<TextNews> news_;
  std::vector<std::vector<Place>> places_;
};

}  // namespace

void add_text_news(TextCells& cells, ColumnId column, const Entries& texts,
                   const VersionVector& known, std::int64_t after, RowFragment& fragment) {
  const Entries* marks = fragment.existence ? &fragment.existence->fresh : nullptr;
  if (marks == nullptr || marks->empty()) return;  // whoever edits a text touches its row
  NewsWriter writer(cells, known, after);
  for (std::size_t number = 0; number < texts.size(); ++number) {
    if (is_edited(texts[number])) writer.write(texts[number], number, marks->front());
  }
  Entries news = writer.take();
  auto part = find_part(fragment, column);
  if (part == fragment.columns.end() || part->first != column) {
    part = fragment.columns.emplace(part, column, names_of(texts));
  }
  Entries& fresh = part->second.fresh;
  for (Entry& text : fresh) {
    if (is_edited(text)) text = edited(text, 0);  // the cell's number means nothing elsewhere
  }
  std::ranges::move(news, std::back_inserter(fresh));
  std::ranges::sort(fresh, {}, &Entry::id);
}

std::vector<TextNews> take_text_news(ColumnFragment& column) {
  NewsReader reader(column);
  Entries texts;
  for (Entry& entry : column.fresh) {
    if (is_edited(entry) && !entry.value.is_null()) malformed("names a cell of another file");
    if (is_text(entry)) {
      texts.push_back(std::move(entry));
    } else {
      reader.read(entry);
    }
  }
  column.fresh = std::move(texts);
  return reader.take();
}

}  // namespace rill::storage
