#include <algorithm>
#include <optional>
#include <utility>

#include "extract.hpp"
#include "row_meta.hpp"
#include "row_store.hpp"

namespace rill::storage {
namespace {

/// Rows that are alive.
class TableSource final : public RowSource {
 public:
  TableSource(Reader& reader, const Table& table, std::int64_t after, std::int64_t until)
      : reader_(reader),
        table_(table),
        columns_(delta_columns(table)),
        statement_(reader.connection.raw(), select_since(table)) {
    statement_.bind(1, after).bind(2, until);
    plain_ = std::all_of(table.columns.begin(), table.columns.end(), [&](ColumnId id) {
      const Rule& rule = table.rules.columns[id].rule;
      return rule.has_siblings() || rule.kind() == RuleKind::counter;
    });
  }

  bool next(const std::vector<std::uint64_t>& known) override {
    while (statement_.step()) {
      if (!look_at_meta(known)) continue;
      seq_ = statement_.integer(0);
      return true;
    }
    return false;
  }
  [[nodiscard]] std::int64_t seq() const override { return seq_; }

  Found take() override {
    const int keys = static_cast<int>(table_.key_columns.size());
    const std::vector<Value> key = read_key(table_, statement_, 2);
    const RowMeta meta = decode_meta(statement_.bytes(1), reader_.interner);
    const std::vector<Value> values = read_values(table_, statement_, 2 + keys);
    return {table_.name(), encode_key(key), expand(meta, table_, values, reader_.interner),
            columns_};
  }

  bool hand_on(DeltaWriter& chunk) override {
    if (!plain_ || !inserted_ || inserted_->shape != table_.shape()) return false;
    if (!number_columns(chunk)) return false;
    chunk.begin_inserted(number_, stamp_, numbers_);
    const int keys = static_cast<int>(table_.key_columns.size());
    const std::size_t before = chunk.bytes().size();
    for (int column = 2; column < 2 + keys; ++column) {
      const ValueView value = statement_.view(column);
      if (value.type == Value::Type::null || value.type == Value::Type::real) {
        chunk.cancel_inserted();
        return false;
      }
      chunk.bytes().value_view(value);
    }
    if (chunk.bytes().size() - before > kMaxKeyBytes) {
      chunk.cancel_inserted();
      return false;
    }
    chunk.end_key();
    for (std::size_t index = 0; index < table_.columns.size(); ++index) {
      chunk.bytes().value_view(statement_.view(2 + keys + static_cast<int>(index)));
    }
    chunk.end_inserted();
    return true;
  }

 private:
  /// The table's and its columns' numbers in `chunk`; false if the columns do not ascend there.
  bool number_columns(DeltaWriter& chunk) {
    if (chunk.number() == chunk_number_) return ascending_;
    chunk_number_ = chunk.number();
    number_ = chunk.table(table_.name());
    numbers_.clear();
    for (const ColumnId id : table_.columns) {
      numbers_.push_back(chunk.column(number_, columns_[id]));
    }
    ascending_ = std::is_sorted(numbers_.begin(), numbers_.end());
    return ascending_;
  }

  /// Whether the present row's meta holds news. Rows that one transaction inserted have equal
  /// metas.
  bool look_at_meta(const std::vector<std::uint64_t>& known) {
    const std::string_view meta = statement_.bytes(1);
    if (!meta.empty() && meta == meta_) return news_;
    meta_ = meta;
    news_ = has_news(meta, known);
    inserted_ = decode_inserted(meta);
    if (inserted_) {
      const Event& event = inserted_->event;
      stamp_ = {{reader_.interner.id(event.replica), event.counter}, {event.time}};
    }
    return news_;
  }

  Reader& reader_;
  const Table& table_;
  std::vector<DeltaColumn> columns_;
  sqlite::Statement statement_;
  std::int64_t seq_ = 0;
  /// Whether every captured column is written by one plain entry.
  bool plain_ = false;
  std::string meta_;
  bool news_ = false;
  std::optional<InsertedMeta> inserted_;
  Stamp stamp_;
  std::optional<std::uint32_t> chunk_number_;
  std::uint32_t number_ = 0;
  std::vector<ColumnId> numbers_;
  bool ascending_ = false;
};

/// Rows that are dead, of all tables.
class TombstoneSource final : public RowSource {
 public:
  TombstoneSource(Reader& reader, std::int64_t after, std::int64_t until)
      : reader_(reader),
        statement_(reader.connection.raw(),
                   "SELECT seq, tbl, key, meta, image FROM main.rill_tombstone "
                   "WHERE seq > ? AND seq <= ? ORDER BY seq") {
    statement_.bind(1, after).bind(2, until);
  }

  bool next(const std::vector<std::uint64_t>& known) override {
    while (statement_.step()) {
      if (!has_news(statement_.bytes(3), known)) continue;
      table_ = reader_.catalog->find(statement_.integer(1));
      if (table_ != nullptr && !reborn()) return true;
    }
    return false;
  }
  [[nodiscard]] std::int64_t seq() const override { return statement_.integer(0); }

  Found take() override {
    const RowMeta meta = decode_meta(statement_.bytes(3), reader_.interner);
    const std::vector<Value> values = decode_image(*table_, statement_.bytes(4));
    return {table_->name(), std::string(statement_.bytes(2)),
            expand(meta, *table_, values, reader_.interner), delta_columns(*table_)};
  }

 private:
  /// A tombstone counts only while no row has its key.
  bool reborn() {
    sqlite::Using row(reader_.connection.cached(select_by_key(*table_)));
    int index = 1;
    const std::vector<Value> key = decode_stored_key(*table_, statement_.bytes(2));
    for (const Value& value : key) row->bind(index++, value);
    return row->step();
  }

  Reader& reader_;
  sqlite::Statement statement_;
  const Table* table_ = nullptr;
};

/// Rows of tables that this schema lacks.
class UnknownSource final : public RowSource {
 public:
  UnknownSource(Reader& reader, std::int64_t after, std::int64_t until)
      : statement_(reader.connection.raw(),
                   "SELECT seq, name, key, columns, state FROM main.rill_unknown "
                   "WHERE seq > ? AND seq <= ? ORDER BY seq") {
    statement_.bind(1, after).bind(2, until);
  }

  // Whether there is news is left to the extraction, which sees the full state.
  bool next(const std::vector<std::uint64_t>& /*known*/) override { return statement_.step(); }
  [[nodiscard]] std::int64_t seq() const override { return statement_.integer(0); }

  Found take() override {
    UnknownRow row = read_unknown(statement_, 1);
    return {std::move(row.table), std::move(row.key), std::move(row.state), std::move(row.columns)};
  }

 private:
  sqlite::Statement statement_;
};

}  // namespace

std::vector<std::unique_ptr<RowSource>> row_sources(Reader& reader, std::int64_t after,
                                                    std::int64_t until) {
  std::vector<std::unique_ptr<RowSource>> sources;
  for (const Table& table : reader.catalog->tables()) {
    sources.push_back(std::make_unique<TableSource>(reader, table, after, until));
  }
  sources.push_back(std::make_unique<TombstoneSource>(reader, after, until));
  sources.push_back(std::make_unique<UnknownSource>(reader, after, until));
  return sources;
}

}  // namespace rill::storage
