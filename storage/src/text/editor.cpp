#include "text/editor.hpp"

#include <algorithm>

#include "clock_row.hpp"
#include "rill/delta.hpp"
#include "rill/error.hpp"
#include "row_store.hpp"

namespace rill::storage {
namespace {

/// Stands for the text of a column that nobody has written: no replica's id is zero.
Entry unwritten(Value value) {
  Entry text;
  text.id.dot.counter = 1;
  text.value = std::move(value);
  return text;
}

bool is_unwritten(const Entry& text) { return text.id.dot.replica == ReplicaId(); }

const Table& table_named(const Catalog& catalog, std::string_view name) {
  if (const Table* table = catalog.find(name)) return *table;
  throw Error(ErrorCode::unknown_table, "no replicated table is named " + std::string(name));
}

ColumnId text_column(const Table& table, std::string_view name) {
  const auto id = table.find(name);
  if (!id || !table.rules.columns[*id].known) {
    throw Error(ErrorCode::unknown_column,
                "table " + table.name() + " has no column " + std::string(name));
  }
  if (table.is_text(*id)) return *id;
  throw Error(ErrorCode::invalid_argument,
              column_name(table, *id) + " merges by " + table.rules.columns[*id].rule.name() +
                  "; only columns of text() can be edited by position");
}

std::vector<TextChange> difference(const std::string& from, const std::string& to) {
  TextDocument document{ReplicaId()};
  document.insert(0, from);
  return document.assign(to);
}

}  // namespace

bool TextEditor::has_edits() const noexcept {
  return unsaved_.has_value() || open_->document.has_edits();
}

Value TextEditor::read_value(const Source& source, const Table& table) const {
  sqlite::Using row(source.connection.cached(select_column(table, sqlite::quoted(column_))));
  bind_key(*row, 1, key_);
  return row->step() ? row->value(0) : Value();
}

TextEditor::Place TextEditor::find(const Source& source) const {
  Place place;
  place.table = &table_named(source.catalog, table_);
  place.column = text_column(*place.table, column_);
  if (key_.size() == place.table->key_columns.size()) {
    sqlite::Using row(source.connection.cached(select_column(*place.table, "_rill_meta")));
    bind_key(*row, 1, key_);
    if (row->step()) {
      place.meta = decode_meta(row->bytes(0), source.interner);
      const RowMeta::Column* exception = place.meta.exception(place.column);
      // Of an edited text the value, which may be long, is not needed.
      const bool rich = exception != nullptr && !exception->whole;
      const Value value = rich ? Value() : read_value(source, *place.table);
      const Entries texts =
          expand_column(place.meta, place.column, *place.table, value, source.interner);
      const Entry* text = latest_sibling(texts, expand_births(place.meta, source.interner));
      place.text = text != nullptr ? *text : unwritten(read_value(source, *place.table));
      return place;
    }
  }
  throw Error(ErrorCode::not_found, "there is no row " + row_name(*place.table, key_));
}

void TextEditor::catch_up(const Source& source, const ReplicaId& author) {
  const Place place = find(source);
  TextCells cells(source.connection, source.interner);
  if (!follow(cells, place.text, author)) reopen(cells, place, author);
}

/// Whether the document goes on from where the cell is, or has operations that were rolled back or
/// replaced, or lacks some that are no longer kept.
bool TextEditor::is_ahead(TextCells& cells, std::int64_t cell) const {
  if (open_->seq != 0) {
    const auto last = cells.op_at(cell, open_->seq);
    if (open_->last_op != (last ? last->fingerprint() : 0)) return true;
  }
  return !(cells.checkpoint(cell).begun <= open_->version);
}

/// Whether the file still holds the text that the document is of: two may have characters of the
/// same names. What a transaction inserts keeps its name while the same transaction rewrites it.
bool TextEditor::is_same(const Entry& text) const {
  if (text.id != text_.id) return false;
  return is_edited(text) || is_edited(text_) || text.value == text_.value;
}

bool TextEditor::follow(TextCells& cells, const Entry& text, const ReplicaId& author) {
  if (!open_ || unsaved_ || open_->document.author() != author || !is_same(text)) return false;
  if (!is_edited(text)) return open_->cell == 0;
  const std::int64_t cell = cell_of(text);
  if (cell != open_->cell || is_ahead(cells, cell)) return false;
  const std::vector<CellOp> ops = cells.ops_after(cell, open_->seq);
  // Its characters have names that edits here have, too.
  const auto is_own = [&](const CellOp& op) { return op.stamp.dot.replica == author; };
  if (std::ranges::any_of(ops, is_own)) return false;
  for (const CellOp& op : ops) {
    if (!op.content.empty()) open_->document.apply(op.stamp.dot, op.content, &changes_);
    open_->added(op);
  }
  return true;
}

/// All edits that are not written, as one operation.
std::optional<TextOp> TextEditor::take_edits() {
  if (!open_ || !has_edits()) return std::nullopt;
  TextDocument& document = open_->document;
  Dot last = unsaved_.value_or(Dot());
  if (document.has_edits()) {
    const std::uint64_t next = document.version()[document.author()] + 1;
    last = document.commit(unsaved_ ? last.counter : next);
    unsaved_ = last;
  }
  return document.op(last);
}

void TextEditor::reopen(TextCells& cells, const Place& place, const ReplicaId& author) {
  const std::string before = open_ ? open_->document.text() : std::string();
  const std::optional<TextOp> edits = take_edits();
  try {
    OpenText fresh = cells.open(place.text, author);
    if (edits && !is_same(place.text)) throw Error(ErrorCode::causality_gap, {});
    if (edits) fresh.document.rebase(*edits);
    if (open_) {
      for (TextChange& change : difference(before, fresh.document.text())) {
        changes_.push_back(std::move(change));
      }
    }
    open_ = std::make_unique<OpenText>(std::move(fresh));
  } catch (const Error& error) {
    const std::string where =
        column_name(*place.table, place.column) + " of " + row_name(*place.table, key_);
    if (error.code() == ErrorCode::causality_gap) {
      throw Error(
          error.code(),
          where +
              " has lost the text that the edits are of: another was inserted in its place, or the "
              "transaction that wrote it was rolled back; take over what is to be kept, and open "
              "it again");
    }
    throw Error(error.code(), where + ": " + error.what());
  }
  text_ = place.text;
  unsaved_.reset();
}

void TextEditor::write_op(TextCells& cells, const Place& place, const CellOp& op) {
  if (is_edited(text_)) {
    cells.take_back(open_->cell, op.stamp.dot);
  } else {
    const std::string key = encode_key(key_);
    text_ = cells.create({place.table->id, key, place.column}, text_);
    open_->cell = cell_of(text_);
  }
  cells.add(open_->cell, op);
}

/// The document holds edits already. And a transaction that goes on may take its operation `dot`
/// back, so a checkpoint may not hold it.
void TextEditor::write_checkpoint_before(TextCells& cells, const Dot& dot) {
  if (!is_edited(text_)) return;
  OpenText before = cells.open(text_, dot.replica, dot);
  cells.write_checkpoint(before);
  open_->checkpoint_bytes = before.checkpoint_bytes;
  open_->tail_bytes = before.tail_bytes;
}

/// The row's meta with the text as it is now; it overwrites the others.
std::string TextEditor::stamped_meta(TextCells& cells, const Place& place, const Stamp& stamp,
                                     Interner& interner) const {
  RowMeta meta = place.meta;
  const Event event{interner.number(stamp.dot.replica), stamp.dot.counter, stamp.time.bits};
  RowMeta::Column& column = meta.except(place.column);
  cells.keep_only(column.entries, text_);
  column.whole.reset();
  if (!is_edited(text_)) meta.set_whole(place.column, event);
  meta.touch(event);
  return encode(meta, interner);
}

Capture::RowEdit TextEditor::prepare(sqlite::Connection& connection, Capture& capture) {
  const Stamp stamp = capture.local_write().stamp;
  const Place place = find({connection, capture.interner(), *capture.catalog()});
  TextCells& cells = capture.texts();
  if (!follow(cells, place.text, stamp.dot.replica)) reopen(cells, place, stamp.dot.replica);
  const std::int64_t seq = capture.next_seq(capture.catalog()->file());
  // Of a row of this very transaction the whole text is new, as nobody has seen another.
  is_new_ = is_unwritten(text_) || (!is_edited(text_) && text_.id.dot == stamp.dot);
  if (is_new_) {
    text_ = Entry::make(stamp, Value(open_->document.text()));
  } else {
    if (open_->is_checkpoint_due()) write_checkpoint_before(cells, stamp.dot);
    unsaved_ = open_->document.commit(stamp.dot.counter);
    const CellOp op{seq, stamp, open_->document.op(*unsaved_).content};
    open_->check_room(op.content.size());
    write_op(cells, place, op);
    open_->added(op);
  }
  return {place.table->id, seq, stamped_meta(cells, place, stamp, capture.interner()),
          open_->document.text()};
}

void TextEditor::commit(sqlite::Connection& connection, Capture& capture) {
  const std::shared_ptr<const Catalog> catalog = capture.catalog();
  const Table& table = table_named(*catalog, table_);
  bool found = false;
  const Capture::Editing editing(capture, [&] {
    found = true;
    return prepare(connection, capture);
  });
  sqlite::Using update(connection.cached(edit_column(table, sqlite::quoted(column_))));
  bind_key(*update, 1, key_);
  update->run();
  if (!found) throw Error(ErrorCode::not_found, "there is no row " + row_name(table, key_));
  if (is_new_) *open_ = capture.texts().open(text_, open_->document.author());
  unsaved_.reset();
}

}  // namespace rill::storage
