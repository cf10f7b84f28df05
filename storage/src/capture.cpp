#include "capture.hpp"

#include <algorithm>
#include <cstring>

#include "rill/bytes.hpp"
#include "rill/hybrid_clock.hpp"

namespace rill::storage {
namespace {

/// Whether two values differ in type or bytes: no collation, no affinity.
bool differ(sqlite3_value* left, sqlite3_value* right) {
  const int type = sqlite3_value_type(left);
  if (type != sqlite3_value_type(right)) return true;
  switch (type) {
    case SQLITE_NULL:
      return false;
    case SQLITE_INTEGER:
      return sqlite3_value_int64(left) != sqlite3_value_int64(right);
    case SQLITE_FLOAT:
      return sqlite3_value_double(left) != sqlite3_value_double(right);
    default:
      return sqlite::bytes_of(left) != sqlite::bytes_of(right);
  }
}

std::string key_of(sqlite3_value** values, std::size_t count) {
  std::vector<Value> key;
  key.reserve(count);
  for (std::size_t index = 0; index < count; ++index) {
    key.push_back(sqlite::value_of(values[index]));
  }
  return encode_key(key);
}

/// `normal_form`, with the place in the error.
Value normal(const Table& table, ColumnId column, const Value& written) try {
  return normal_form(table.rules.columns[column].rule, written);
} catch (const Error& error) {
  throw Error(error.code(), column_name(table, column) + ": " + error.what());
}

}  // namespace

Capture::Capture(sqlite::Connection& connection, std::shared_ptr<const Catalog> catalog,
                 std::shared_ptr<WallClock> clock, std::shared_ptr<const Identity> identity,
                 Hooks hooks)
    : connection_(connection),
      catalog_(std::move(catalog)),
      clock_(std::move(clock)),
      hooks_(std::move(hooks)),
      interner_(connection),
      author_(connection, interner_, std::move(identity)),
      cells_(connection, interner_) {
  if (!hooks_.tripwire) return;
  Tripwire::Hooks wired;
  wired.seq_column = [this](const char* name) {
    const Table* table = catalog_->find(std::string_view(name));
    return table != nullptr ? std::optional(table->seq_column) : std::nullopt;
  };
  wired.enlist = [this] {
    try {
      begin(catalog_->file());
    } catch (const Error& error) {
      raised(error);  // the statement may end before a trigger meets the same
      throw;
    }
  };
  tripwire_ = std::make_unique<Tripwire>(connection, std::move(wired));
}

Capture::~Capture() = default;

void Capture::reload_catalog() {
  catalog_ = hooks_.reload(connection_);
  inserted_.clear();  // their shape may be an old one
  stamped_ = {};
  erased_ = {};
}

void Capture::begin_apply() noexcept {
  applying_ = true;
  if (tripwire_) tripwire_->arm(false);
}

void Capture::end_apply() noexcept {
  applying_ = false;
  token_.reset();
  if (tripwire_) tripwire_->arm(!suspended_);
}

void Capture::suspend_tripwire(bool suspended) noexcept {
  suspended_ = suspended;
  if (tripwire_) tripwire_->arm(!suspended_ && !applying_);
}

void Capture::expect_write(std::int64_t table, std::string_view meta) {
  token_.emplace(table, std::string(meta));
}

Capture::Editing::~Editing() {
  capture_.prepare_edit_ = nullptr;
  capture_.edit_.reset();
  capture_.token_.reset();
}

const Capture::RowEdit& Capture::edited() {
  if (!edit_) {
    if (!prepare_edit_) {
      throw Error(ErrorCode::sql, "rill_edited() is for statements of Rill's own only");
    }
    edit_ = prepare_edit_();
    expect_write(edit_->table, edit_->meta);
    stamped_write();
  }
  return *edit_;
}

void Capture::stamped_write() noexcept {
  if (tripwire_) tripwire_->made_meta();
}

bool Capture::consume_token(std::int64_t table, std::string_view meta) {
  if (!token_ || token_->first != table || token_->second != meta) return false;
  token_.reset();
  return true;
}

void Capture::refuse_write(const std::string& table) const {
  throw Error(ErrorCode::sql,
              "a trigger wrote to the replicated table " + table +
                  " while received rows were applied; its effect arrives as data from the device "
                  "that made the change: give the trigger the condition WHEN NOT rill_applying()");
}

const Table& Capture::table_of(std::int64_t id) const {
  const Table* table = catalog_->find(id);
  if (table != nullptr) return *table;
  throw Error(ErrorCode::capture_lost, "a trigger names replicated table number " +
                                           std::to_string(id) + ", which rill_table does not hold");
}

void Capture::begin(std::int64_t file) {
  if (file != catalog_->file()) {
    throw Error(ErrorCode::capture_lost,
                "the table belongs to another Rill database; open that file by itself "
                "(rill::Database) instead of attaching it to write to it");
  }
  if (active_) return;
  if (sqlite3_txn_state(connection_.raw(), "main") != SQLITE_TXN_WRITE) {
    throw Error(ErrorCode::sql, "Rill's functions are for its defaults and triggers only");
  }
  row_ = author_.begin();
  if (row_.generation != catalog_->generation()) reload_catalog();
  if (catalog_->reader() && !suspended_) {
    throw Error(ErrorCode::read_only,
                "this device is a reader of its group: it follows the others, and does not write "
                "replicated tables; an admin of the group may make it a writer");
  }
  enlist();
}

void Capture::enlist() {
  if (tripwire_) tripwire_->reset();
  // A DELETE, since an INSERT would change last_insert_rowid().
  connection_.cached("DELETE FROM rill_txn").run();
  HybridClock clock(row_.time);
  row_.time = clock.next(clock_->now_ms());
  event_ = {row_.replica, row_.counter, row_.time.bits};
  inserted_.clear();
  stamped_.table = nullptr;
  erased_.before.clear();
  drift_ = {};  // a transaction that was rolled back may have had the same seqs
  replaced_.begin(row_.seq, hooks_.observed());
  active_ = true;
}

LocalWrite Capture::local_write() {
  begin(catalog_->file());
  return {{{interner_.id(event_.replica), event_.counter}, {event_.time}},
          author_.fold_after(row_)};
}

std::int64_t Capture::next_seq(std::int64_t file) {
  // While rows are received, the value for _rill_meta is what refuses an INSERT, by its table.
  if (applying_ && !active_) return 0;
  if (!active_ || file != catalog_->file()) begin(file);
  ++row_.seq;
  if (tripwire_) tripwire_->made_seq(row_.seq);
  return row_.seq;
}

std::string_view Capture::inserted_meta(std::int64_t file, std::int64_t table) {
  if (applying_ && !active_) refuse_write(table_of(table).name());
  if (!active_ || file != catalog_->file()) begin(file);
  std::string& meta = inserted_[table];
  if (meta.empty()) meta = encode_inserted(event_, table_of(table).shape());
  if (tripwire_) tripwire_->made_meta();
  return meta;
}

void Capture::compare(ColumnId column, sqlite3_value* old_value, sqlite3_value* new_value) {
  if (!differ(old_value, new_value)) return;
  const Rule& rule = pending_.table->rules.columns[column].rule;
  if (rule.is_register() && !rule.has_normal_form()) {
    pending_.registers.push_back(column);
    return;
  }
  const Value written = sqlite::value_of(new_value);
  Value kept = normal(*pending_.table, column, written);
  Value before = sqlite::value_of(old_value);
  if (rule.kind() == RuleKind::text) {
    pending_.rich.push_back({column, std::move(before), std::move(kept), written.is_null()});
    return;
  }
  if (kept != written) pending_.rewrite = true;
  if (kept == before) return;
  if (rule.is_register()) {
    pending_.registers.push_back(column);
  } else {
    // Before the row is first normalised (by the INSERT trigger) it may hold what the app wrote.
    before = normal(*pending_.table, column, before);
    // 0 and 0.0 are one number to a counter; which of them is stored is the column's affinity.
    const bool same_number = kept.is_number() && rill::compare(kept, before) == 0;
    if (kept != before && !same_number)
      pending_.rich.push_back({column, std::move(before), std::move(kept)});
  }
}

/// Whether there is anything to look at.
bool Capture::begin_update(const ChangedCall& call) {
  pending_.clear();
  pending_.passed = consume_token(call.table, call.new_meta);
  if (applying_) {
    if (!pending_.passed) refuse_write(table_of(call.table).name());
    return false;
  }
  if (!pending_.passed) {
    begin(call.file);
    if (tripwire_) tripwire_->answered();
  }
  pending_.table = &table_of(call.table);
  if (pending_.table->has_texts) pending_.key = key_of(call.keys, call.key_columns);
  return true;
}

void Capture::note_replaced(const ChangedCall& call) {
  if (!replaced_.complete()) return;
  if (call.offset == 0) {
    replaced_.add(call.table, key_of(call.keys, call.key_columns),
                  pending_.table->rules.columns.size());
  }
  for (std::size_t index = 0; index < call.columns; ++index) {
    replaced_.set(pending_.table->columns[call.offset + index],
                  sqlite::value_of(call.pairs[2 * index]));
  }
}

bool Capture::changed(const ChangedCall& call) {
  if (call.offset == 0 && !begin_update(call)) return false;
  if (pending_.table == nullptr) return false;
  const std::vector<ColumnId>& columns = pending_.table->columns;
  if (call.offset + call.columns > columns.size()) {
    throw Error(ErrorCode::capture_lost,
                "the trigger of table " + pending_.table->name() + " does not fit its columns");
  }
  note_replaced(call);
  if (pending_.passed) return false;
  for (std::size_t index = 0; index < call.columns; ++index) {
    compare(columns[call.offset + index], call.pairs[2 * index], call.pairs[2 * index + 1]);
  }
  return pending_.event() || pending_.rewrite;
}

bool Capture::Pending::is_version() const {
  const auto is_text = [&](const Rich& change) { return table->is_text(change.column); };
  return !registers.empty() || !std::ranges::all_of(rich, is_text);
}

std::int64_t Capture::stamped_seq(std::int64_t old_seq) {
  return pending_.event() ? ++row_.seq : old_seq;
}

void Capture::record_text(const RowMeta& meta, Entries& entries, const Pending::Rich& change,
                          const Stamp& stamp) {
  const Table& table = *pending_.table;
  cells_.record({table.id, pending_.key, change.column}, entries, expand_births(meta, interner_),
                change.new_value, stamp, row_.seq);
  if (change.erased) drift_.values.emplace_back(change.column, change.new_value);
}

void Capture::record_rich(RowMeta& meta, const Pending::Rich& change) {
  const Table& table = *pending_.table;
  const Rule& rule = table.rules.columns[change.column].rule;
  const LocalWrite write = local_write();
  Entries entries = expand_column(meta, change.column, table, change.old_value, interner_);
  try {
    if (rule.kind() == RuleKind::text) {
      record_text(meta, entries, change, write.stamp);
    } else {
      record_change(rule, entries, change.old_value, change.new_value, write);
    }
  } catch (const Error& error) {
    throw Error(error.code(), column_name(table, change.column) + ": " + error.what());
  }
  if (rule.kind() == RuleKind::counter) {
    const ColumnRules& column = table.rules.columns[change.column];
    Value sum = show(rule, entries, {table.name(), column.name, {}, column.default_value});
    if (sum != change.new_value) drift_.values.emplace_back(change.column, std::move(sum));
  }
  if (is_whole(rule, entries)) {
    const Entry& entry = entries.front();
    meta.set_whole(change.column,
                   {interner_.number(entry.id.dot.replica), entry.id.dot.counter, entry.time.bits});
  } else {
    RowMeta::Column& column = meta.except(change.column);
    column.whole.reset();
    column.entries = std::move(entries);
  }
}

std::string Capture::overwritten_meta(std::string_view old_meta,
                                      const std::vector<ColumnId>& columns) {
  std::string result = encode_overwritten(old_meta, event_, columns);
  if (!result.empty()) return result;
  RowMeta meta = decode_meta(old_meta, interner_);
  for (const ColumnId column : columns) meta.set_whole(column, event_);
  meta.touch(event_);
  return encode(meta, interner_);
}

std::string_view Capture::stamped_meta(std::string_view old_meta) {
  if (tripwire_) tripwire_->made_meta();
  if (!pending_.event()) return old_meta;
  const Table& table = *pending_.table;
  drift_.table = table.id;
  drift_.seq = row_.seq;
  drift_.values.clear();
  // Under a row rule every write but that of a text is a new version of the whole row.
  std::vector<ColumnId> versioned;
  if (table.rules.row_rule && pending_.is_version()) versioned = table.versioned_columns();
  const auto& written = table.rules.row_rule ? versioned : pending_.registers;
  if (pending_.rich.empty()) {
    if (stamped_.table == &table && stamped_.columns == written && stamped_.before == old_meta) {
      return stamped_.after;
    }
    stamped_.after = overwritten_meta(old_meta, written);
    stamped_.table = &table;
    stamped_.columns = written;
    stamped_.before = old_meta;
    return stamped_.after;
  }
  RowMeta meta = decode_meta(old_meta, interner_);
  for (const ColumnId column : written) meta.set_whole(column, event_);
  for (const Pending::Rich& change : pending_.rich) record_rich(meta, change);
  meta.touch(event_);
  stamped_.table = nullptr;
  return stamped_.after = encode(meta, interner_);
}

bool Capture::differs(std::int64_t table_id, std::int64_t seq, sqlite3_value** values, int count) {
  if (applying_) return false;
  if (drift_.table == table_id && drift_.seq == seq && !drift_.values.empty()) return true;
  const Table& table = table_of(table_id);
  int index = 0;
  for (const ColumnId column : table.columns) {
    if (!table.rules.columns[column].rule.is_normal_when_inserted()) continue;
    if (index == count) break;
    const Value written = sqlite::value_of(values[index++]);
    if (normal(table, column, written) != written) return true;
  }
  return false;
}

Value Capture::normal_value(std::int64_t table, ColumnId column, std::int64_t seq,
                            const Value& written) {
  if (tripwire_) tripwire_->made_meta();  // the write that follows is Rill's, and changes no meta
  if (drift_.table == table && drift_.seq == seq) {
    for (const auto& [drifted, value] : drift_.values) {
      if (drifted == column) return value;
    }
  }
  const Table& found = table_of(table);
  const bool is_normal = !found.rules.columns[column].rule.is_normal_when_inserted();
  return is_normal ? written : normal(found, column, written);
}

bool Capture::erasing(std::int64_t file, std::int64_t table, std::string_view old_meta) {
  if (applying_) {
    if (consume_token(table, old_meta)) return false;
    refuse_write(table_of(table).name());
  }
  begin(file);
  if (tripwire_) tripwire_->answered();
  return true;
}

bool Capture::rekeying(std::int64_t file, std::int64_t table, std::string_view old_meta,
                       bool same_key) {
  if (!same_key) return erasing(file, table, old_meta);
  if (tripwire_) tripwire_->answered();  // a key set to itself: nothing to capture
  return false;
}

std::string_view Capture::erased_meta(std::string_view old_meta) {
  if (erased_.before == old_meta && !old_meta.empty()) return erased_.after;
  RowMeta meta = decode_meta(old_meta, interner_);
  meta.erase(event_);
  erased_.after = encode(meta, interner_);
  erased_.before = old_meta;
  return erased_.after;
}

std::string Capture::resolved_meta(std::int64_t file, ColumnId column, std::string_view old_meta) {
  begin(file);
  if (tripwire_) tripwire_->made_meta();
  RowMeta meta = decode_meta(old_meta, interner_);
  meta.set_whole(column, event_);
  meta.touch(event_);
  return encode(meta, interner_);
}

std::string Capture::image(const ImageCall& call) {
  const Table& table = table_of(call.table);
  const bool replaced = replaced_.complete();
  if (replaced && call.offset == 0) {
    replaced_.add(call.table, key_of(call.keys, call.key_columns), table.rules.columns.size());
  }
  ByteWriter writer;
  if (call.offset == 0) writer.varint(table.shape());
  for (std::size_t index = 0; index < call.columns; ++index) {
    const ValueView value = sqlite::view_of(call.values[index]);
    writer.value_view(value);
    if (replaced) replaced_.set(table.columns.at(call.offset + index), value.copy());
  }
  return writer.take();
}

int Capture::write_clock() {
  if (!active_) return SQLITE_OK;
  if (tripwire_ && !tripwire_->tripped().empty()) {
    raised(Error(ErrorCode::capture_lost,
                 "the transaction wrote to the replicated table " + tripwire_->tripped() +
                     " past Rill's triggers and defaults, so no other device would have seen it; "
                     "it was rolled back. Leave _rill_seq and _rill_meta out of what you write, "
                     "leave triggers enabled, and let no trigger RAISE(IGNORE) or RAISE(FAIL) "
                     "after a row was written"));
    return SQLITE_ABORT;
  }
  try {
    author_.write(row_);
  } catch (const Error& error) {
    raised(error);
    const int code = sqlite3_extended_errcode(connection_.raw());
    return code != SQLITE_OK ? code : SQLITE_ERROR;
  }
  try {
    const LogDoubt& doubt = *hooks_.log_doubt;
    committing_ = hooks_.durable ? mend_log(connection_, doubt) : doubt.mark();
    return SQLITE_OK;
  } catch (const Error& error) {
    raised(error);
    return error.code() == ErrorCode::disk_full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
  }
}

void Capture::committed() {
  if (!active_) return;
  active_ = false;
  if (hooks_.durable && committing_) hooks_.log_doubt->settle(*committing_);
  committing_.reset();
  const bool new_replica = author_.committed(row_);
  replaced_.end(row_.seq);
  hooks_.committed(std::exchange(replaced_, {}));
  if (new_replica) hooks_.replaced();
}

void Capture::rolled_back() noexcept {
  active_ = false;
  if (std::exchange(committing_, std::nullopt)) hooks_.log_doubt->raise();
  replaced_ = {};
  author_.rolled_back();
  interner_.forget();
}

}  // namespace rill::storage
