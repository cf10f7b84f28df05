#include "text/cells.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "damage.hpp"
#include "identity.hpp"
#include "rill/delta.hpp"

namespace rill::storage {
namespace {

/// Marks an entry as edited.
constexpr std::string_view kEdited = "@";
/// Opening a text reads its checkpoint and the operations since: these may take a share of it, or
/// this much. An operation counts its row, too.
constexpr std::size_t kLeastTailBytes = std::size_t{4} << 10U;
constexpr std::size_t kTailShare = 4;
constexpr std::size_t kRowBytes = 12;

/// The text of a value, as one operation of the event that inserted it.
TextDocument typed(const Entry& text) {
  const Value value = normal_form(rill::text(), text.value);
  TextDocument document(text.id.dot.replica);
  document.insert(0, value.text());
  document.commit(text.id.dot.counter);
  return document;
}

bool is_editable(const Entry& text) {
  if (is_edited(text)) return true;
  try {
    normal_form(rill::text(), text.value);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// What stands in a cell was well-formed when it came.
template <typename Read>
decltype(auto) read_cell(std::int64_t cell, Read read) {
  try {
    return read();
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    if (code != ErrorCode::malformed && code != ErrorCode::limit_exceeded &&
        code != ErrorCode::causality_gap) {
      throw;
    }
    throw damaged("text " + std::to_string(cell) + " of rill_text is damaged: " + error.what());
  }
}

}  // namespace

bool is_edited(const Entry& text) noexcept { return text.sub_key == kEdited; }

Entry edited(const Entry& text, std::int64_t cell) {
  Entry entry = text;
  entry.sub_key = kEdited;
  entry.value = cell == 0 ? Value() : Value(cell);
  return entry;
}

std::int64_t cell_of(const Entry& text) {
  if (text.value.type() == Value::Type::integer) return text.value.integer();
  throw damaged("an edited text has no cell");
}

std::vector<std::int64_t> cells_of(const Entries& texts) {
  std::vector<std::int64_t> cells;
  for (const Entry& text : texts) {
    if (is_edited(text) && !text.value.is_null()) cells.push_back(cell_of(text));
  }
  return cells;
}

std::size_t CellOp::fingerprint() const noexcept {
  return std::hash<std::string>()(content) ^ (stamp.dot.counter << 1U | 1U);
}

void OpenText::added(const CellOp& op) {
  seq = op.seq;
  tail_bytes += op.content.size() + kRowBytes;
  version.raise(op.stamp.dot);
  last_op = op.fingerprint();
}

bool OpenText::is_checkpoint_due() const noexcept {
  return tail_bytes > std::max(kLeastTailBytes, checkpoint_bytes / kTailShare);
}

void OpenText::check_room(std::size_t more) const {
  if (checkpoint_bytes + tail_bytes + more <= kMaxValueBytes) return;
  throw Error(ErrorCode::too_large, "the text, with what was erased of it, takes more than " +
                                        std::to_string(kMaxValueBytes) +
                                        " bytes: insert it anew, under another key");
}

CellOp TextCells::read_op(const sqlite::Statement& row, int first) {
  const Dot dot{interner_.id(static_cast<std::uint32_t>(row.integer(first + 1))),
                row.unsigned_integer(first + 2)};
  return {row.integer(first),
          {dot, {row.unsigned_integer(first + 3)}},
          std::string(row.bytes(first + 4))};
}

std::vector<CellOp> TextCells::ops_after(std::int64_t cell, std::int64_t seq) {
  std::vector<CellOp> ops;
  sqlite::Using rows(connection_.cached(
      "SELECT seq, replica, counter, time, op FROM main.rill_text_op WHERE cell = ? AND seq > ? "
      "ORDER BY seq"));
  rows->bind(1, cell).bind(2, seq);
  while (rows->step()) ops.push_back(read_op(*rows, 0));
  return ops;
}

std::optional<CellOp> TextCells::op_at(std::int64_t cell, std::int64_t seq) {
  sqlite::Using row(connection_.cached(
      "SELECT seq, replica, counter, time, op FROM main.rill_text_op WHERE cell = ? AND seq = ?"));
  row->bind(1, cell).bind(2, seq);
  if (!row->step()) return std::nullopt;
  return read_op(*row, 0);
}

TextCells::Checkpoint TextCells::checkpoint(std::int64_t cell) {
  sqlite::Using row(
      connection_.cached("SELECT seq, begun, vector FROM main.rill_text WHERE cell = ?"));
  row->bind(1, cell);
  if (!row->step()) throw damaged("rill_text lacks text " + std::to_string(cell));
  return read_cell(cell, [&] {
    return Checkpoint{row->integer(0), decode_version_vector(row->bytes(1)),
                      decode_version_vector(row->bytes(2))};
  });
}

std::string TextCells::checkpoint_bytes(std::int64_t cell) {
  sqlite::Using row(connection_.cached("SELECT checkpoint FROM main.rill_text WHERE cell = ?"));
  row->bind(1, cell);
  if (!row->step()) throw damaged("rill_text lacks text " + std::to_string(cell));
  return std::string(row->bytes(0));
}

OpenText TextCells::open(const Entry& text, const ReplicaId& author,
                         const std::optional<Dot>& without) {
  if (!is_edited(text)) {
    const std::string bytes = typed(text).save();
    OpenText open{TextDocument(author, bytes)};
    open.checkpoint_bytes = bytes.size();
    open.version.raise(text.id.dot);
    return open;
  }
  const std::int64_t cell = cell_of(text);
  sqlite::Using row(
      connection_.cached("SELECT seq, vector, checkpoint FROM main.rill_text WHERE cell = ?"));
  row->bind(1, cell);
  if (!row->step()) throw damaged("rill_text lacks text " + std::to_string(cell));
  return read_cell(cell, [&] {
    OpenText open{TextDocument(author, row->bytes(2)), cell, row->integer(0), row->bytes(2).size()};
    open.version = decode_version_vector(row->bytes(1));
    for (const CellOp& op : ops_after(cell, open.seq)) {
      if (without == op.stamp.dot) continue;
      if (!op.content.empty()) open.document.apply(op.stamp.dot, op.content);
      open.added(op);
    }
    return open;
  });
}

Value TextCells::shown(const Entry& text) {
  if (!is_edited(text)) return text.value;
  return open(text, text.id.dot.replica).document.text();
}

RowState TextCells::readable(const Table& table, const RowState& state,
                             const std::map<std::int64_t, std::string>& known) {
  RowState result = state;
  if (!table.has_texts) return result;
  for (RowState::Column& column : result.columns) {
    if (table.rules.columns.at(column.id).rule.kind() != RuleKind::text) continue;
    for (Entry& text : column.entries) {
      if (!is_edited(text)) continue;
      const auto found = known.find(cell_of(text));
      text.value = found != known.end() ? Value(found->second) : shown(text);
      text.sub_key.clear();
    }
  }
  return result;
}

void TextCells::note_epochs(TextDocument& text) {
  Epochs epochs;
  for (const Epoch& epoch :
       read_epochs(connection_, interner_, text.history_begin(), text.version())) {
    epochs.add(epoch);
  }
  text.note_epochs(epochs);
}

// --- Writing.

std::string TextCells::save(TextDocument& text) {
  note_epochs(text);
  return text.save();
}

Entry TextCells::create(const TextPlace& place, const Entry& text,
                        const std::vector<std::int64_t>& live) {
  VersionVector vector;
  vector.raise(text.id.dot);
  TextDocument document = typed(text);
  return insert(place, text, vector, save(document), live);
}

Entry TextCells::create(const TextPlace& place, const Entry& text, OpenText& open,
                        const std::vector<std::int64_t>& live) {
  VersionVector vector = open.version;
  vector.merge(open.document.version());
  vector.raise(text.id.dot);
  return insert(place, text, vector, save(open.document), live);
}

Entry TextCells::insert(const TextPlace& place, const Entry& text, const VersionVector& vector,
                        const std::string& checkpoint, const std::vector<std::int64_t>& live) {
  if (place.table != 0) remove_others(place, live);
  // The app may be about to ask for the id of a row of its own.
  const sqlite3_int64 last_id = sqlite3_last_insert_rowid(connection_.raw());
  const std::string bytes = encode(vector);
  connection_
      .cached(
          "INSERT INTO main.rill_text(tbl, key, col, seq, begun, vector, checkpoint) "
          "VALUES(?, ?, ?, 0, ?, ?4, ?)")
      .bind(1, place.table)
      .bind_blob(2, place.key)
      .bind(3, place.column)
      .bind_blob(4, bytes)
      .bind_blob(5, checkpoint)
      .run();
  const std::int64_t cell = sqlite3_last_insert_rowid(connection_.raw());
  sqlite3_set_last_insert_rowid(connection_.raw(), last_id);
  return edited(text, cell);
}

void TextCells::remove_others(const TextPlace& place, const std::vector<std::int64_t>& live) {
  std::vector<std::int64_t> left;
  {
    sqlite::Using rows(connection_.cached(
        "SELECT cell FROM main.rill_text WHERE tbl = ? AND key = ? AND col = ?"));
    rows->bind(1, place.table).bind_blob(2, place.key).bind(3, place.column);
    while (rows->step()) {
      const std::int64_t cell = rows->integer(0);
      if (std::find(live.begin(), live.end(), cell) == live.end()) left.push_back(cell);
    }
  }
  for (const std::int64_t cell : left) remove(cell);
}

void TextCells::add(std::int64_t cell, const CellOp& op) {
  connection_
      .cached(
          "INSERT INTO main.rill_text_op(cell, seq, replica, counter, time, op) "
          "VALUES(?, ?, ?, ?, ?, ?)")
      .bind(1, cell)
      .bind(2, op.seq)
      .bind(3, interner_.number(op.stamp.dot.replica))
      .bind(4, op.stamp.dot.counter)
      .bind(5, op.stamp.time.bits)
      .bind_blob(6, op.content)
      .run();
}

void TextCells::take_back(std::int64_t cell, const Dot& dot) {
  connection_
      .cached(
          "DELETE FROM main.rill_text_op WHERE cell = ?1 AND replica = ? AND counter = ? AND "
          "seq = (SELECT max(seq) FROM main.rill_text_op WHERE cell = ?1)")
      .bind(1, cell)
      .bind(2, interner_.number(dot.replica))
      .bind(3, dot.counter)
      .run();
}

void TextCells::write_checkpoint(OpenText& text) {
  const Checkpoint before = checkpoint(text.cell);
  const std::string bytes = save(text.document);
  text.version.merge(before.vector);
  const std::string begun = encode(before.vector);
  const std::string reached = encode(text.version);
  connection_
      .cached(
          "UPDATE main.rill_text SET seq = ?, begun = ?, vector = ?, checkpoint = ? WHERE cell = ?")
      .bind(1, text.seq)
      .bind_blob(2, begun)
      .bind_blob(3, reached)
      .bind_blob(4, bytes)
      .bind(5, text.cell)
      .run();
  connection_.cached("DELETE FROM main.rill_text_op WHERE cell = ? AND seq <= ?")
      .bind(1, text.cell)
      .bind(2, before.seq)
      .run();
  text.checkpoint_bytes = bytes.size();
  text.tail_bytes = 0;
}

void TextCells::replace_checkpoint(OpenText& text) {
  text.version.merge(text.document.version());
  write_checkpoint(text);
  connection_.cached("UPDATE main.rill_text SET begun = vector WHERE cell = ?")
      .bind(1, text.cell)
      .run();
  connection_.cached("DELETE FROM main.rill_text_op WHERE cell = ?").bind(1, text.cell).run();
}

void TextCells::rename(const Renaming& renaming) {
  std::vector<std::int64_t> cells;
  {
    sqlite::Using rows(connection_.cached("SELECT cell FROM main.rill_text"));
    while (rows->step()) cells.push_back(rows->integer(0));
  }
  for (const std::int64_t cell : cells) rename(cell, renaming);
}

void TextCells::rename(std::int64_t cell, const Renaming& renaming) {
  // Whoever is among its authors: nothing is going to be edited.
  const VersionVector authors = checkpoint(cell).vector;
  if (authors.empty()) throw damaged("text " + std::to_string(cell) + " has no author");
  OpenText text = open(edited({}, cell), authors.begin()->first);
  const VersionVector version = renaming.apply(text.version);
  if (version == text.version) return;
  note_epochs(text.document);
  text.document.rename(renaming);
  const std::string bytes = encode(version);
  connection_
      .cached(
          "UPDATE main.rill_text SET seq = ?, begun = ?, vector = ?2, checkpoint = ? WHERE cell = "
          "?")
      .bind(1, text.seq)
      .bind_blob(2, bytes)
      .bind_blob(3, text.document.save())
      .bind(4, cell)
      .run();
  connection_.cached("DELETE FROM main.rill_text_op WHERE cell = ?").bind(1, cell).run();
}

void TextCells::remove(std::int64_t cell) {
  connection_.cached("DELETE FROM main.rill_text_op WHERE cell = ?").bind(1, cell).run();
  connection_.cached("DELETE FROM main.rill_text WHERE cell = ?").bind(1, cell).run();
}

void TextCells::keep_only(Entries& texts, Entry text) {
  for (const std::int64_t cell : cells_of(texts)) {
    if (!is_edited(text) || cell != cell_of(text)) remove(cell);
  }
  texts.clear();
  texts.push_back(std::move(text));
}

void TextCells::leave_table(std::int64_t table) {
  connection_.cached("UPDATE main.rill_text SET tbl = 0 WHERE tbl = ?").bind(1, table).run();
}

void TextCells::move(std::int64_t cell, const TextPlace& place) {
  connection_.cached("UPDATE main.rill_text SET tbl = ?, key = ?, col = ? WHERE cell = ?")
      .bind(1, place.table)
      .bind_blob(2, place.key)
      .bind(3, place.column)
      .bind(4, cell)
      .run();
}

// --- Local changes.

void TextCells::record(const TextPlace& place, Entries& texts, const Entries& births,
                       const Value& value, const Stamp& stamp, std::int64_t seq) {
  const Entry* shown = latest_sibling(texts, births);
  // Nobody has seen what this transaction inserted; and what is no text cannot be edited.
  if (shown == nullptr || shown->id.dot == stamp.dot || !is_editable(*shown)) {
    return keep_only(texts, Entry::make(stamp, value));
  }
  Entry text = *shown;
  OpenText open = this->open(text, stamp.dot.replica, stamp.dot);
  if (!is_edited(text)) {
    text = create(place, text);
  } else {
    take_back(open.cell, stamp.dot);
    if (open.is_checkpoint_due()) write_checkpoint(open);
  }
  open.document.assign(value.text());
  CellOp op{seq, stamp, {}};
  if (open.document.has_edits()) {
    open.document.commit(stamp.dot.counter);
    op.content = open.document.op(stamp.dot).content;
    open.check_room(op.content.size());
  }
  add(cell_of(text), op);
  keep_only(texts, std::move(text));
}

void TextCells::settle(const TextPlace& place, Entries& texts, const Entries& births,
                       const Value& value, const Stamp& stamp, std::int64_t seq) {
  const Entry* shown = latest_sibling(texts, births);
  if (shown == nullptr || !is_editable(*shown)) {
    return keep_only(texts, Entry::make(stamp, value));
  }
  Entry text = is_edited(*shown) ? *shown : create(place, *shown);
  take_back(cell_of(text), stamp.dot);
  add(cell_of(text), {seq, stamp, {}});
  keep_only(texts, std::move(text));
}

}  // namespace rill::storage
